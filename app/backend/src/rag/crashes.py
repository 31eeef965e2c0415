"""What may be told of an unexpected error.

Its message may quote what the error is about: a document, a question, a row. So whoever reads of it
gets where it happened and its kind. The message is shown only of kinds whose messages are about the
program.
"""

import traceback
from collections.abc import Iterator

from rag.errors import RagError

_SPEAKING = (
    *(AttributeError, NameError, UnboundLocalError, ImportError, ModuleNotFoundError, TypeError),
    *(RecursionError, NotImplementedError, RuntimeError, MemoryError, UnicodeDecodeError),
)
"""Kinds whose messages name parts of the program; kinds derived from them are not meant."""
STRUCK = "(the message is not shown: it may quote a text)"
_MOST = 50
_DEEPEST = 8
"""Errors behind an error that are told."""


def message_of(error: BaseException) -> str:
    """What an error says, where that can be no text of a document or a question."""
    if isinstance(error, RagError):
        return error.detail
    if isinstance(error, OSError):
        return error.strerror or ""
    if type(error) in _SPEAKING or not str(error):
        return str(error)
    return STRUCK


def told(error: BaseException) -> str:
    """An error with where it happened and what led to it, as a traceback has it."""
    return "".join(_lines(error, 0))


def _lines(error: BaseException, depth: int) -> Iterator[str]:
    earlier = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if earlier and depth < _DEEPEST:
        yield from _lines(earlier, depth + 1)
        yield "\n\nwhich led to\n\n"
    yield from traceback.format_tb(error.__traceback__)
    message = message_of(error)
    yield type(error).__qualname__ + (f": {message}" if message else "")
    if isinstance(error, BaseExceptionGroup) and depth < _DEEPEST:
        for member in error.exceptions:
            yield "\n\nwith\n\n"
            yield from _lines(member, depth + 1)


def chain(error: BaseException | None) -> list[BaseException]:
    """An error, and those that led to it."""
    found: list[BaseException] = []
    left = [error]
    while left and len(found) < _MOST:
        each = left.pop()
        if each is None or each in found:
            continue
        found.append(each)
        left += [each.__cause__, each.__context__]
        left += each.exceptions if isinstance(each, BaseExceptionGroup) else ()
    return found
