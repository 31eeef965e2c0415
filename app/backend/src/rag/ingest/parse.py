"""A document's text, whatever its format."""

from dataclasses import dataclass

from rag.errors import NoTextError, RagError, UnreadableError
from rag.ingest.formats import Format
from rag.ingest.pages import Page, clean


@dataclass(frozen=True, slots=True)
class Document:
    """A document's pages that hold text, in order, and how many it has in all."""

    pages: list[Page]
    count: int


def parse(kind: Format, body: bytes, characters: int) -> Document:
    """A document's text. It may take any time and memory: child.py runs it.

    Raises UnreadableError when there is no text or it cannot be read, UnsupportedTypeError when it
    is of another format, TooLargeError when it has more than `characters`.
    """
    pages = [Page(page.number, clean(page.text)) for page in _read(kind, body, characters)]
    filled = [page for page in pages if page.text.strip()]
    if not filled:
        raise NoTextError(f"the document holds no text{kind.hint}")
    return Document(filled, len(pages))


def _read(kind: Format, body: bytes, characters: int) -> list[Page]:
    try:
        return kind.pages(body, characters)
    except (RagError, MemoryError):
        raise
    # Libraries have errors of their own for what they know, and meet broken files with any other.
    except Exception as error:
        raise UnreadableError(
            f"the {kind.name} file cannot be read ({type(error).__name__})"
        ) from error
