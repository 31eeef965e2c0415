"""From bytes to pages of text, by format. The text is kept as it is: citations quote it."""

from dataclasses import dataclass
from io import BytesIO

from pypdf import PdfReader

from rag.errors import TooLargeError, UnreadableError

_MAX_PAGES = 1000
# Escape sequences, zeros and the like: no text, and PostgreSQL keeps no zeros.
_CONTROLS: dict[int, str | None] = {
    **{code: None for code in (*range(0x20), *range(0x7F, 0xA0)) if chr(code) not in "\t\n\r"},
    **dict.fromkeys((0x0B, 0x0C, 0x85), "\n"),
}


@dataclass(frozen=True, slots=True)
class Page:
    """One page's text; `number` counts from 1. A format without pages has one."""

    number: int
    text: str


def of_text(body: bytes, characters: int) -> list[Page]:
    """The text of a plain file, as its one page."""
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise UnreadableError("the text is not UTF-8") from None
    if "\0" in text:
        raise UnreadableError("the text holds zero bytes: it is a binary file")
    _fits(len(text), characters, "the document has")
    return [Page(1, _clean(text))]


def of_pdf(body: bytes, characters: int) -> list[Page]:
    """The text of each page of a PDF."""
    try:
        reader = PdfReader(BytesIO(body))
        if reader.is_encrypted and not reader.decrypt(""):
            raise UnreadableError("the PDF is protected by a password")
        if len(reader.pages) > _MAX_PAGES:
            raise UnreadableError(f"the PDF has more than {_MAX_PAGES} pages")
        pages, total = [], 0
        for number, page in enumerate(reader.pages, 1):
            text = page.extract_text()
            total += len(text)
            _fits(total, characters, f"the PDF has, on its first {number} pages,")
            pages.append(Page(number, _clean(text)))
        return pages
    except (UnreadableError, TooLargeError, MemoryError):
        raise
    # Its own errors are not all that pypdf meets broken files with, nor the libraries below it.
    except Exception as error:
        raise UnreadableError(f"the PDF cannot be read ({type(error).__name__})") from error


def _clean(text: str) -> str:
    """The text without what is none: control characters, and halves of characters."""
    return text.translate(_CONTROLS).encode("utf-8", "replace").decode("utf-8")


def _fits(characters: int, most: int, what: str) -> None:
    if characters > most:
        raise TooLargeError(
            f"{what} {characters:,} characters of text, and at most {most:,} are taken: divide it"
        )
