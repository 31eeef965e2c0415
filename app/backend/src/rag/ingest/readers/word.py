"""Word: the text as it is read, with headings, tables, text boxes and notes.

Deleted and hidden text is left out, and so are comments, tables of contents and macros.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from rag.ingest.archive import Archive
from rag.ingest.markup import Element, elements, feed, main_part
from rag.ingest.pages import Page, Pages, line
from rag.ingest.rows import told

# Changes that were taken back, and what programs of before 2010 show in place of a text box.
_SKIPPED = frozenset({"del", "moveFrom", "Fallback", "delText"})
_HEADING = re.compile(r"heading (\d)")
_CONTENTS = re.compile(r"toc \d")
_OFF = ("0", "false", "off", "none")
_MAX_SPAN = 64
_MAX_BASES = 10
_NOTES = ("footnotes", "endnotes", "header", "footer")


def pages(body: bytes, characters: int) -> list[Page]:
    """The text of a Word file, as one page: where its pages end, only Word knows."""
    archive = Archive(body)
    main = main_part(archive, "word/document.xml", "Word")
    folder = main.rpartition("/")[0]
    out = Pages(characters)
    levels = _levels(archive, f"{folder}/styles.xml")
    feed(archive.pieces(main), _Body(out, levels))
    for kind in _NOTES:
        _notes(archive, f"{folder}/{kind}", out)
    return out.done()


def _notes(archive: Archive, start: str, out: Pages) -> None:
    """What stands at the foot, the end or the head of pages; what is repeated there, once."""
    seen: set[str] = set()
    for part in archive.names(start=start, end=".xml"):
        held = Pages(1 << 22)
        feed(archive.pieces(part), _Body(held, {}))
        for page in held.done():
            if page.text not in seen:
                seen.add(page.text)
                out.block(page.text)


def _levels(archive: Archive, part: str) -> dict[str, int]:
    """The level of headings by style; 0 for what belongs to a table of contents."""
    known: dict[str, int] = {}
    bases: dict[str, str] = {}
    style = ""
    for each in elements(archive, part, "style", "name", "basedOn", "outlineLvl"):
        if each.name == "style":
            style = each.get("styleId")
        elif each.name == "basedOn":
            bases[style] = each.get("val")
        elif (level := _level(each)) is not None:
            known.setdefault(style, level)
    for style in bases:
        base = style
        for _ in range(_MAX_BASES):
            if base in known:
                known.setdefault(style, known[base])
            base = bases.get(base, "")
    return known


def _level(each: Element) -> int | None:
    value = each.get("val").lower()
    if each.name == "outlineLvl":
        return int(value) + 1 if value.isdigit() and int(value) < 9 else None
    if match := _HEADING.fullmatch(value):
        return int(match[1])
    if value == "title":
        return 1
    return 0 if _CONTENTS.fullmatch(value) or value == "toc heading" else None


@dataclass(slots=True)
class _Paragraph:
    text: list[str] = field(default_factory=list)
    level: int | None = None
    item: bool = False


@dataclass(slots=True)
class _Table:
    rows: list[list[str]] = field(default_factory=list)
    cell: list[str] = field(default_factory=list)
    span: int = 1
    heads: bool | None = None
    outer: int = 0
    """Paragraphs that were open when it began: those of its cells are above."""


class _Body:
    """Writes the paragraphs and tables of one part."""

    def __init__(self, out: Pages, levels: Mapping[str, int]) -> None:
        self._out = out
        self._levels = levels
        self._skipped = 0
        self._runs = 0
        self._hidden = False
        self._collecting = False
        self._paragraphs: list[_Paragraph] = []
        self._tables: list[_Table] = []

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        if self._skipped or name in _SKIPPED:
            self._skipped += 1
            return
        value = attributes.get("val", "")
        if name in ("p", "r", "t"):
            self._open(name)
        elif name in ("tbl", "tr", "tc", "gridSpan", "tblHeader"):
            self._table(name, value)
        elif self._paragraphs:
            self._property(name, value)

    def end(self, name: str) -> None:
        if self._skipped:
            self._skipped -= 1
        elif name == "t":
            self._collecting = False
        elif name == "r":
            self._runs -= 1
            self._hidden = False
        elif name == "p" and self._paragraphs:
            self._paragraph(self._paragraphs.pop())
        elif name in ("tc", "tbl") and self._tables:
            self._close(name)

    def data(self, text: str) -> None:
        if self._collecting and not self._skipped and not self._hidden and self._paragraphs:
            self._paragraphs[-1].text.append(text)

    def _open(self, name: str) -> None:
        if name == "p":
            self._paragraphs.append(_Paragraph())
        elif name == "r":
            self._runs += 1
        else:
            self._collecting = True

    def _property(self, name: str, value: str) -> None:
        paragraph = self._paragraphs[-1]
        if name == "pStyle":
            paragraph.level = self._levels.get(value)
        elif name == "outlineLvl" and value.isdigit() and int(value) < 9:
            paragraph.level = int(value) + 1
        elif name == "numPr":
            paragraph.item = True
        elif self._runs and name in ("tab", "br", "cr"):
            paragraph.text.append(" ")
        elif self._runs and name == "noBreakHyphen":
            paragraph.text.append("-")
        elif self._runs and name == "vanish":
            self._hidden = value not in _OFF

    def _paragraph(self, paragraph: _Paragraph) -> None:
        text = line("".join(paragraph.text))
        if not text or paragraph.level == 0:
            return
        if self._tables and len(self._paragraphs) <= self._tables[-1].outer:
            self._tables[-1].cell.append(text)
        elif paragraph.level:
            self._out.heading(text, paragraph.level)
        else:
            self._out.block(f"- {text}" if paragraph.item else text)

    def _table(self, name: str, value: str) -> None:
        if name == "tbl":
            self._tables.append(_Table(outer=len(self._paragraphs)))
            return
        if not self._tables:
            return
        table = self._tables[-1]
        if name == "tr":
            table.rows.append([])
        elif name == "tc":
            table.cell, table.span = [], 1
        elif name == "gridSpan" and value.isdigit():
            table.span = min(int(value), _MAX_SPAN)
        elif name == "tblHeader" and len(table.rows) == 1 and value not in _OFF:
            table.heads = True

    def _close(self, name: str) -> None:
        table = self._tables[-1]
        if name == "tc" and table.rows:
            table.rows[-1] += [" ".join(table.cell), *[""] * (table.span - 1)]
        elif name == "tbl":
            self._tables.pop()
            sentences = told(table.rows, heads=table.heads)
            if self._tables and len(self._paragraphs) <= self._tables[-1].outer:
                self._tables[-1].cell += sentences
            else:
                for sentence in sentences:
                    self._out.block(sentence)
