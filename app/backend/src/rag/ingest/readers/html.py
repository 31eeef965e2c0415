"""HTML: the text that is read, with headings and tables; no scripts, styles and menus."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from lxml import etree

from rag.ingest.encoding import decoded
from rag.ingest.markup import local
from rag.ingest.pages import Page, Pages, line
from rag.ingest.rows import told

_MENUS = "nav map menu dialog button select datalist"
_NO_TEXT = "script style noscript template svg math iframe object canvas audio video"
_SKIPPED = frozenset(f"{_MENUS} {_NO_TEXT}".split())
# They have no end, so that nothing is skipped up to it.
_WITHOUT_END = "area base br col embed hr img input link meta param source track wbr frame"
_EMPTY = frozenset(_WITHOUT_END.split())
_PARAGRAPHS = (
    "p div section article main header footer aside address blockquote figure figcaption fieldset"
    " form ul ol li dl dt dd details summary pre hr body head html center legend title"
    " table caption tr thead tbody tfoot h1 h2 h3 h4 h5 h6"
)
_BLOCKS = frozenset(_PARAGRAPHS.split())
_HEADING = re.compile(r"h([1-6])")
_HIDDEN = re.compile(r"display\s{0,9}:\s{0,9}none")
_PIECE = 1 << 16
_MAX_SPAN = 64


def pages(body: bytes, characters: int) -> list[Page]:
    """The text of a page, as one page."""
    out = Pages(characters)
    write(decoded(body, declared=True), out)
    return out.done()


def write(text: str, out: Pages) -> None:
    """Write what is read of a page of HTML."""
    reader = _Reader(out)
    parser = etree.HTMLParser(
        target=reader, encoding="utf-8", no_network=True, huge_tree=True, remove_comments=True
    )
    # What it declares itself to be it was; and a parser of bytes takes them in pieces.
    body = text.encode("utf-8", "replace")
    for start in range(0, len(body), _PIECE):
        parser.feed(body[start : start + _PIECE])
    if body.strip():
        parser.close()
    reader.finish()


@dataclass(slots=True)
class _Table:
    rows: list[list[str]] = field(default_factory=list)
    heads: list[bool] = field(default_factory=list)
    span: int = 1
    cell: list[str] | None = None
    """The text of the cell that is open."""
    layout: bool = False
    """Whether its cells hold what no cell of a table does: it only arranges."""


class _Reader:
    """Writes the blocks of a page as its elements come by."""

    def __init__(self, out: Pages) -> None:
        self._out = out
        self._skipped = ""
        """Name of the element that is left out with all in it, and how many such are open."""
        self._depth = 0
        self._text: list[str] = []
        self._mark = ""
        self._level = 0
        self._verbatim = 0
        self._tables: list[_Table] = []

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        name = local(tag)
        if self._skipped or _is_hidden(name, attributes):
            self._skip(name)
            return
        if name == "br":
            self._text.append("\n" if self._verbatim else " ")
        if name in _BLOCKS:
            self._break()
        if match := _HEADING.fullmatch(name):
            self._level = int(match[1])
        elif name in ("li", "title"):
            self._mark = "- " if name == "li" else ""
            self._level = 1 if name == "title" else 0
        elif name == "pre":
            self._verbatim += 1
        elif name in ("table", "tr", "td", "th"):
            self._table(name, attributes)

    def end(self, tag: str) -> None:
        name = local(tag)
        if self._skipped:
            self._depth -= name == self._skipped
            self._skipped = self._skipped if self._depth else ""
            return
        if name in ("td", "th", "table"):
            self._close(name)
        elif name in _BLOCKS:
            self._break()
        if name == "pre" and self._verbatim:
            self._verbatim -= 1
        if name in ("li", "title") or _HEADING.fullmatch(name):
            # One without text says nothing of what follows.
            self._mark, self._level = "", 0

    def data(self, text: str) -> None:
        if not self._skipped:
            self._text.append(text)

    def close(self) -> None:
        """lxml calls it at the end; finish() writes what is left."""

    def finish(self) -> None:
        """Write what has no end."""
        while self._tables:
            self._close("table")
        self._break()

    def _skip(self, name: str) -> None:
        """Leave an element out, up to its end: lxml tells it also where it is missing."""
        if not self._skipped and name not in _EMPTY:
            self._skipped = name
        self._depth += name == self._skipped

    def _break(self) -> None:
        """A block ends here: write it, or put it into the open cell."""
        whole = "".join(self._text)
        text = whole if self._verbatim else line(whole)
        self._text.clear()
        mark, level = self._mark, self._level
        if text.strip():
            self._mark, self._level = "", 0
            table = self._tables[-1] if self._tables else None
            if table and table.cell is not None and not table.layout:
                table.cell.append(text)
            elif level:
                self._out.heading(text, level)
            else:
                self._out.block(mark + text)

    def _table(self, name: str, attributes: Mapping[str, str]) -> None:
        if name == "table":
            if self._tables:
                self._arrange(self._tables[-1])
            self._tables.append(_Table())
        elif self._tables:
            table = self._tables[-1]
            if name == "tr":
                self._close("td")
                table.rows.append([])
                table.heads.append(True)
            else:
                self._open(table, name, attributes.get("colspan", ""))

    def _open(self, table: _Table, name: str, span: str) -> None:
        self._close("td")
        if not table.rows:
            table.rows.append([])
            table.heads.append(True)
        table.cell, table.span = [], 1
        if span.isascii() and span.isdigit():
            table.span = max(1, min(int(span[:4]), _MAX_SPAN))
        table.heads[-1] = table.heads[-1] and name == "th"

    def _arrange(self, table: _Table) -> None:
        """A table with one within it only arranges: what it holds is written as it comes."""
        rows, cell, table.layout = table.rows, table.cell or [], True
        for text in [*(each for row in rows for each in row if each), *cell]:
            self._out.block(text)
        table.rows, table.heads = [], []
        table.cell = None

    def _close(self, name: str) -> None:
        """A cell ends, or a table."""
        if not self._tables:
            return
        table = self._tables[-1]
        self._break()
        if table.cell is not None and table.rows:
            table.rows[-1] += [" ".join(table.cell), *[""] * (table.span - 1)]
        table.cell = None
        if name == "table":
            self._tables.pop()
            for sentence in told(table.rows, heads=_heads(table)):
                self._out.block(sentence)


def _heads(table: _Table) -> bool | None:
    """Cells that are heads, and only such, make a row of heads."""
    first = next((n for n, row in enumerate(table.rows) if any(row)), None)
    return True if first is not None and table.heads[first] else None


def _is_hidden(name: str, attributes: Mapping[str, str]) -> bool:
    if name in _SKIPPED or "hidden" in attributes:
        return True
    style = attributes.get("style")
    return bool(style and _HIDDEN.search(style.lower()))
