"""The document formats that are taken: a further one is a row here, and one of the frontend's."""

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from pathlib import PurePath

from rag.errors import UnreadableError, UnsupportedTypeError
from rag.ingest.marks import Content, contents, may_be_pdf
from rag.ingest.pages import Page


@dataclass(frozen=True, slots=True)
class Format:
    """One format.

    name: as people call it; suffixes: ends of file names, the usual one first; content_type: what
    it is kept as; declared: types by which files without a suffix are known; reader: the module of
    ingest/readers whose `pages` reads it; headings: whether lines may be headings as in Markdown;
    binary: whether such a file is known by its bytes; old: ends of names of formats that are not
    taken, and that the same programs save as this one; hint: what may be wrong with a file that
    holds no text.
    """

    name: str
    suffixes: tuple[str, ...]
    content_type: str
    declared: tuple[str, ...]
    reader: str
    headings: bool = False
    binary: bool = False
    old: tuple[str, ...] = ()
    hint: str = ""

    @property
    def pages(self) -> Callable[[bytes, int], list[Page]]:
        """Reads a body of at most so many characters; its libraries are loaded only now."""
        found: Callable[[bytes, int], list[Page]]
        found = import_module(f"rag.ingest.readers.{self.reader}").pages
        return found


_OFFICE = "application/vnd.openxmlformats-officedocument"

FORMATS = (
    Format(
        name="text",
        suffixes=(
            *(".txt", ".text", ".log", ".rst", ".adoc", ".asciidoc", ".yaml", ".yml", ".toml"),
            *(".ini", ".cfg", ".conf", ".properties", ".xml"),
        ),
        content_type="text/plain; charset=utf-8",
        declared=("text/plain", "application/xml", "text/xml", "application/yaml"),
        reader="text",
    ),
    Format(
        name="Markdown",
        suffixes=(".md", ".markdown"),
        content_type="text/markdown; charset=utf-8",
        declared=("text/markdown", "text/x-markdown"),
        reader="text",
        headings=True,
    ),
    Format(
        name="PDF",
        suffixes=(".pdf",),
        content_type="application/pdf",
        declared=("application/pdf",),
        reader="pdf",
        binary=True,
        hint=" (is it a scan?)",
    ),
    Format(
        name="Word",
        suffixes=(".docx", ".docm", ".dotx"),
        content_type=f"{_OFFICE}.wordprocessingml.document",
        declared=(f"{_OFFICE}.wordprocessingml.document",),
        reader="word",
        headings=True,
        binary=True,
        old=(".doc", ".dot", ".odt", ".rtf", ".pages"),
        hint=" (are there only pictures in it?)",
    ),
    Format(
        name="PowerPoint",
        suffixes=(".pptx", ".pptm", ".ppsx", ".potx"),
        content_type=f"{_OFFICE}.presentationml.presentation",
        declared=(f"{_OFFICE}.presentationml.presentation",),
        reader="slides",
        headings=True,
        binary=True,
        old=(".ppt", ".pps", ".odp", ".key"),
        hint=" (hidden slides and pictures are not read)",
    ),
    Format(
        name="Excel",
        suffixes=(".xlsx", ".xlsm", ".xltx"),
        content_type=f"{_OFFICE}.spreadsheetml.sheet",
        declared=(f"{_OFFICE}.spreadsheetml.sheet",),
        reader="workbook",
        headings=True,
        binary=True,
        old=(".xls", ".xlt", ".xlsb", ".ods", ".numbers"),
        hint=" (hidden sheets are not read)",
    ),
    Format(
        name="CSV",
        suffixes=(".csv", ".tsv", ".tab"),
        content_type="text/csv; charset=utf-8",
        declared=("text/csv", "text/tab-separated-values"),
        reader="table",
    ),
    Format(
        name="HTML",
        suffixes=(".html", ".htm", ".xhtml"),
        content_type="text/html; charset=utf-8",
        declared=("text/html", "application/xhtml+xml"),
        reader="html",
        headings=True,
        old=(".mht", ".mhtml"),
        hint=" (is it made by a script?)",
    ),
    Format(
        name="e-mail",
        suffixes=(".eml",),
        content_type="message/rfc822",
        declared=("message/rfc822",),
        reader="mail",
        headings=True,
        old=(".msg",),
    ),
    Format(
        name="JSON",
        suffixes=(".json", ".jsonl", ".ndjson"),
        content_type="application/json",
        declared=("application/json", "application/x-ndjson", "application/jsonl"),
        reader="records",
    ),
    Format(
        name="EPUB",
        suffixes=(".epub",),
        content_type="application/epub+zip",
        declared=("application/epub+zip",),
        reader="book",
        headings=True,
        binary=True,
        old=(".mobi", ".azw3"),
    ),
)


