"""From pages to chunks: whole sentences packed up to what the embedding model reads well."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from rag.ingest.parse import Page
from rag.ingest.sentences import Span, spans

MAX_TOKENS = 180
"""Tokens of a chunk's sentences; with its headings it stays below the model's 256."""
_OVERLAP_TOKENS = 50


@dataclass(frozen=True, slots=True)
class Chunk:
    """`text` is exactly `page.text[start:end]`; `heading` is context, not part of it."""

    ordinal: int
    page: int
    start: int
    end: int
    heading: str
    text: str

    @property
    def context(self) -> str:
        """What is embedded: the headings say what a paragraph is about."""
        return f"{self.heading}\n{self.text}" if self.heading else self.text


def chunks(pages: Sequence[Page], *, markdown: bool, count: Callable[[str], int]) -> list[Chunk]:
    """Chunks in reading order; none crosses a page or a heading.

    `count` gives the tokens of a text. The last sentence of a chunk begins the next one
    if it is short, so that an answer across the border stays whole.
    """
    found: list[Chunk] = []
    for page in pages:
        sized = [
            (piece, count(page.text[piece.start : piece.end]))
            for span in spans(page.text, markdown=markdown)
            for piece in _fitting(page.text, span, count)
        ]
        for start, end, heading in _packed(sized):
            text = page.text[start:end]
            found.append(Chunk(len(found), page.number, start, end, heading, text))
    return found


def _fitting(text: str, span: Span, count: Callable[[str], int]) -> Iterator[Span]:
    """The span, halved at white space until each part fits."""
    piece = text[span.start : span.end]
    if len(piece) < 2 or count(piece) <= MAX_TOKENS:
        yield span
        return
    middle = len(piece) // 2
    cut = piece.find(" ", middle)
    cut = cut if 0 < cut < len(piece) - 1 else middle
    yield from _fitting(text, Span(span.start, span.start + cut, span.heading), count)
    yield from _fitting(text, Span(span.start + cut, span.end, span.heading), count)


def _packed(sized: Sequence[tuple[Span, int]]) -> Iterator[tuple[int, int, str]]:
    held: list[tuple[Span, int]] = []
    for span, tokens in sized:
        fits = sum(size for _span, size in held) + tokens <= MAX_TOKENS
        if held and not (fits and held[0][0].heading == span.heading):
            yield held[0][0].start, held[-1][0].end, held[0][0].heading
            last, size = held[-1]
            repeat = last.heading == span.heading and size <= _OVERLAP_TOKENS
            held = [(last, size)] if repeat and size + tokens <= MAX_TOKENS else []
        held.append((span, tokens))
    if held:
        yield held[0][0].start, held[-1][0].end, held[0][0].heading
