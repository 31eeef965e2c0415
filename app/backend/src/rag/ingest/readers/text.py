"""Text and Markdown."""

from rag.ingest.encoding import decoded
from rag.ingest.pages import Page, fits


def pages(body: bytes, characters: int) -> list[Page]:
    """The text of a plain file, as its one page."""
    text = decoded(body, declared=body.lstrip()[:5] == b"<?xml")
    fits(len(text), characters, "the document has")
    return [Page(1, text)]
