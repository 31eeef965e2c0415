"""What IAM refuses of tags, and ministack takes: it is the strictest of the services."""

from __future__ import annotations

import functools
import re
from typing import Any

from rehearsal.aws.wire.query import Action, Parameters, Response, one

_KEY = re.compile(r"Tags\.member\.(\d+)\.Key")
_TAKEN = re.compile(r"[\w .:/=+@-]*")


def adjust(iam: Any) -> None:
    """Let every call that takes tags refuse what IAM refuses. iam: ministack's module."""
    handlers: dict[str, Action] = iam._IAM_HANDLERS
    for name, handler in handlers.items():
        handlers[name] = functools.partial(with_good_tags, iam, handler)


def with_good_tags(iam: Any, action: Action, parameters: Parameters) -> Response:
    """AWS: letters, digits, blanks and a few signs; Project and project are one key."""
    keys = []
    for name in parameters:
        if match := _KEY.fullmatch(name):
            key = one(parameters, name)
            value = one(parameters, f"Tags.member.{match[1]}.Value")
            keys.append(key.lower())
            if _TAKEN.fullmatch(key + value) is None or not 1 <= len(key) <= 128:
                place = f"tags.{match[1]}.member"
                text = (
                    f"1 validation error detected: Value at '{place}' failed to satisfy constraint"
                )
                return _refused(iam, "ValidationError", text)
    if len(set(keys)) < len(keys):
        text = "Duplicate tag keys found. Please note that Tag keys are case insensitive."
        return _refused(iam, "InvalidInput", text)
    return action(parameters)


def _refused(iam: Any, code: str, text: str) -> Response:
    response: Response = iam._error(400, code, text, ns="iam")
    return response
