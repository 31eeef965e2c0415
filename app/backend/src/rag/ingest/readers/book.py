"""EPUB: a page for each chapter, in the order in which they are read."""

from rag.errors import UnreadableError
from rag.ingest.archive import Archive, beside
from rag.ingest.encoding import decoded
from rag.ingest.markup import elements
from rag.ingest.pages import Page, Pages
from rag.ingest.readers import html

_CONTAINER = "META-INF/container.xml"
_LOCKED = ("META-INF/rights.xml", "META-INF/license.lcpl")
_MAX_CHAPTER = 32 << 20


def pages(body: bytes, characters: int) -> list[Page]:
    """The chapters of a book."""
    archive = Archive(body)
    archive.need(_CONTAINER, "EPUB")
    if any(name in archive for name in _LOCKED):
        raise UnreadableError("the book is protected against copying, and cannot be read")
    out = Pages(characters)
    for part in _chapters(archive):
        out.turn()
        html.write(decoded(archive.read(part, _MAX_CHAPTER), declared=True), out)
    return out.done()


def _chapters(archive: Archive) -> list[str]:
    """The parts of a book with text, in order."""
    found = elements(archive, _CONTAINER, "rootfile")
    root = archive.need(found[0].get("full-path") if found else "", "EPUB")
    items: dict[str, str] = {}
    order: list[str] = []
    for each in elements(archive, root, "item", "itemref"):
        if each.name == "itemref":
            order.append(each.get("idref"))
        elif "html" in each.get("media-type"):
            items[each.get("id")] = beside(root, each.get("href"))
    return [items[name] for name in order if items.get(name, "") in archive]
