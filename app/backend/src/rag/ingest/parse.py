"""From a file's bytes to pages of text. The text is kept as it is: citations quote it."""

from dataclasses import dataclass
from io import BytesIO
from pathlib import PurePath
from typing import Literal

from pypdf import PdfReader
from pypdf.errors import PyPdfError

from rag.errors import UnreadableError, UnsupportedTypeError

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


@dataclass(frozen=True, slots=True)
class Page:
    """One page's text; `number` counts from 1. Text and Markdown are one page."""

    number: int
    text: str


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
    is_pdf = b"%PDF-" in body[:1024]
    if is_pdf != (kind == "pdf"):
        raise UnsupportedTypeError(f"the file's content is not {kind}")
    return kind


def parse(kind: Kind, body: bytes) -> list[Page]:
    """Pages with text, in order. CPU-bound: call it in a thread.

    Raises UnreadableError when there is no text or it cannot be read.
    """
    pages = _pdf(body) if kind == "pdf" else [Page(1, _decode(body))]
    pages = [page for page in pages if page.text.strip()]
    if not pages:
        hint = " (is it a scan?)" if kind == "pdf" else ""
        raise UnreadableError(f"the document holds no text{hint}")
    return pages


def _decode(body: bytes) -> str:
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise UnreadableError("the text is not UTF-8") from None
    if "\0" in text:
        raise UnreadableError("the text holds zero bytes: it is a binary file")
    return text


def _pdf(body: bytes) -> list[Page]:
    try:
        reader = PdfReader(BytesIO(body))
        if reader.is_encrypted and not reader.decrypt(""):
            raise UnreadableError("the PDF is protected by a password")
        if len(reader.pages) > _MAX_PAGES:
            raise UnreadableError(f"the PDF has more than {_MAX_PAGES} pages")
        return [
            # PostgreSQL keeps no zero characters; broken fonts make them.
            Page(number, page.extract_text().replace("\0", ""))
            for number, page in enumerate(reader.pages, 1)
        ]
    except UnreadableError:
        raise
    # pypdf meets broken files with these as well as with its own errors.
    except (PyPdfError, ValueError, KeyError, TypeError, IndexError, AttributeError,
            RecursionError, NotImplementedError, OSError) as error:  # fmt: skip
        raise UnreadableError(f"the PDF cannot be read ({type(error).__name__})") from error
