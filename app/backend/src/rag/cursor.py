"""Cursors of lists: where the next page begins, as a text that clients only pass on."""

import base64
import json
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, literal, tuple_

from rag.errors import InvalidRequestError

_MOST = 2**31 - 1


def encode(sort: str, value: object, identity: str) -> str:
    """The cursor after the row with this value and id, in a list that is sorted so."""
    shown = value.isoformat() if isinstance(value, datetime) else value
    return base64.urlsafe_b64encode(json.dumps([sort, shown, identity]).encode()).decode()


def beyond(
    sort: str, cursor: str, column: ColumnElement[Any], identity: ColumnElement[str]
) -> ColumnElement[bool]:
    """The condition for rows after a cursor; a sort that begins with "-" falls.

    Raises InvalidRequestError for a cursor of another list, or of none.
    """
    try:
        given, value, last = json.loads(base64.urlsafe_b64decode(cursor.encode()))
        value = _value(column.type.python_type, value)
        right = given == sort and isinstance(last, str) and "\0" not in last and last.encode()
    except (ValueError, TypeError, RecursionError):
        right = False
    if right is False:
        raise InvalidRequestError("cursor: it is none of this list")
    place = tuple_(column, identity)
    mark = tuple_(literal(value, column.type), literal(last, identity.type))
    return place < mark if sort.startswith("-") else place > mark


def _value(kind: type, given: object) -> object:
    """The value as the database takes it; it stands in a client's text. Raises ValueError."""
    if kind is datetime and isinstance(given, str):
        moment = datetime.fromisoformat(given)
        if moment.tzinfo:
            return moment
    if kind is int and type(given) is int and 0 <= given <= _MOST:
        return given
    if kind is str and isinstance(given, str) and "\0" not in given:
        given.encode()  # half a character is none
        return given
    raise ValueError
