"""Files on which a reader of Office files, pages, e-mails and records would compute for hours."""

import json
import zipfile
import zlib
from io import BytesIO

import files

MIB = 1 << 20
WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
TEXT = "The pump of Halden hums."


def document(body: bytes, head: str = "") -> bytes:
    """A Word file with these bytes in its body, and something before it."""
    opened = f'{head}<w:document xmlns:w="{WORD}"><w:body>'.encode()
    return files.zipped({"word/document.xml": opened + body + b"</w:body></w:document>"})


def laughs(name: str = "lol", *, levels: int = 12) -> str:
    """Entities of which each is ten of the one before."""
    rows = [f'<!ENTITY {name}0 "lol">']
    rows += [f'<!ENTITY {name}{n} "{f"&{name}{n - 1};" * 10}">' for n in range(1, levels)]
    return f"<!DOCTYPE x [{''.join(rows)}]>"


def outside(address: str) -> str:
    """An entity that stands in another file, or on another server."""
    return f'<!DOCTYPE x [<!ENTITY lol11 SYSTEM "{address}">]>'


PARAGRAPH = b"<w:p><w:r><w:t>a</w:t></w:r></w:p>"
ENTITY = b"<w:p><w:r><w:t>&lol11;</w:t></w:r></w:p>"
NESTED = b"<w:tbl><w:tr><w:tc>"
NESTED_END = b"</w:tc></w:tr></w:tbl>"


def shared(content: str) -> bytes:
    """An Excel file with this XML as its table of texts, of which one cell shows the first."""
    return files.workbook_of('<row r="1"><c r="A1" t="s"><v>0</v></c></row>', content)


