"""JSON and JSON Lines: each object as a sentence of its names and values."""

import json
from collections.abc import Iterator
from typing import Any

from rag.errors import UnreadableError
from rag.ingest.encoding import decoded
from rag.ingest.pages import Page, Pages, line

_MAX_DEPTH = 60
_LONGEST = 600
_LONGEST_KEY = 120
_LONGEST_NAME = 200


def pages(body: bytes, characters: int) -> list[Page]:
    """The objects of a file, as one page."""
    text = decoded(body)
    out = Pages(characters)
    for value in _values(text):
        for sentence in _told(value, "", 0):
            out.block(sentence)
    return out.done()


def _values(text: str) -> Iterator[Any]:
    """The one value of a JSON file, or those of the lines of JSON Lines."""
    try:
        yield _loaded(text)
        return
    except json.JSONDecodeError as error:
        # More after the first value: they are lines then, or it is neither.
        if "Extra data" not in error.msg:
            raise UnreadableError(f"the file is not JSON: {_place(error)}") from None
    for number, row in enumerate(text.split("\n"), 1):
        try:
            if row.strip():
                yield _loaded(row)
        except json.JSONDecodeError as error:
            raise UnreadableError(f"line {number} is not JSON: {error.msg}") from None


def _loaded(text: str) -> Any:
    """A value; its numbers stay as they are written."""
    try:
        return json.loads(text, parse_int=str, parse_float=str, parse_constant=str)
    except RecursionError:
        raise _too_deep() from None


def _place(error: json.JSONDecodeError) -> str:
    return f"{error.msg} in line {error.lineno}, column {error.colno}"


def _too_deep() -> UnreadableError:
    return UnreadableError(f"the JSON has values within values, more than {_MAX_DEPTH} deep")


def _told(value: Any, path: str, depth: int) -> Iterator[str]:
    """A value as sentences: what belongs to one object stands together."""
    if depth > _MAX_DEPTH:
        raise _too_deep()
    if isinstance(value, dict):
        near, far = _split(value, "", depth)
        yield from _sentences(near, path)
        for name, inner in far:
            yield from _told(inner, f"{path}.{name}" if path else name, depth + 1)
    elif isinstance(value, list):
        for inner in [_joined(value)] if _is_flat(value) else value:
            yield from _told(inner, path, depth + 1)
    elif (said := _said(value)) != "":
        yield f"{path}: {said}" if path else said


def _split(value: dict[str, Any], path: str, depth: int) -> tuple[list[str], list[tuple[str, Any]]]:
    """What an object says itself, also by objects in it, and its lists of objects."""
    if depth > _MAX_DEPTH:
        raise _too_deep()
    near: list[str] = []
    far: list[tuple[str, Any]] = []
    for key, inner in value.items():
        own = line(key)[:_LONGEST_NAME]
        name = f"{path}.{own}" if path else own
        if isinstance(inner, dict):
            more, further = _split(inner, name, depth + 1)
            near += more
            far += further
        elif isinstance(inner, list) and not _is_flat(inner):
            far.append((name, inner))
        elif said := _joined(inner) if isinstance(inner, list) else _said(inner):
            near.append(f"{name}: {said}")
    return near, far


def _is_flat(values: list[Any]) -> bool:
    return not any(isinstance(each, dict | list) for each in values)


def _joined(values: list[Any]) -> str:
    return ", ".join(said for each in values if (said := _said(each)))


def _said(value: Any) -> str:
    """A value that holds no others; nothing for none."""
    if value is None:
        return ""
    return ("yes" if value else "no") if isinstance(value, bool) else line(str(value))


def _sentences(parts: list[str], path: str) -> Iterator[str]:
    """The parts in sentences of a good length, each with the first part."""
    held: list[str] = []
    for part in parts:
        if len(held) > 1 and sum(map(len, held)) + len(part) > _LONGEST:
            yield _sentence(held, path)
            held = [parts[0]] if len(parts[0]) <= _LONGEST_KEY else []
        held.append(part)
    if held:
        yield _sentence(held, path)


def _sentence(held: list[str], path: str) -> str:
    said = "; ".join(held)
    return f"{path}: {said}" if path else said
