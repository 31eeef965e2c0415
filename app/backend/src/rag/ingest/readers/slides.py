"""PowerPoint: a page for each slide, with its notes. Hidden slides are pages without text."""

from collections.abc import Mapping

from rag.ingest.archive import Archive
from rag.ingest.markup import elements, feed, main_part, relations
from rag.ingest.pages import Page, Pages, line
from rag.ingest.rows import told

_TITLES = ("title", "ctrTitle")
# Numbers, dates and lines that stand on every slide.
_REPEATED = ("sldNum", "dt", "ftr", "hdr", "sldImg")
_FALSE = ("0", "false")


def pages(body: bytes, characters: int) -> list[Page]:
    """The slides of a presentation, in their order."""
    archive = Archive(body)
    main = main_part(archive, "ppt/presentation.xml", "PowerPoint")
    known = relations(archive, main)
    out = Pages(characters)
    for each in elements(archive, main, "sldId"):
        slide = known.get(each.get("id"))
        out.turn()
        if slide and slide.part in archive:
            _slide(archive, slide.part, out)
    return out.done()


def _slide(archive: Archive, part: str, out: Pages) -> None:
    slide = _Shapes()
    feed(archive.pieces(part), slide)
    if slide.hidden:
        return
    # The title may be any of the shapes; what stands on the slide is about it.
    out.heading(" ".join(slide.titles))
    _write(slide, out)
    for relation in relations(archive, part).values():
        if relation.part not in archive or relation.kind not in ("notesSlide", "diagramData"):
            continue
        shapes = _Shapes()
        feed(archive.pieces(relation.part), shapes)
        _write(shapes, out)


def _write(shapes: "_Shapes", out: Pages) -> None:
    for block in shapes.blocks:
        out.block(block)


class _Shapes:
    """Keeps the text of the shapes of one slide, its tables as sentences."""

    def __init__(self) -> None:
        self.hidden = False
        self.titles: list[str] = []
        self.blocks: list[str] = []
        self._skipped = 0
        self._kind = ""
        self._text: list[str] = []
        self._collecting = False
        self._rows: list[list[str]] | None = None
        self._cell: list[str] = []

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        if self._skipped or name == "Fallback":
            self._skipped += 1
        elif name == "sld":
            self.hidden = attributes.get("show") in _FALSE
        elif name == "sp":
            self._kind = ""
        elif name == "ph":
            self._kind = attributes.get("type", "")
        elif name in ("p", "t", "br"):
            self._write(name)
        elif name in ("tbl", "tr", "tc"):
            self._table(name)

    def end(self, name: str) -> None:
        if self._skipped:
            self._skipped -= 1
        elif name == "t":
            self._collecting = False
        elif name == "p":
            self._paragraph(line("".join(self._text)))
        elif name == "tc" and self._rows:
            # The cells that a wide one covers stand in the file as empty ones.
            self._rows[-1].append(" ".join(self._cell))
        elif name == "tbl" and self._rows is not None:
            self.blocks += told(self._rows)
            self._rows = None
        elif name == "sp":
            self._kind = ""

    def data(self, text: str) -> None:
        if self._collecting and not self._skipped:
            self._text.append(text)

    def _write(self, name: str) -> None:
        if name == "p":
            self._text = []
        elif name == "t":
            self._collecting = True
        else:
            self._text.append(" ")

    def _table(self, name: str) -> None:
        if name == "tbl":
            self._rows = []
        elif name == "tr" and self._rows is not None:
            self._rows.append([])
        else:
            self._cell = []

    def _paragraph(self, text: str) -> None:
        if not text or self._kind in _REPEATED:
            return
        if self._rows is not None:
            self._cell.append(text)
        elif self._kind in _TITLES:
            self.titles.append(text)
        else:
            self.blocks.append(text)
