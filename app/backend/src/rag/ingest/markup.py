"""XML of strangers, piece by piece: no tree, no entities of its own, nothing fetched."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple, Protocol

from lxml import etree

from rag.errors import UnreadableError
from rag.ingest.archive import Archive, beside

_MAX_ELEMENTS = 200_000
"""Of a part that is kept in memory, such as the list of slides."""


DECLARES = "the file declares a document type in its XML, which none may"


class Handler(Protocol):
    """What is told of a document as it comes by. Names have no namespace."""

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        """An element begins; names of attributes are without namespaces, too."""

    def end(self, name: str) -> None:
        """An element ends."""

    def data(self, text: str) -> None:
        """Text, in pieces of any length."""


class Element(NamedTuple):
    """An element by itself: its name and attributes, without namespaces."""

    name: str
    attributes: Mapping[str, str]

    def get(self, name: str) -> str:
        """An attribute, or nothing."""
        return self.attributes.get(name, "")


class _Target:
    """Hands a handler what lxml's parser finds."""

    def __init__(self, handler: Handler) -> None:
        self._handler = handler
        self.data = handler.data

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        # Of `id` and `r:id`, which are both "id" then, the second one is meant.
        given = sorted(attributes.items(), key=_has_namespace) if attributes else ()
        self._handler.start(local(name), {local(key): value for key, value in given})

    def end(self, name: str) -> None:
        self._handler.end(local(name))

    def doctype(self, *_said: str | None) -> None:
        # No program writes one there. Entities are declared in it, and grow without end.
        raise UnreadableError(DECLARES)

    def close(self) -> None:
        """Nothing is kept."""


class _Elements:
    """Keeps the elements of some names."""

    def __init__(self, names: tuple[str, ...]) -> None:
        self._names = names
        self.found: list[Element] = []

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        if name in self._names:
            self.found.append(Element(name, attributes))
            if len(self.found) > _MAX_ELEMENTS:
                raise UnreadableError("the file has too many parts")

    def end(self, _name: str) -> None:
        """Only beginnings count."""

    def data(self, _text: str) -> None:
        """Nor does text."""


def _has_namespace(attribute: tuple[str, str]) -> bool:
    return attribute[0].startswith("{")


def local(name: str) -> str:
    """A name without its namespace."""
    return name.rpartition("}")[2]


def feed(pieces: Iterable[bytes], handler: Handler) -> None:
    """Tell a handler what is in a document. Raises UnreadableError for what is no XML."""
    parser = etree.XMLParser(
        target=_Target(handler),
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        for piece in pieces:
            parser.feed(piece)
        parser.close()
    except etree.XMLSyntaxError as error:
        raise UnreadableError(f"the file's XML is broken ({error.msg or 'it is empty'})") from None


def elements(archive: Archive, part: str, *names: str) -> list[Element]:
    """The elements of these names in a part, in order; none where there is no such part."""
    handler = _Elements(names)
    if part in archive:
        feed(archive.pieces(part), handler)
    return handler.found


class Relation(NamedTuple):
    """A part that another one refers to. kind: the last word of its type."""

    kind: str
    part: str


def relations(archive: Archive, part: str) -> dict[str, Relation]:
    """The parts that a part refers to, by id; what is outside of the file is left out."""
    folder, _, name = part.rpartition("/")
    rels = f"{folder}/_rels/{name}.rels".lstrip("/")
    return {
        each.get("Id"): Relation(
            each.get("Type").rpartition("/")[2], beside(part, each.get("Target"))
        )
        for each in elements(archive, rels, "Relationship")
        if each.get("TargetMode") != "External"
    }


def main_part(archive: Archive, usual: str, kind: str) -> str:
    """The part with which an Office file begins."""
    found = [each.part for each in relations(archive, "").values() if each.kind == "officeDocument"]
    return archive.need(next((name for name in found if name in archive), usual), kind)
