"""Tables as sentences: each value of a row stands with the head of its column."""

from collections.abc import Iterable, Iterator, Sequence

from rag.errors import UnreadableError
from rag.ingest.pages import line

_AHEAD = 20
"""Rows that are looked at to tell whether the first one has the heads."""
_LONGEST = 600
"""Characters of a sentence; a longer row is told in several, each with the row's first value."""
_LONGEST_KEY = 120
_LONGEST_HEAD = 200
_MAX_COLUMNS = 1 << 14
"""Of a sheet, in Excel."""
_YEARS = range(1900, 2101)

Row = Sequence[str]


def told(rows: Iterable[Row], *, heads: bool | None = None) -> Iterator[str]:
    """Sentences, one or several for each row.

    heads: whether the first row has the heads; None where that must be told by the rows.
    """
    table = _Table(heads)
    waiting: list[list[str]] = []
    for row in rows:
        if len(row) > _MAX_COLUMNS:
            raise UnreadableError(f"a table has more than {_MAX_COLUMNS:,} columns")
        waiting.append([line(cell) for cell in row])
        if len(waiting) > _AHEAD:
            yield from table.tell(waiting.pop(0), waiting)
    while waiting:
        yield from table.tell(waiting.pop(0), waiting)


def may_be_heads(row: Row) -> bool:
    """Whether no cell of a row is a value: numbers are, other than years."""
    return not any(_is_number(cell) and not _is_year(cell) for cell in row)


class _Table:
    """What is known of a table while its rows come by."""

    def __init__(self, sure: bool | None) -> None:
        self._sure = sure
        self._heads: list[str] = []
        self._fresh = True
        """Whether a table may begin here: at the start, and after an empty row."""

    def tell(self, row: list[str], following: list[list[str]]) -> Iterator[str]:
        """The sentences of a row, given those after it."""
        filled = [cell for cell in row if cell]
        if not filled:
            self._fresh = True
        elif len(filled) == 1 and self._fresh:
            # A title above the table, or a remark below it.
            yield filled[0]
        elif self._fresh and self._begins(row, following):
            self._heads, self._fresh, self._sure = row, False, None
        else:
            if self._fresh and len(filled) != len(list(filter(None, self._heads))):
                # Below an empty row stands another table, of other columns.
                self._heads = []
            self._fresh = False
            yield from _sentences(self._heads, row)

    def _begins(self, row: list[str], following: list[list[str]]) -> bool:
        """Whether a row has the heads of those that follow it."""
        rows = _until_empty(following)
        if not rows or self._sure is not None:
            return bool(rows and self._sure)
        if not may_be_heads(row):
            return False
        if max(map(len, [row, *rows])) == 2:
            return _is_list_of_amounts(row, rows)
        return not self._heads or any(
            _has_digit(each[n : n + 1]) for each in rows for n in _wordy(row)
        )


def _is_list_of_amounts(row: list[str], rows: list[list[str]]) -> bool:
    """Whether two columns, that may be names and values of one thing, list the same of many."""
    letters = {"".join(filter(str.isalpha, "".join(each[1:2]))) for each in rows}
    alike = len(rows) > 1 and len(letters) == 1
    return alike and all(_has_digit(each[1:2]) for each in rows) and not _has_digit(row[1:2])


def _until_empty(rows: list[list[str]]) -> list[list[str]]:
    """The rows before the first empty one."""
    return rows[: next((n for n, row in enumerate(rows) if not any(row)), len(rows))]


def _wordy(row: list[str]) -> list[int]:
    """Columns in which a row has no digit."""
    return [n for n, cell in enumerate(row) if not _has_digit([cell])]


def _has_digit(cells: Sequence[str]) -> bool:
    return any(character.isdigit() for cell in cells for character in cell)


def _is_number(cell: str) -> bool:
    """Whether a cell is a number, an amount or a date: digits, and no letter."""
    return _has_digit([cell]) and not any(character.isalpha() for character in cell)


def _is_year(cell: str) -> bool:
    return len(cell) == 4 and cell.isascii() and cell.isdigit() and int(cell) in _YEARS


def _sentences(heads: list[str], row: list[str]) -> Iterator[str]:
    parts = [_part(heads, n, cell) for n, cell in enumerate(row) if cell]
    key = parts[0] if len(parts[0]) <= _LONGEST_KEY else ""
    held, size = parts[:1], len(parts[0])
    for part in parts[1:]:
        if size + len(part) > _LONGEST and len(held) > 1:
            yield "; ".join(held)
            held = [key] if key else []
            size = len(key)
        held.append(part)
        size += len(part)
    yield "; ".join(held)


def _part(heads: list[str], column: int, cell: str) -> str:
    head = heads[column][:_LONGEST_HEAD].rstrip(" :") if column < len(heads) else ""
    return f"{head}: {cell}" if head else cell
