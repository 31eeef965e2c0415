"""The document formats that are taken: a further one is a row here, and one of the frontend's."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import PurePath

from rag.errors import UnsupportedTypeError
from rag.ingest.pages import Page, of_pdf, of_text


@dataclass(frozen=True, slots=True)
class Format:
    """One format.

    name: as people call it; suffixes: ends of file names, the usual one first; content_type: what
    it is kept as; declared: types by which files without a suffix are known; pages: reads it, given
    the body and the most characters; headings: whether lines may be headings as in Markdown; mark:
    bytes near the start by which such a file is known, whatever it is called; hint: what may be
    wrong with one that holds no text.
    """

    name: str
    suffixes: tuple[str, ...]
    content_type: str
    declared: tuple[str, ...]
    pages: Callable[[bytes, int], list[Page]]
    headings: bool = False
    mark: bytes = b""
    hint: str = ""


FORMATS = (
    Format(
        name="text",
        suffixes=(".txt", ".text"),
        content_type="text/plain; charset=utf-8",
        declared=("text/plain",),
        pages=of_text,
    ),
    Format(
        name="Markdown",
        suffixes=(".md", ".markdown"),
        content_type="text/markdown; charset=utf-8",
        declared=("text/markdown", "text/x-markdown"),
        pages=of_text,
        headings=True,
    ),
    Format(
        name="PDF",
        suffixes=(".pdf",),
        content_type="application/pdf",
        declared=("application/pdf",),
        pages=of_pdf,
        mark=b"%PDF-",
        hint=" (is it a scan?)",
    ),
)


def listed(names: tuple[str, ...]) -> str:
    """A list as people say it: "a, b and c"."""
    return " and ".join([", ".join(names[:-1]), names[-1]] if names[1:] else names)


def named(name: str) -> Format:
    """The format of a name."""
    return next(each for each in FORMATS if each.name == name)


def kept_as(content_type: str) -> Format:
    """The format of a document that was taken in before."""
    return next(each for each in FORMATS if each.content_type == content_type)


def format_of(filename: str, content_type: str, body: bytes) -> Format:
    """What a file is, by name or declared type, and checked against its bytes.

    Raises UnsupportedTypeError for anything but FORMATS.
    """
    suffix = PurePath(filename).suffix.lower()
    declared = content_type.partition(";")[0].strip().lower()
    # The name decides: browsers send Markdown as application/octet-stream.
    fitting = [
        each
        for each in FORMATS
        if (suffix in each.suffixes if suffix else declared in each.declared)
    ]
    if not fitting:
        taken = listed(tuple(f"{each.name} ({each.suffixes[0]})" for each in FORMATS))
        raise UnsupportedTypeError(f"only {taken} are taken")
    found = fitting[0]
    # A PDF may have something before its head; a text may write about PDF.
    others = tuple(each.mark for each in FORMATS if each.mark and each != found)
    if found.mark not in body[:1024] or body.startswith(others):
        raise UnsupportedTypeError(f"the file's content is not {found.name}")
    return found
