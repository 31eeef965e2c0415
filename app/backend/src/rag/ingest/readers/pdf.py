"""PDF: the text of its pages, and the values of its forms."""

from collections.abc import Callable, Iterator
from io import BytesIO
from typing import Any

from pypdf import PdfReader
from pypdf.generic import ArrayObject, DictionaryObject

from rag.errors import RagError, TooLargeError, UnreadableError
from rag.ingest.pages import MAX_PAGES, Page, fits, line

_MAX_FIELDS = 2000
"""Of a page."""
_MAX_PARENTS = 10
_PASSWORD = 1 << 13


def pages(body: bytes, characters: int) -> list[Page]:
    """The text of each page of a PDF; where pypdf fails, as PDFium reads it."""
    try:
        return _by_pypdf(body, characters)
    except (RagError, MemoryError):
        raise
    # Its own errors are not all that pypdf meets broken files with, nor the libraries below it.
    except Exception:
        found = _by_pdfium(body, characters)
        if not any(page.text.strip() for page in found):
            # Then it is broken for both, and pypdf says what is wrong.
            raise
        return found


def _by_pypdf(body: bytes, characters: int) -> list[Page]:
    reader = PdfReader(BytesIO(body))
    if reader.is_encrypted and not reader.decrypt(""):
        raise UnreadableError("the PDF is protected by a password")
    return _read(len(reader.pages), lambda number: _text(reader.pages[number]), characters)


def _read(count: int, text_of: Callable[[int], str], characters: int) -> list[Page]:
    """So many pages, the text of each, up to a number of characters."""
    if count > MAX_PAGES:
        raise UnreadableError(f"the PDF has more than {MAX_PAGES} pages")
    found, total = [], 0
    for number in range(1, count + 1):
        text = text_of(number - 1)
        total += len(text)
        fits(total, characters, f"the PDF has, on its first {number} pages,")
        found.append(Page(number, text))
    return found


def _text(page: Any) -> str:
    """The text of a page, and below it what is filled in there."""
    fields = [f"{name}: {value}" if name else value for name, value in _fields(page)]
    return "\n\n".join([page.extract_text(), *fields])


def _fields(page: DictionaryObject) -> Iterator[tuple[str, str]]:
    """Names and values of the fields of a page that are filled in."""
    annotations = page.get("/Annots")
    found = annotations.get_object() if annotations is not None else None
    for each in found[:_MAX_FIELDS] if isinstance(found, ArrayObject) else []:
        field = each.get_object()
        if not isinstance(field, DictionaryObject) or field.get("/Subtype") != "/Widget":
            continue
        flags = _inherited(field, "/Ff")
        secret = isinstance(flags, int) and flags & _PASSWORD and _inherited(field, "/FT") == "/Tx"
        if not secret and (value := _value(_inherited(field, "/V"))):
            name = _inherited(field, "/TU") or _inherited(field, "/T")
            yield line(str(name or "")), value


def _inherited(field: DictionaryObject, key: str) -> Any:
    """A property of a field, or of the one that it is a part of."""
    for _ in range(_MAX_PARENTS):
        if key in field:
            return field[key]
        parent = field.get("/Parent")
        above = parent.get_object() if parent is not None else None
        if not isinstance(above, DictionaryObject):
            break
        field = above
    return None


def _value(value: Any) -> str:
    """What is filled in: a text, a choice, or several; nothing for a box without a tick."""
    if isinstance(value, ArrayObject):
        return ", ".join(text for each in value[:100] if (text := _value(each.get_object())))
    if not isinstance(value, str) or value == "/Off":
        return ""
    return line(value.removeprefix("/"))


def _by_pdfium(body: bytes, characters: int) -> list[Page]:
    """The pages as PDFium reads them; none where it cannot either."""
    # Only here: it takes time and memory to load, and few files need it.
    import pypdfium2

    try:
        document = pypdfium2.PdfDocument(body)
        return _read(len(document), lambda number: _pdfium_text(document[number]), characters)
    except (TooLargeError, MemoryError):
        raise
    except (pypdfium2.PdfiumError, ValueError):
        return []


def _pdfium_text(page: Any) -> str:
    """The text of a page; what belongs to it is given back at once."""
    text = page.get_textpage()
    try:
        return str(text.get_text_bounded()).replace("\r\n", "\n")
    finally:
        text.close()
        page.close()
