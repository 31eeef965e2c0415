"""A passage as what a reader sees in it: titles, lead-ins, list items, table rows, sentences."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from rag.ask.repository import Passage
from rag.ingest.sentences import spans

_ITEM = re.compile(r"\s*(?:[-*+\u2022?o]\s|\d{1,3}[.)]\s|\([a-z0-9]{1,3}\)\s)")
_NUMBERED = re.compile(r"\s*\d{1,3}(?:\.\d{1,3})*\.?\s")
_UNDERLINE = re.compile(r"\s*\n[ \t]*([=~^\"'#*+.-])\1{2,}[ \t]*(?:\n|$)")
_LONGEST_TITLE = 12
"""Words."""


class Kind(Enum):
    """What a unit is. Titles and questions say what those after them are about."""

    SENTENCE = "sentence"
    TITLE = "title"
    LEAD = "lead"
    ITEM = "item"
    ROW = "row"


@dataclass(frozen=True, slots=True)
class Unit:
    """One sentence, row or item of a passage; `text` is `passage.text[start:end]`.

    position: its place among the passage's units. title: the last line above it that is a title or
    a question. lead: position of the line that introduces the list or the table which it is of.
    """

    passage: Passage
    position: int
    start: int
    end: int
    kind: Kind
    title: str = ""
    lead: int | None = None

    @property
    def text(self) -> str:
        """The unit, word for word."""
        return self.passage.text[self.start : self.end]


def units(passage: Passage, above: str = "") -> list[Unit]:
    """The units of a passage in order; `above` is the text before it, whose titles still count."""
    titles: list[tuple[int, str]] = []
    if above:
        for unit in units(Passage("", "", 1, "", above, passage.headings)):
            if unit.kind is Kind.TITLE:
                titles = _below(titles, unit.text)
    found: list[Unit] = []
    lead: int | None = None
    text = passage.text
    for span in spans(text, headings=passage.headings):
        kind = _kind(text, span.start, span.end)
        if kind is Kind.ROW and not (found and found[-1].text.startswith("|")):
            # The first row of a table is its head.
            kind = Kind.LEAD
        if kind is Kind.SENTENCE and lead is not None and not _goes_on(found, text, span.start):
            lead = None
        if kind is Kind.TITLE:
            titles, lead = _below(titles, text[span.start : span.end]), None
        title = " ".join(title for _depth, title in titles)
        under = lead if kind in (Kind.ITEM, Kind.ROW, Kind.SENTENCE) else None
        found.append(Unit(passage, len(found), span.start, span.end, kind, title, under))
        if kind is Kind.LEAD:
            lead = len(found) - 1
    return [_as_row(found, unit) for unit in found]


def _below(titles: list[tuple[int, str]], title: str) -> list[tuple[int, str]]:
    """The titles above a further one, by their numbers, and that one."""
    number = _NUMBERED.match(title)
    depth = len(re.findall(r"\d+", number[0])) if number else 9
    return [item for item in titles if item[0] < depth] + [(depth, title)]


def _as_row(found: Sequence[Unit], unit: Unit) -> Unit:
    """The unit; a head without a table below it is a row again."""
    below = found[unit.position + 1 : unit.position + 2]
    if unit.kind is Kind.LEAD and unit.text.lstrip().startswith("|") and not below:
        return Unit(unit.passage, unit.position, unit.start, unit.end, Kind.ROW, unit.title)
    return unit


def _kind(text: str, start: int, end: int) -> Kind:
    piece = text[start:end]
    if piece.startswith("|"):
        return Kind.ROW
    if piece.endswith("?") or _is_title(text, start, end):
        return Kind.TITLE
    if piece.endswith(":"):
        return Kind.LEAD
    return Kind.ITEM if _ITEM.match(piece) else Kind.SENTENCE


def _is_title(text: str, start: int, end: int) -> bool:
    """Whether a line is underlined as a title, or short, alone and without an end."""
    piece = text[start:end]
    if "\n" in piece or len(piece.split()) > _LONGEST_TITLE:
        return False
    if _UNDERLINE.match(text, end):
        return True
    rest = text[end : end + 2]
    alone = rest in ("\n\n", "\r\n") or end == len(text) or _is_above(text, start, end)
    plain = piece[-1].isalnum() and not any(c in piece for c in ":`=/$")
    marked = bool(_NUMBERED.match(piece)) or not _ITEM.match(piece)
    return alone and plain and marked and (piece[0].isupper() or piece[0].isdigit())


def _is_above(text: str, start: int, end: int) -> bool:
    """Whether a line is by itself, and no line of prose before it ends in it."""
    before = text[:start].rstrip(" \t")
    return text[end : end + 1] == "\n" and (not before or before.endswith("\n"))


def _goes_on(found: Sequence[Unit], text: str, start: int) -> bool:
    """Whether a sentence still belongs to the item or lead-in before it."""
    if not found:
        return False
    before = found[-1]
    if before.kind is Kind.LEAD:
        return True
    return "\n\n" not in text[before.end : start]
