"""Where sentences begin and end. Spans, not copies: a quotation is a slice of the text."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

_ABBREVIATION = re.compile(
    r"(?:^|[\s(])(?:Mr|Mrs|Ms|Dr|Prof|St|No|Nr|Fig|Eq|Sec|Art|vs|etc|cf|ca|approx|e\.g|i\.e|[A-Z])\.$"
)
_END = re.compile(r"[.!?\u2026][\"'\u201d\u2019)\]]*(?=\s)")
_HEADING = re.compile(r"^ {0,3}(#{1,6})\s+(.+?)\s*#*\s*$")
# A line that starts a block of its own: list item, table row, quotation, rule, fence.
_BLOCK_LINE = re.compile(r"^\s*(?:[-*+\u2022]\s|\d{1,3}[.)]\s|\||>|```|~~~|(?:[-*_]\s*){3,}$)")
_RULE = re.compile(r"^[\s|:*_=~`-]*$")


@dataclass(frozen=True, slots=True)
class Span:
    """`text[start:end]` of a page, and the headings above it."""

    start: int
    end: int
    heading: str = ""


def spans(text: str, *, markdown: bool) -> list[Span]:
    """The sentences of a page in order; Markdown headings become `heading`, not sentences."""
    found: list[Span] = []
    trail: list[tuple[int, str]] = []
    for start, end in _blocks(text):
        match = _HEADING.match(text[start:end]) if markdown else None
        if match:
            level = len(match[1])
            trail = [item for item in trail if item[0] < level] + [(level, match[2])]
            continue
        heading = " > ".join(title for _level, title in trail)
        found += [Span(s, e, heading) for s, e in _sentences(text, start, end)]
    if not found and text.strip():
        # Nothing but headings: they are the text then.
        return spans(text, markdown=False) if markdown else []
    return found


def _blocks(text: str) -> Iterator[tuple[int, int]]:
    """Paragraphs, and lines that stand alone."""
    start, position = None, 0
    for line in text.splitlines(keepends=True):
        bare = line.strip()
        alone = bool(_HEADING.match(line.rstrip()))
        if start is not None and (not bare or alone or _BLOCK_LINE.match(line)):
            yield start, position
            start = None
        if alone:
            yield position, position + len(line.rstrip())
        elif bare and start is None:
            start = position
        position += len(line)
    if start is not None:
        yield start, position


def _sentences(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    begin = start
    for match in _END.finditer(text, start, end):
        if _ABBREVIATION.search(text[begin : match.end()]):
            continue
        yield from _trimmed(text, begin, match.end())
        begin = match.end()
    yield from _trimmed(text, begin, end)


def _trimmed(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    piece = text[start:end]
    if _RULE.match(piece):
        return
    left = len(piece) - len(piece.lstrip())
    yield start + left, start + len(piece.rstrip())
