"""A line of JSON per question to IAM: who may do what with what, and the answer.

keys: what conditions may ask about, beside what every request has; tags are no secrets.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any


def adjust(evaluator: Any, log: Path) -> None:
    """Note each decision. evaluator: ministack's module; log: the file to append to."""
    stream = log.open("a", buffering=1, encoding="utf-8")

    def note(line: dict[str, Any]) -> None:
        stream.write(json.dumps(line) + "\n")

    evaluator.enforce = functools.partial(enforce, evaluator.enforce, note)


def enforce(
    decide: Callable[..., Any],
    note: Callable[[dict[str, Any]], None],
    access_key_id: str,
    iam_action: str,
    *arguments: Any,
    **options: Any,
) -> Any:
    """Let ministack decide (None: allowed), and note what was asked."""
    denied = decide(access_key_id, iam_action, *arguments, **options)
    resource = arguments[2] if len(arguments) > 2 else options.get("resource_arn", "*")
    context = options.get("service_context") or {}
    note(
        {
            "key": access_key_id,
            "action": iam_action,
            "resource": resource,
            "keys": dict(context),
            "allowed": denied is None,
        }
    )
    return denied
