"""Metadata of documents: names and plain values that clients give, and lists filter by."""

import json
import re
from typing import Annotated, Any

from pydantic import AfterValidator, StrictBool, StrictFloat, StrictInt, StrictStr

from rag.errors import InvalidRequestError

MOST_NAMES = 32
LONGEST_TEXT = 512
_NAME = re.compile(r"[A-Za-z0-9_.-]{1,64}")
_MOST = 2**53
"""Whole numbers up to here are the same in every client."""
_RULE = (
    f"must be an object of at most {MOST_NAMES} names (letters, digits, _ . -, at most 64) whose "
    f"values are texts of at most {LONGEST_TEXT} characters, numbers or true and false"
)

Value = StrictBool | StrictInt | StrictFloat | StrictStr


def _checked(given: dict[str, Value]) -> dict[str, Value]:
    right = len(given) <= MOST_NAMES and all(
        _NAME.fullmatch(name) and _is_plain(value) for name, value in given.items()
    )
    if not right:
        raise ValueError(_RULE)
    return given


Metadata = Annotated[dict[str, Value], AfterValidator(_checked)]


def _is_plain(value: object) -> bool:
    if isinstance(value, str):
        return len(value) <= LONGEST_TEXT and "\0" not in value and _is_text(value)
    if isinstance(value, int | float):
        # Neither what is no number nor what is endless is less.
        return abs(value) <= _MOST
    return False


def _is_text(value: str) -> bool:
    """Whether it has no half characters, which the database does not take."""
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def parsed(text: str) -> dict[str, Value]:
    """The metadata of a form's field. Raises InvalidRequestError."""
    try:
        given: Any = json.loads(text)
        if not isinstance(given, dict):
            raise ValueError(_RULE)
        return _checked(given)
    except (ValueError, RecursionError):
        raise InvalidRequestError(f"metadata: {_RULE}") from None


def meant(condition: str) -> list[dict[str, Value]]:
    """What `name:value` may mean: the value as a text, or as the number or truth that it writes.

    Raises InvalidRequestError.
    """
    name, colon, text = condition.partition(":")
    try:
        if not colon:
            raise ValueError
        found = [_checked({name: text})]
    except ValueError:
        raise InvalidRequestError("metadata: must be name:value") from None
    try:
        value = json.loads(text)
        if not isinstance(value, str):
            found.append(_checked({name: value}))
    except (ValueError, RecursionError):
        return found
    return found
