"""Excel: a page for each sheet, its rows as sentences with the heads of their columns.

Formulas are what Excel last showed for them. Hidden sheets are pages without text: who made the
file does not show them. Hidden rows and columns of a sheet are read, and so are no macros.
"""

import re
import warnings
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from io import BytesIO
from typing import Any

import openpyxl

from rag.errors import UnreadableError
from rag.ingest.archive import Archive
from rag.ingest.markup import DECLARES, main_part
from rag.ingest.pages import Page, Pages
from rag.ingest.rows import told

_MAX_ROWS = 1 << 20
"""Of a sheet, in Excel."""
# In a format of numbers: "[$EUR-407]" is a currency and a place, "[$-407]" a place alone.
_PLACE = re.compile(r"\[\$([^\]\-]{0,5})[^\]]{0,20}\]")
_CURRENCY = re.compile(r"[$\u20ac\u00a3\u00a5]|(?<=\")[^\"]{1,8}(?=\")")
_DECIMALS = re.compile(r"0\.(0{1,9})")


def pages(body: bytes, characters: int) -> list[Page]:
    """The sheets of a workbook, in their order."""
    archive = Archive(body)
    main_part(archive, "xl/workbook.xml", "Excel")
    _check(archive)
    warnings.simplefilter("ignore")
    book = openpyxl.load_workbook(BytesIO(body), read_only=True, data_only=True, keep_links=False)
    out = Pages(characters)
    for sheet in book.worksheets:
        out.turn()
        if sheet.sheet_state == "visible":
            for number, sentence in enumerate(told(_rows(sheet))):
                # The name of a sheet without cells says nothing.
                out.heading("" if number else sheet.title)
                out.block(sentence)
    return out.done()


def _check(archive: Archive) -> None:
    """Look at the parts that openpyxl will read itself; it refuses entities too, but unnamed."""
    names = [*archive.names(end=".xml"), *archive.names(end=".rels")]
    archive.allow(*names)
    if any(b"<!DOCTYPE" in archive.head(name) for name in names):
        raise UnreadableError(DECLARES)


def _rows(sheet: Any) -> Iterator[list[str]]:
    """The rows of a sheet as text."""
    # What a sheet tells of its size may be wrong either way.
    sheet.reset_dimensions()
    for number, row in enumerate(sheet.iter_rows()):
        if number == _MAX_ROWS:
            raise UnreadableError("the sheet has more rows than Excel knows")
        yield [_shown(cell) for cell in row]


def _shown(cell: Any) -> str:
    """A cell about as Excel shows it; all digits of a number are kept."""
    value = cell.value
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float):
        return _number(value, str(cell.number_format or ""))
    if isinstance(value, datetime | date | time | timedelta):
        return _moment(value)
    return str(value)


def _moment(value: datetime | date | time | timedelta) -> str:
    if isinstance(value, datetime):
        return value.isoformat(" ", "minutes") if value.time() != time() else f"{value:%Y-%m-%d}"
    return value.isoformat("minutes") if isinstance(value, time) else str(value)


def _number(value: float, format_: str) -> str:
    """A number with its currency or per cent, which stand in the cell's format."""
    shape = _PLACE.sub(lambda found: found[1] and f'"{found[1]}"', format_).partition(";")[0]
    percent = shape.endswith("%")
    text = _digits(value * 100 if percent else value, shape)
    unit = _CURRENCY.search(shape) if "0" in shape else None
    sign = "%" if percent else unit[0].strip() if unit else ""
    if percent or not unit or not sign:
        return text + sign
    # Where the digits are tells on which side of them it stands.
    before = not any(digit in shape[: unit.start()] for digit in "0#")
    return f"{sign}{' ' if len(sign) > 1 else ''}{text}" if before else f"{text} {sign}"


def _digits(value: float, shape: str) -> str:
    """15 digits, as Excel keeps them, and no fewer decimals than the format wants."""
    text = f"{value:.15g}"
    wanted = _DECIMALS.search(shape)
    if wanted is None or not text.lstrip("-").replace(".", "", 1).isdigit():
        return text
    have = len(text.partition(".")[2])
    return text if have >= len(wanted[1]) else f"{value:.{len(wanted[1])}f}"