OCR = Format(
    name="OCR",
    suffixes=(),
    content_type="",
    declared=(),
    reader="ocr",
    hint=", also none that OCR finds",
)
"""What a service has read in a scan: nobody uploads it."""


def listed(names: tuple[str, ...]) -> str:
    """A list as people say it: "a, b and c"."""
    return " and ".join([", ".join(names[:-1]), names[-1]] if names[1:] else names)


def named(name: str) -> Format:
    """The format of a name."""
    return next(each for each in (*FORMATS, OCR) if each.name == name)


def kept_as(content_type: str) -> Format:
    """The format of a document that was taken in before."""
    return next(each for each in FORMATS if each.content_type == content_type)


def suffix_of(filename: str) -> str:
    """The end of a file's name that says what it is, also of one that is nothing else: ".txt"."""
    name = PurePath(filename.replace("\\", "/")).name.lower()
    return PurePath(f"_{name}").suffix


def format_of(filename: str, content_type: str, body: bytes) -> Format:
    """What a file is, by name or declared type, and checked against its bytes.

    Raises UnsupportedTypeError for anything but FORMATS, UnreadableError for an empty file.
    """
    found = _by_name(suffix_of(filename), content_type.partition(";")[0].strip().lower())
    if not body:
        raise UnreadableError("the file is empty: there is no text in it")
    held = contents(body)
    # Something may stand before the head of a PDF; of a text nothing is known.
    right = may_be_pdf(body) and not held if found.name == "PDF" else not (found.binary or held)
    if not right and found.name not in {each.name for each in held}:
        raise UnsupportedTypeError(_mismatch(found, held))
    return found


def check_name(filename: str) -> None:
    """Raise UnsupportedTypeError for a name whose end is that of no format that is taken."""
    if suffix := suffix_of(filename):
        _by_name(suffix, "")


def _by_name(suffix: str, declared: str) -> Format:
    # The name decides: browsers send Markdown as application/octet-stream.
    for each in FORMATS:
        if suffix in each.suffixes if suffix else declared in each.declared:
            return each
    for each in FORMATS:
        if suffix and suffix in each.old:
            raise UnsupportedTypeError(
                f"files that end with {suffix} are not taken: save it as {each.name} "
                f"({each.suffixes[0]})"
            )
    said = "" if suffix else "the file's name has no end such as .txt that says what it is: "
    taken = listed(tuple(f"{each.name} ({each.suffixes[0]})" for each in FORMATS))
    raise UnsupportedTypeError(f"{said}only {taken} are taken")


def _mismatch(found: Format, held: tuple[Content, ...]) -> str:
    """What is said of a file whose bytes are not what its name says."""
    said = f"the file's content is not {found.name}"
    if not held:
        return said
    right = [each.suffixes[0] for each in FORMATS if each.name == held[0].name]
    remedy = held[0].remedy or (f"let its name end with {right[0]}" if right else "")
    return f"{said} but {held[0].name}" + (f": {remedy}" if remedy else "")
