"""An answer of units: those that fit best, with what a reader needs to understand them."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from rag.ask.evidence import Evidence
from rag.ask.plain import plain, row
from rag.ask.question import Asked
from rag.ask.repository import Passage
from rag.ask.units import Kind, Unit

_MOST_CHOSEN = 4
_OF_EACH, _MOST_TOGETHER = 2, 5
_MARGIN = 2.0
"""In log odds: so much worse than the best a further unit may be."""
_MARGIN_NEW = 4.0
"""The same, where it matches a word that none before it did."""
_MARGIN_SURE = 0.5
"""The same, where the best one says all that is asked."""
_HEAVY = 0.4
_UNMATCHED, _MATCHED = 0.6, 0.75
_ALIKE = 0.75
_MOST_ITEMS = 8
_SHORT_LIST, _LIST_CHARACTERS = 5, 400
_SECTION_UNITS, _SECTION_CHARACTERS = 4, 400
_LONGEST_BESIDE = 300
"""Characters of a unit that is told only because it stands beside one that fits."""
_BESIDE = ((-1, 1), (1,))
"""Where units beside the best one and the second one are: one of them may hold the fact."""
_BACK = re.compile(
    r"(?:It|Its|This|That|These|Those|They|Their|He|She|Such|Otherwise|Instead|However|Therefore|Thus"
    r"|Also|Then|In (?:this|that|these|such) cases?|When (?:this|that)|If (?:so|not)|The (?:latter"
    r"|former|default)|Both|Neither|Yes|No)\b"
)
_WORD = re.compile(r"[^\W_]+")


@dataclass(frozen=True, slots=True)
class Piece:
    """Units of a passage that stand one after the other."""

    units: tuple[Unit, ...]

    @property
    def passage(self) -> Passage:
        """Where it stands."""
        return self.units[0].passage

    @property
    def excerpt(self) -> str:
        """The piece, word for word."""
        return self.passage.text[self.units[0].start : self.units[-1].end]


def choose(asked: Asked, ordered: Sequence[tuple[Evidence, float]]) -> list[Evidence]:
    """The best unit, and those that are nearly as good or that match further words of a question.

    None of them says what another one does.
    """
    chosen: list[Evidence] = []
    matched: dict[int, float] = {}
    sure = bool(ordered) and says_all(asked, ordered[0][0])
    for each, score in ordered:
        if len(chosen) == _MOST_CHOSEN or ordered[0][1] - score > _MARGIN_NEW:
            break
        near = ordered[0][1] - score <= (_MARGIN_SURE if sure else _MARGIN)
        if not (near or _adds(asked, matched, each.matched)):
            continue
        if any(_alike(each.unit.text, other.unit.text) for other in chosen):
            continue
        chosen.append(each)
        for n, value in each.matched.items():
            matched[n] = max(matched.get(n, 0.0), value)
    return chosen


def says_all(asked: Asked, each: Evidence) -> bool:
    """Whether a unit has every word that is asked about, and the kind of thing that is sought.

    Then no unit beside it is needed.
    """
    held = each.found.own | each.found.subject
    words = zip(asked.words, asked.word_stems, strict=True)
    wanted = [stems for word, stems in words if stems and word.weight > _HEAVY and not word.asks]
    told = each.sought == 1 and "reason" not in asked.kinds
    return told and bool(wanted) and all(stems & held for stems in wanted)


def _adds(asked: Asked, matched: Mapping[int, float], own: Mapping[int, float]) -> bool:
    return any(
        value >= _MATCHED and matched.get(n, 0.0) < _UNMATCHED and asked.words[n].weight > 0.3
        for n, value in own.items()
    )


def _alike(one: str, other: str) -> bool:
    words, others = (set(_WORD.findall(text.lower())) for text in (one, other))
    return len(words & others) >= _ALIKE * max(1, min(len(words), len(others)))


def together(each: Sequence[Sequence[Evidence]], whole: Sequence[Evidence]) -> list[Evidence]:
    """What answers the parts of a question: the best of each and of the whole, then the second."""
    found: list[Evidence] = []
    for place in range(_OF_EACH):
        for own in (*each, whole):
            if place < len(own) and not any(
                _alike(own[place].unit.text, x.unit.text) for x in found
            ):
                found.append(own[place])
    return found[:_MOST_TOGETHER]


def pieces(
    chosen: Sequence[Evidence], pages: Mapping[str, Sequence[Unit]], *, sure: bool = False
) -> list[Piece]:
    """The chosen units with what belongs to them, document by document in reading order.

    sure: the first says all that is asked, so that no neighbour has to.
    """
    wanted: dict[str, set[int]] = {}
    for rank, each in enumerate(chosen):
        unit = each.unit
        page = pages[unit.passage.chunk_id]
        places = wanted.setdefault(unit.passage.chunk_id, set())
        places |= {unit.position, *_around(page, unit, whole=rank == 0 and not sure)}
        steps = _BESIDE[rank] if rank < len(_BESIDE) and not sure else ()
        places |= set(_beside(page, unit, steps))
    documents = list(dict.fromkeys(each.unit.passage.document_id for each in chosen))
    chunks = sorted(
        wanted,
        key=lambda chunk: (documents.index(pages[chunk][0].passage.document_id), _place(chunk)),
    )
    told: set[str] = set()
    found: list[Piece] = []
    for chunk in chunks:
        units = [pages[chunk][position] for position in sorted(wanted[chunk])]
        # Two chunks may share the sentence between them.
        fresh = [unit for unit in units if " ".join(unit.text.split()) not in told]
        told |= {" ".join(unit.text.split()) for unit in units}
        found += [Piece(tuple(run)) for run in _runs(fresh)]
    return found


def _place(chunk: str) -> int:
    ordinal = chunk.rpartition("-")[2]
    return int(ordinal) if ordinal.isdigit() else 0


def _runs(units: Sequence[Unit]) -> Iterator[list[Unit]]:
    run: list[Unit] = []
    for unit in units:
        if run and unit.position != run[-1].position + 1:
            yield run
            run = []
        run.append(unit)
    if run:
        yield run


def _around(page: Sequence[Unit], unit: Unit, *, whole: bool) -> Iterator[int]:
    """Places of the units that a reader needs with this one."""
    if unit.lead is not None:
        yield unit.lead
        items = [each for each in page if each.lead == unit.lead and unit.kind is Kind.ITEM]
        if len(items) <= _SHORT_LIST and sum(len(each.text) for each in items) <= _LIST_CHARACTERS:
            yield from (each.position for each in items)
    if unit.kind is Kind.LEAD:
        below = [each.position for each in page if each.lead == unit.position]
        yield from below[:_MOST_ITEMS]
    before = page[unit.position - 1] if unit.position else None
    if before and _BACK.match(unit.text) and before.kind is not Kind.TITLE:
        yield before.position
    if not whole:
        return
    section = [each for each in page if each.title == unit.title and each.kind is not Kind.TITLE]
    small = len(section) <= _SECTION_UNITS
    if small and sum(len(each.text) for each in section) <= _SECTION_CHARACTERS:
        yield from (each.position for each in section)
    after = page[unit.position + 1] if unit.position + 1 < len(page) else None
    if after and after.kind is Kind.SENTENCE and _BACK.match(after.text):
        yield after.position


def _beside(page: Sequence[Unit], unit: Unit, steps: Sequence[int]) -> Iterator[int]:
    """Places of the neighbours of a unit that belong to what it is about."""
    for step in steps:
        place = unit.position + step
        if not 0 <= place < len(page):
            continue
        near = page[place]
        same = near.title == unit.title and near.kind in (Kind.SENTENCE, unit.kind)
        if same and len(near.text) <= _LONGEST_BESIDE:
            yield place


def told(found: Sequence[Piece], pages: Mapping[str, Sequence[Unit]]) -> tuple[str, list[int]]:
    """The pieces as prose, and where in it each of them ends."""
    prose, ends = "", []
    for piece in found:
        for unit in piece.units:
            if text := _text(unit, pages[unit.passage.chunk_id]):
                prose += f"{_mark(prose)} {text}" if prose else text
        ends.append(len(prose))
    return prose, ends


def _text(unit: Unit, page: Sequence[Unit]) -> str:
    if unit.text.startswith("|"):
        if unit.kind is Kind.LEAD:
            return ""
        return row(page[unit.lead].text if unit.lead is not None else "", unit.text)
    return plain(unit.text)


def _mark(text: str) -> str:
    """What ends a text that ends without a mark, before another one."""
    return "" if text[-1] in ".!?:;\u2026\"'),-" else "."
