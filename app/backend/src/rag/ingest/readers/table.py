"""CSV and TSV: its rows as sentences with the heads of their columns."""

import csv
from collections.abc import Iterator
from io import StringIO

from rag.errors import UnreadableError
from rag.ingest.encoding import decoded
from rag.ingest.pages import Page, Pages
from rag.ingest.rows import may_be_heads, told

_SEPARATORS = "\t;,|"
_LOOKED_AT = 20
_LONGEST_LINE = 4096


def pages(body: bytes, characters: int) -> list[Page]:
    """The rows of a table, as one page."""
    text = decoded(body)
    csv.field_size_limit(characters)
    lines = text.split("\n", _LOOKED_AT)[:_LOOKED_AT]
    separator, rest = _separator([each[:_LONGEST_LINE] for each in lines], text)
    out = Pages(characters)
    try:
        for sentence in told(_rows(rest, separator), heads=_heads(_rows(rest, separator))):
            out.block(sentence)
    except csv.Error as error:
        # A quotation mark that is never closed makes one value of all that follows.
        raise UnreadableError(f"the table cannot be read: {error}") from None
    return out.done()


def _rows(text: str, separator: str) -> Iterator[list[str]]:
    return csv.reader(StringIO(text, newline=""), delimiter=separator)


def _separator(lines: list[str], text: str) -> tuple[str, str]:
    """What stands between values, and the text without a line that says it (Excel's "sep=;")."""
    said = lines[0].strip().removeprefix("\ufeff")
    if said[:4].lower() == "sep=" and len(said) == len("sep=;"):
        return said[4], text.partition("\n")[2]
    # The one that most lines have as often as the first.
    counts = {each: [row.count(each) for row in lines if row.strip()] for each in _SEPARATORS}
    rated = {
        each: sum(1 for count in found if count and count == found[0])
        for each, found in counts.items()
    }
    return max(_SEPARATORS, key=lambda each: (rated[each], sum(counts[each]))), text


def _heads(rows: Iterator[list[str]]) -> bool | None:
    """The first row has the heads, unless there is a number in it or nothing but a title."""
    filled = next(([cell for cell in row if cell.strip()] for row in rows if any(row)), [])
    return may_be_heads(filled) if len(filled) > 1 else None
