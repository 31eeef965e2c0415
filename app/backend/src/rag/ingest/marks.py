"""What a file is by its bytes, whatever it is called."""

from dataclasses import dataclass

from rag.errors import UnreadableError

PDF = b"%PDF-"
_NEAR = 1024
"""Bytes within which a PDF's head stands: something may be before it."""
_FIRST_OBJECT = 1 << 16
_ZIP = (b"PK\x03\x04", b"PK\x05\x06")
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


@dataclass(frozen=True, slots=True)
class Content:
    """One kind of content. mark: bytes in such a file; name: for people; remedy: what to do."""

    mark: bytes
    name: str
    remedy: str = ""


# Of a ZIP archive: the name of a part, which stands in it as it is.
_IN_ZIP = (
    Content(b"word/document", "Word"),
    Content(b"ppt/presentation", "PowerPoint"),
    Content(b"xl/workbook.xml", "Excel"),
    Content(b"META-INF/container.xml", "EPUB"),
    Content(b"xl/workbook.bin", "a binary Excel file", "save it as .xlsx"),
    Content(b"application/vnd.oasis.opendocument", "OpenDocument", "save it as .docx or .xlsx"),
)
# Of an old Office file: the name of a stream, in UTF-16.
_IN_OLE = (
    Content(b"WordDocument", "an old Word file", "save it as .docx"),
    Content(b"Workbook", "an old Excel file", "save it as .xlsx"),
    Content(b"PowerPoint Document", "an old PowerPoint file", "save it as .pptx"),
    Content(b"__substg1.0", "an Outlook message", "save it as .eml"),
)
_OTHERS = (
    Content(b"{\\rtf", "RTF", "save it as .docx"),
    Content(b"\x89PNG\r\n", "a picture"),
    Content(b"\xff\xd8\xff", "a picture"),
    Content(b"GIF89a", "a picture"),
    Content(b"\x1f\x8b\x08", "a compressed file", "unpack it"),
    Content(b"7z\xbc\xaf\x27\x1c", "an archive", "unpack it"),
    Content(b"Rar!\x1a\x07", "an archive", "unpack it"),
    Content(b"\x7fELF", "a program"),
)


def contents(body: bytes) -> tuple[Content, ...]:
    """What the bytes may be; nothing for a text, or for what is not known.

    Raises UnreadableError for an Office file that is protected by a password.
    """
    if body.startswith(PDF) and b" obj" in body[:_FIRST_OBJECT]:
        return (Content(PDF, "PDF"),)
    if body.startswith(_ZIP):
        parts = tuple(each for each in _IN_ZIP if each.mark in body)
        return parts or (Content(b"", "an archive", "unpack it"),)
    if body.startswith(_OLE):
        return _old(body)
    return tuple(each for each in _OTHERS if body.startswith(each.mark))


def may_be_pdf(body: bytes) -> bool:
    """Whether the head of a PDF stands where a PDF may have it."""
    return PDF in body[:_NEAR]


def _old(body: bytes) -> tuple[Content, ...]:
    """What an OLE file is: what Office wrote before 2007, and what it encrypts today."""
    if "EncryptedPackage".encode("utf-16-le") in body:
        raise UnreadableError("the file is protected by a password: save it without one")
    streams = tuple(
        each for each in _IN_OLE if each.mark.decode("ascii").encode("utf-16-le") in body
    )
    return streams or (Content(b"", "an old Office file", "save it as .docx, .xlsx or .pptx"),)
