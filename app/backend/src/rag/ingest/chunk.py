"""From pages to chunks: whole sentences packed up to what the embedding model reads well."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from rag.errors import TooLargeError
from rag.ingest.pages import Page
from rag.ingest.sentences import Span, spans

MAX_TOKENS = 180
"""Tokens of a chunk's sentences; with its headings it stays below the model's 256."""
_OVERLAP_TOKENS = 50
_BREAKS = " \n\u3001\uff0c\u060c"
"""Where a sentence is cut that is too long: blanks, and commas where there are none."""
_COUNTED = 4096
"""Characters of a text that are counted in one piece: counting takes memory."""


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


def chunks(
    pages: Sequence[Page], *, headings: bool, count: Callable[[str], int], limit: int
) -> list[Chunk]:
    """Chunks in reading order; none crosses a page or a heading.

    `count` gives the tokens of a text. The last sentence of a chunk begins the next one
    if it is short, so that an answer across the border stays whole.

    Raises TooLargeError for more than `limit` chunks, as soon as that is seen.
    """
    found: list[Chunk] = []
    before = 0
    for page in pages:
        sized = (
            piece
            for span in spans(page.text, headings=headings)
            for piece in _fitting(page.text, span, count)
        )
        for start, end, heading in _packed(sized):
            if len(found) == limit:
                total = sum(len(each.text) for each in pages)
                raise TooLargeError(
                    f"of the document's {total:,} characters of text the first "
                    f"{before + start:,} fit: divide it"
                )
            text = page.text[start:end]
            found.append(Chunk(len(found), page.number, start, end, heading, text))
        before += len(page.text)
    return found


def _fitting(text: str, span: Span, count: Callable[[str], int]) -> Iterator[tuple[Span, int]]:
    """The span and its tokens, divided at white space until each part fits."""
    length = span.end - span.start
    size = _COUNTED
    if length <= _COUNTED:
        tokens = count(text[span.start : span.end])
        if tokens <= MAX_TOKENS or length < 2:
            yield span, tokens
            return
        size = max(1, length * MAX_TOKENS // (tokens + MAX_TOKENS))
    for start, end in _cut(text, span.start, span.end, size):
        yield from _fitting(text, Span(start, end, span.heading), count)


def _cut(text: str, start: int, end: int, size: int) -> Iterator[tuple[int, int]]:
    """Parts of at most `size` characters, that end at one of _BREAKS where there is one."""
    while end - start > size:
        place = max(text.rfind(c, start + size // 2, start + size) for c in _BREAKS)
        cut = place + 1 if place > start else start + size
        yield start, cut
        start = cut
    yield start, end


def _packed(sized: Iterable[tuple[Span, int]]) -> Iterator[tuple[int, int, str]]:
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
