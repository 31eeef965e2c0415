"""A document's text, whatever its format."""

from dataclasses import dataclass

from rag.errors import UnreadableError
from rag.ingest.formats import Format
from rag.ingest.pages import Page


@dataclass(frozen=True, slots=True)
class Document:
    """A document's pages that hold text, in order, and how many it has in all."""

    pages: list[Page]
    count: int


def parse(kind: Format, body: bytes, characters: int) -> Document:
    """A document's text. It may take any time and memory: child.py runs it.

    Raises UnreadableError when there is no text or it cannot be read, TooLargeError when it has
    more than `characters`.
    """
    pages = kind.pages(body, characters)
    filled = [page for page in pages if page.text.strip()]
    if not filled:
        raise UnreadableError(f"the document holds no text{kind.hint}")
    return Document(filled, len(pages))