def lying() -> bytes:
    """A Word file whose part is a thousand times as long as the archive says."""
    body = document(PARAGRAPH * 100_000)
    with zipfile.ZipFile(BytesIO(body)) as file:
        size = file.getinfo("word/document.xml").file_size
    return body.replace(size.to_bytes(4, "little"), (size // 1000).to_bytes(4, "little"))


def many_slides() -> bytes:
    """A presentation that shows one slide a hundred thousand times."""
    main = files.slides()
    ids = "".join(f'<p:sldId id="{256 + n}" r:id="r1"/>' for n in range(100_000))
    space = "http://schemas.openxmlformats.org/"
    xml = (
        f'<p:presentation xmlns:p="{space}presentationml/2006/main" '
        f'xmlns:r="{space}officeDocument/2006/relationships"><p:sldIdLst>{ids}</p:sldIdLst>'
        "</p:presentation>"
    )
    rels = (
        f'<Relationships xmlns="{space}package/2006/relationships">'
        f'<Relationship Id="r1" Type="{space}officeDocument/2006/relationships/slide" '
        'Target="slides/slide1.xml"/></Relationships>'
    )
    parts = {"ppt/presentation.xml": xml, "ppt/_rels/presentation.xml.rels": rels}
    return files.changed(main, parts)


def big_slide() -> bytes:
    """A presentation with a slide of five million empty paragraphs."""
    space = "http://schemas.openxmlformats.org/drawingml/2006/main"
    xml = f'<sld xmlns:a="{space}">' + "<a:p><a:t/></a:p>" * 5_000_000 + "</sld>"
    return files.changed(files.slides(), {"ppt/slides/slide1.xml": xml})


def nested_mail(depth: int) -> bytes:
    """An e-mail of parts within parts."""
    head = b"From: a@b.example\n"
    for n in range(depth):
        head += b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (n, n)
    return head + b"\nEnd.\n"


OFFICE = {
    "blanks.docx": lambda: document(b" " * (300 * MIB)),
    "paragraphs.docx": lambda: document(PARAGRAPH * 3_000_000),
    "empty.docx": lambda: document(b"<w:p/>" * 40_000_000),
    "one-text.docx": lambda: document(b"<w:p><w:r><w:t>" + b"a" * (200 * MIB)),
    "laughs.docx": lambda: document(ENTITY, laughs()),
    "outside.docx": lambda: document(ENTITY, outside("file:///etc/passwd")),
    "deep.docx": lambda: document(NESTED * 100_000 + NESTED_END * 100_000),
    "deep-tables.docx": lambda: document(NESTED * 60 + PARAGRAPH * 9 + NESTED_END * 60),
    "wide-table.docx": lambda: document(
        b"<w:tbl><w:tr>" + b"<w:tc><w:p/></w:tc>" * 1_000_000 + b"</w:tr></w:tbl>"
    ),
    "lying.docx": lying,
    "parts.docx": lambda: files.changed(
        files.word(), {f"word/media/{n}.png": b"" for n in range(40_000)}
    ),
    "attributes.docx": lambda: document(
        b"<w:p " + b" ".join(b'a%d="1"' % n for n in range(500_000)) + b"/>"
    ),
    "styles.docx": lambda: files.changed(
        files.word(),
        {"word/styles.xml": f'<w:styles xmlns:w="{WORD}">' + "<w:style/>" * 3_000_000},
    ),
    "slides.pptx": many_slides,
    "shapes.pptx": big_slide,
    "laughs.pptx": lambda: files.changed(
        files.slides(), {"ppt/slides/slide1.xml": f"{laughs()}<sld>&lol11;</sld>"}
    ),
    "rows.xlsx": lambda: files.workbook_of('<row><c t="str"><v>a</v></c></row>' * 2_000_000),
    "empty-rows.xlsx": lambda: files.workbook_of("<row/>" * 20_000_000),
    "columns.xlsx": lambda: files.workbook_of(
        "<row>" + '<c t="str"><v>a</v></c>' * 1_000_000 + "</row>"
    ),
    "far.xlsx": lambda: files.workbook_of('<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'),
    "far-rows.xlsx": lambda: files.workbook_of('<row r="9999999999"><c><v>1</v></c></row>'),
    "far-columns.xlsx": lambda: files.workbook_of('<row r="1"><c r="ZZZZ1"><v>1</v></c></row>'),
    "padded.xlsx": lambda: files.workbook_of(
        "".join(f'<row r="{n}"><c r="XFD{n}"><v>1</v></c></row>' for n in range(1, 200_000))
    ),
    "digits.xlsx": lambda: files.workbook_of(
        '<row r="1"><c><v>' + "9" * 2_000_000 + "</v></c></row>"
    ),
    "laughs.xlsx": lambda: shared(f"{laughs()}<sst {files.SHEET}><si><t>&lol11;</t></si></sst>"),
    "outside.xlsx": lambda: shared(
        f"{outside('file:///etc/passwd')}<sst {files.SHEET}><si><t>&lol11;</t></si></sst>"
    ),
    "texts.xlsx": lambda: shared(
        f"<sst {files.SHEET}>" + "<si><t>a</t></si>" * 10_000_000 + "</sst>"
    ),
    "text.xlsx": lambda: shared(
        f"<sst {files.SHEET}><si><t>" + "a" * (240 * MIB) + "</t></si></sst>"
    ),
    "broken-styles.xlsx": lambda: files.changed(files.workbook(), {"xl/styles.xml": "<a><b/>"}),
    "deep.html": lambda: b"<div>" * 2_000_000 + TEXT.encode(),
    "bold.html": lambda: (b"<b>" * 20 + b"<p>a") * 150_000,
    "tables.html": lambda: b"<table><tr><td>" * 500_000 + TEXT.encode(),
    "marks.html": lambda: b"<" * 5_000_000,
    "entities.html": lambda: b"&#x41;" * 1_700_000,
    "comments.html": lambda: b"<!--" * 2_500_000,
    "attributes.html": lambda: b"<p " + b" ".join(b"a%d=1" % n for n in range(900_000)) + b">",
    "menus.html": lambda: b"<nav>" + b"<b></i>" * 1_000_000,
    "cells.html": lambda: b"<table><tr>" + b"<td colspan=64>a" * 600_000,
    "deep.eml": lambda: nested_mail(20_000),
    "parts.eml": lambda: (
        b"From: a@b.example\nContent-Type: multipart/mixed; boundary=b\n\n"
        + b"--b\n\na\n" * 300_000
    ),
    "words.eml": lambda: b"Subject: " + b"=?utf-8?q?a?= " * 700_000 + b"\n\nEnd.",
    "heads.eml": lambda: b"From: a@b.example\n" * 500_000 + b"\nEnd.",
    "folded.eml": lambda: b"Subject: a\n" + b" \n" * 3_000_000 + b"\nEnd.",
    "deep.json": lambda: b"[" * 5_000_000,
    "deep-names.json": lambda: b'{"a":' * 90_000 + b"1" + b"}" * 90_000,
    "lists.json": lambda: b"[" + b"[]," * 3_000_000 + b"[]]",
    "names.json": lambda: json.dumps(
        {"n" * 100_000: {"m" * 100_000: {str(n): 1 for n in range(300_000)}}}
    ).encode(),
    "digits.json": lambda: b"[" + b"9" * 5_000_000 + b"]",
    "lines.jsonl": lambda: b"{}\n" * 3_000_000,
    "columns.csv": lambda: b"a," * 5_000_000,
    "quotes.csv": lambda: b'"' * 5_000_000,
    "field.csv": lambda: b"a,b\n1," + b"a" * 5_000_000,
    "heads.csv": lambda: b"h" * 1_000_000 + b",b\n" + b"1,2\n" * 500_000,
    "blank-rows.csv": lambda: (b"a," * 10_000 + b"\n,\n") * 400,
    "blanks.epub": lambda: files.changed(files.book(), {"b/c0.xhtml": b" " * (200 * MIB)}),
    "chapters.epub": lambda: files.book(chapters=[TEXT] * 9_000),
    "zeros.txt": lambda: b"\0" * 5_000_000,
    "wide.txt": lambda: ("a" * 4_000_000).encode("utf-16-le"),
    "noise.txt": lambda: zlib.compress(str(list(range(400_000))).encode()),
    "letters.txt": lambda: b"\xe4\xf6\xfc\xdf" * 2_000_000,
    "rtf.txt": lambda: b"{\\rtf1 " + b"{" * 1_000_000,
}
"""Each is refused within the limits, or read."""

WITH_QUESTIONS = (
    "paragraphs.docx",
    "laughs.docx",
    "lying.docx",
    "shapes.pptx",
    "columns.xlsx",
    "padded.xlsx",
    "texts.xlsx",
    "tables.html",
    "menus.html",
    "parts.eml",
    "lists.json",
    "columns.csv",
    "blanks.epub",
)
"""Those with which a server is tried, while it is asked."""
