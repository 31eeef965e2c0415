"""From a file's bytes to pages of text. The text is kept as it is: citations quote it."""

from dataclasses import dataclass
from io import BytesIO
from pathlib import PurePath
from typing import Literal

from pypdf import PdfReader

from rag.errors import TooLargeError, UnreadableError, UnsupportedTypeError

Kind = Literal["text", "markdown", "pdf"]

CONTENT_TYPES: dict[Kind, str] = {
    "text": "text/plain; charset=utf-8",
    "markdown": "text/markdown; charset=utf-8",
    "pdf": "application/pdf",
}
_BY_SUFFIX: dict[str, Kind] = {
    ".txt": "text",
    ".text": "text",
    ".md": "markdown",
    ".markdown": "markdown",
    ".pdf": "pdf",
}
_BY_TYPE: dict[str, Kind] = {
    "text/plain": "text",
    "text/markdown": "markdown",
    "text/x-markdown": "markdown",
    "application/pdf": "pdf",
}
_MAX_PAGES = 1000
# Escape sequences, zeros and the like: no text, and PostgreSQL keeps no zeros.
_CONTROLS: dict[int, str | None] = {
    **{code: None for code in (*range(0x20), *range(0x7F, 0xA0)) if chr(code) not in "\t\n\r"},
    **dict.fromkeys((0x0B, 0x0C, 0x85), "\n"),
}


@dataclass(frozen=True, slots=True)
class Page:
    """One page's text; `number` counts from 1. Text and Markdown are one page."""

    number: int
    text: str


@dataclass(frozen=True, slots=True)
class Document:
    """A document's pages that hold text, in order, and how many it has in all."""

    pages: list[Page]
    count: int


def kind_of(filename: str, content_type: str, body: bytes) -> Kind:
    """What a file is, by name or declared type, and checked against its bytes.

    Raises UnsupportedTypeError for anything but text, Markdown and PDF.
    """
    suffix = PurePath(filename).suffix.lower()
    declared = content_type.partition(";")[0].strip().lower()
    # The name decides: browsers send Markdown as application/octet-stream.
    kind = _BY_SUFFIX.get(suffix) if suffix else _BY_TYPE.get(declared)
    if kind is None:
        raise UnsupportedTypeError("only text (.txt), Markdown (.md) and PDF (.pdf) are taken")
    # A PDF may have something before its head; a text may write about PDF.
    is_pdf = b"%PDF-" in body[:1024] if kind == "pdf" else body.startswith(b"%PDF-")
    if is_pdf != (kind == "pdf"):
        raise UnsupportedTypeError(f"the file's content is not {kind}")
    return kind


def parse(kind: Kind, body: bytes, characters: int) -> Document:
    """A document's text. It may take any time and memory: child.py runs it.

    Raises UnreadableError when there is no text or it cannot be read, TooLargeError when it has
    more than `characters`.
    """
    pages = _pdf(body, characters) if kind == "pdf" else [Page(1, _decode(body, characters))]
    filled = [page for page in pages if page.text.strip()]
    if not filled:
        hint = " (is it a scan?)" if kind == "pdf" else ""
        raise UnreadableError(f"the document holds no text{hint}")
    return Document(filled, len(pages))


def _clean(text: str) -> str:
    """The text without what is none: control characters, and halves of characters."""
    return text.translate(_CONTROLS).encode("utf-8", "replace").decode("utf-8")


def _fits(characters: int, most: int, what: str) -> None:
    if characters > most:
        raise TooLargeError(
            f"{what} {characters:,} characters of text, and at most {most:,} are taken: divide it"
        )


def _decode(body: bytes, characters: int) -> str:
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise UnreadableError("the text is not UTF-8") from None
    if "\0" in text:
        raise UnreadableError("the text holds zero bytes: it is a binary file")
    _fits(len(text), characters, "the document has")
    return _clean(text)


def _pdf(body: bytes, characters: int) -> list[Page]:
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
