"""Pages of text, as readers fill them. The text is kept as it is: citations quote it."""

import re
from dataclasses import dataclass

from rag.errors import TooLargeError, UnreadableError

MAX_PAGES = 1000
_BETWEEN = "\n\n"
# Escape sequences, zeros and the like: no text, and PostgreSQL keeps no zeros.
_CONTROLS: dict[int, str | None] = {
    **{code: None for code in (*range(0x20), *range(0x7F, 0xA0)) if chr(code) not in "\t\n\r"},
    **dict.fromkeys((0x0B, 0x0C, 0x85), "\n"),
}
# A line of somebody's text that would be taken for a heading of ours.
_LIKE_HEADING = re.compile(r"^(?= {0,3}#{1,6}\s)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Page:
    """One page's text; `number` counts from 1. A format without pages has one."""

    number: int
    text: str


class Pages:
    """The pages of a document, written block by block, up to `most` characters in all."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._total = 0
        self._written: list[list[str]] = []

    def turn(self) -> None:
        """Begin the next page. Raises UnreadableError when there are too many."""
        if len(self._written) == MAX_PAGES:
            raise UnreadableError(f"the document has more than {MAX_PAGES} pages: divide it")
        self._written.append([])

    def heading(self, text: str, level: int = 1) -> None:
        """Write a heading: what follows on this page is about it."""
        if title := line(text):
            self._write(f"{'#' * min(level, 6)} {title}")

    def block(self, text: str) -> None:
        """Write a paragraph, or whatever stands by itself."""
        if text.strip():
            # Four blanks: no heading then, and no part of the sentence either.
            self._write(_LIKE_HEADING.sub("    ", text.strip("\r\n")))

    def done(self) -> list[Page]:
        """All pages, also the empty ones."""
        return [Page(number, _BETWEEN.join(page)) for number, page in enumerate(self._written, 1)]

    def _write(self, text: str) -> None:
        if not self._written:
            self.turn()
        self._total += len(text) + len(_BETWEEN)
        if self._total > self._most:
            pages = len(self._written)
            said = f", on its first {pages} pages," if pages > 1 else ""
            raise TooLargeError(
                f"the document has{said} more than {self._most:,} characters of text, "
                "and no more are taken: divide it"
            )
        self._written[-1].append(text)


def line(text: str) -> str:
    """The text in one line, white space collapsed."""
    return " ".join(text.split())


def clean(text: str) -> str:
    """The text without what is none: control characters, and halves of characters."""
    return text.translate(_CONTROLS).encode("utf-8", "replace").decode("utf-8")


def fits(characters: int, most: int, what: str) -> None:
    """Raise TooLargeError for a text that has too many characters."""
    if characters > most:
        raise TooLargeError(
            f"{what} {characters:,} characters of text, and at most {most:,} are taken: divide it"
        )
