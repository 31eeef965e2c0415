"""Make files of every format that is taken, real ones, with the libraries that people use."""

import zipfile
from collections.abc import Mapping, Sequence
from datetime import date
from email.message import EmailMessage
from io import BytesIO
from typing import Any, Protocol

import docx
import openpyxl
import pptx
from pptx.util import Inches

PRICES = [["Service", "Fee", "Days"], ["Passport", "62 EUR", "10"], ["Permit", "31 EUR", "3"]]
SHEET = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
TEXTS = "application/vnd.openxmlformats-officedocument.spreadsheetml.sharedStrings+xml"
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


class Saved(Protocol):
    """What a library writes to a file."""

    def save(self, file: Any, /) -> None: ...


def saved(document: Saved) -> bytes:
    """The bytes of what a library has made."""
    out = BytesIO()
    document.save(out)
    return out.getvalue()


def zipped(parts: Mapping[str, bytes | str], *, stored: bool = False) -> bytes:
    """A ZIP archive of these parts."""
    out = BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED if stored else zipfile.ZIP_DEFLATED) as file:
        for name, content in parts.items():
            file.writestr(name, content)
    return out.getvalue()


def changed(body: bytes, parts: Mapping[str, bytes | str]) -> bytes:
    """A ZIP archive with other parts in place of its own, or beside them."""
    with zipfile.ZipFile(BytesIO(body)) as file:
        kept = {name: file.read(name) for name in file.namelist()}
    return zipped({**kept, **parts})


def encrypted(body: bytes) -> bytes:
    """A ZIP archive whose parts say that they are encrypted."""
    flagged = body.replace(b"PK\x03\x04\x14\x00\x00", b"PK\x03\x04\x14\x00\x01")
    return flagged.replace(b"PK\x01\x02\x14\x03\x14\x00\x00", b"PK\x01\x02\x14\x03\x14\x00\x01")


def ole(stream: str) -> bytes:
    """The beginning of an OLE file with a stream of this name: what Office wrote before 2007."""
    return OLE + b"\0" * 504 + stream.encode("utf-16-le") + b"\0" * 512


def word() -> bytes:
    """Headings, a list, a table, a table of names and values, and a text box's stand-in."""
    made = docx.Document()
    made.add_heading("Town hall", 1)
    made.add_paragraph("The hall opens at 8:30 on weekdays.")
    made.add_heading("Fees", 2)
    made.add_paragraph("Bring your old passport.", style="List Bullet")
    made.add_paragraph("# of copies: four")
    for rows in (PRICES, [["Keeper", "Otta Brandt"], ["Room", "214"]]):
        table = made.add_table(rows=0, cols=len(rows[0]))
        for row in rows:
            for cell, text in zip(table.add_row().cells, row, strict=True):
                cell.text = text
    made.sections[0].header.paragraphs[0].text = "Municipality of Varnholm"
    return saved(made)


def word_of(body: str) -> bytes:
    """A Word file with this XML as the content of its body."""
    head = '<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
    head += ' xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006">'
    return zipped({"word/document.xml": f"{head}<w:body>{body}</w:body></w:document>"})


def word_with_changes() -> bytes:
    """Inserted, deleted and hidden text, a content control, a text box that stands there twice."""
    run = "<w:r><w:t>{}</w:t></w:r>"
    box = "<w:txbxContent><w:p>" + run.format("The box says nine.") + "</w:p></w:txbxContent>"
    return word_of(
        "<w:p><w:ins>" + run.format("The inserted gate is green.") + "</w:ins>"
        "<w:del><w:r><w:delText>The deleted gate is red.</w:delText></w:r></w:del>"
        "<w:r><w:rPr><w:vanish/></w:rPr><w:t>The hidden gate is blue.</w:t></w:r></w:p>"
        "<w:sdt><w:sdtContent><w:p>" + run.format("The control holds 77.") + "</w:p>"
        "</w:sdtContent></w:sdt>"
        "<w:p><w:r><mc:AlternateContent><mc:Choice>" + box + "</mc:Choice>"
        "<mc:Fallback>" + box + "</mc:Fallback></mc:AlternateContent></w:r></w:p>"
    )


def slides() -> bytes:
    """Two slides, one with notes and one with a table, and a hidden one."""
    made = pptx.Presentation()
    first = made.slides.add_slide(made.slide_layouts[1])
    first.shapes.title.text = "Lighthouse"
    first.placeholders[1].text = "The tower is 42 metres high."
    first.notes_slide.notes_text_frame.text = "Mention that the keeper is Ottilie."
    second = made.slides.add_slide(made.slide_layouts[5])
    second.shapes.title.text = "Fees"
    size = (Inches(1), Inches(1), Inches(6), Inches(2))
    table = second.shapes.add_table(len(PRICES), len(PRICES[0]), *size).table
    for n, row in enumerate(PRICES):
        for m, text in enumerate(row):
            table.cell(n, m).text = text
    hidden = made.slides.add_slide(made.slide_layouts[1])
    hidden.shapes.title.text = "The hidden slide is secret."
    hidden._element.set("show", "0")
    return saved(made)


def workbook() -> bytes:
    """Formats of numbers, a title above the heads, a second table, and a hidden sheet."""
    made = openpyxl.Workbook()
    sheet = made.active
    sheet.title = "Prices"
    for row in (
        ["Price list of Varnholm"],
        [],
        ["Service", "Fee", "Tax", "Since"],
        ["Passport", 62.5, 0.19, date(2024, 3, 1)],
        ["Permit", 31, 0.07, date(2023, 5, 9)],
        [],
        ["Room", "Seats"],
        ["Aula", 214],
    ):
        sheet.append(row)
    for line in (4, 5):
        sheet.cell(line, 2).number_format = '#,##0.00 "EUR"'
        sheet.cell(line, 3).number_format = "0%"
    made.create_sheet("Second").append(["Only one row here"])
    hidden = made.create_sheet("Hidden")
    hidden.append(["The hidden margin is 3"])
    hidden.sheet_state = "hidden"
    return saved(made)


def workbook_of(rows: str, shared: str = "") -> bytes:
    """An Excel file with this XML as the rows of its only sheet."""
    made = saved(openpyxl.Workbook())
    parts = {
        "xl/worksheets/sheet1.xml": f"<worksheet {SHEET}><sheetData>{rows}</sheetData></worksheet>"
    }
    if shared:
        with zipfile.ZipFile(BytesIO(made)) as file:
            types = file.read("[Content_Types].xml").decode()
        part = f'<Override PartName="/xl/sharedStrings.xml" ContentType="{TEXTS}"/></Types>'
        parts["[Content_Types].xml"] = types.replace("</Types>", part)
        parts["xl/sharedStrings.xml"] = shared
    return changed(made, parts)


def hidden_only() -> bytes:
    """A sheet with text that is hidden, beside one without any."""
    made = openpyxl.Workbook()
    hidden = made.create_sheet("Hidden")
    hidden.append(["The hidden margin is 3"])
    hidden.sheet_state = "veryHidden"
    made.active.title = "x"
    return changed(saved(made), {})


def declared_word() -> bytes:
    """A Word file that declares an entity in its XML."""
    xml = '<!DOCTYPE a [<!ENTITY b "c">]><w:document xmlns:w="w">&b;</w:document>'
    return zipped({"word/document.xml": xml})


def formulas() -> bytes:
    """A formula with the value that Excel has last shown, and one that it has never computed."""
    return workbook_of(
        '<row r="1"><c r="A1" t="str"><v>Item</v></c><c r="B1" t="str"><v>Sum</v></c></row>'
        '<row r="2"><c r="A2" t="str"><v>Roof</v></c>'
        '<c r="B2"><f>SUM(C1:C9)</f><v>4711</v></c></row>'
        '<row r="3"><c r="A3" t="str"><v>Door</v></c><c r="B3"><f>1+1</f></c></row>'
    )


HTML = """<!DOCTYPE html><html><head><title>Museum of Varnholm</title>
<style>p { color: red }</style><script>var secret = "the script is read";</script></head>
<body><nav><a href="/">The menu of all pages</a></nav><h1>Museum</h1><h2>Opening</h2>
<p>The museum opens at <b>nine</b> o&#39;clock.<br>Closed on Mondays.</p>
<p hidden>The hidden rate is 5.</p><div style="display: none">Nobody sees this.</div>
<ul><li>Dogs stay outside.<li>Coats cost 2 EUR.</ul>
<table><tr><th>Service<th>Fee<tr><td>Passport<td>62 EUR<tr><td>Permit<td>31 EUR</table>
<table><tr><td><table><tr><td>Inner</td></tr></table><td>A cell that only arranges.</table>
<pre>line one
  line two</pre></body></html>"""


def mail(*, html: bool = False) -> bytes:
    """An e-mail with an attachment, and headers beyond ASCII."""
    made = EmailMessage()
    made["From"] = "Ottilie Brandt <ottilie@varnholm.example>"
    made["To"] = "hall@varnholm.example"
    made["Date"] = "Mon, 4 Mar 2024 10:00:00 +0100"
    made["Subject"] = "Schl\u00fcssel des Leuchtturms"
    if html:
        made.set_content("<p>The key hangs in room <b>214</b>.</p>", subtype="html")
    else:
        made.set_content("The key hangs in room 214.\n\n# It is not a heading.\n")
        made.add_alternative("<p>The key hangs in HTML.</p>", subtype="html")
    made.add_attachment(
        b"%PDF-", maintype="application", subtype="pdf", filename="Gr\u00fc\u00dfe.pdf"
    )
    return made.as_bytes()


def book(
    *, chapters: Sequence[str] = ("The tower was built in 1843.", "The second keeper was Ada.")
):
    """A book with two chapters, of which the second stands first in the archive."""
    names = [f"c{n}.xhtml" for n in range(len(chapters))]
    items = "".join(
        f'<item id="i{n}" href="{name}" media-type="application/xhtml+xml"/>'
        for n, name in enumerate(names)
    )
    order = "".join(f'<itemref idref="i{n}"/>' for n in range(len(names)))
    opf = f"<package><manifest>{items}</manifest><spine>{order}</spine></package>"
    container = '<container><rootfiles><rootfile full-path="b/c.opf"/></rootfiles></container>'
    head = '<?xml version="1.0" encoding="utf-8"?>'
    pages = {
        f"b/{name}": f"{head}<html><body><p>{text}</p></body></html>"
        for name, text in reversed(list(zip(names, chapters, strict=True)))
    }
    kind = {"mimetype": "application/epub+zip"}
    return zipped({**kind, **pages, "META-INF/container.xml": container, "b/c.opf": opf})


def form_pdf() -> bytes:
    """A PDF with a page of text, and a form that is filled in."""
    text = b"BT /F0 12 Tf 50 700 Td (Application for a berth) Tj ET"
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R /AcroForm << /Fields [6 0 R 7 0 R 8 0 R 9 0 R] >> >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 5 0 R /Resources"
        b" << /Font << /F0 4 0 R >> >> /Annots [6 0 R 7 0 R 8 0 R 9 0 R] >>",
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(text), text),
        b"<< /Type /Annot /Subtype /Widget /FT /Tx /T (Boat) /V (Seagull 7) /Rect [0 0 9 9] >>",
        b"<< /Type /Annot /Subtype /Widget /FT /Btn /T (Insured) /V /Yes /Rect [0 0 9 9] >>",
        b"<< /Type /Annot /Subtype /Widget /FT /Tx /T (Pin) /V (9999) /Ff 8192 /Rect [0 0 9 9] >>",
        b"<< /Type /Annot /Subtype /Widget /FT /Btn /T (Sunk) /V /Off /Rect [0 0 9 9] >>",
    ]
    return pdf_of(objects)


def pdf_of(objects: Sequence[bytes], *, table: bool = True) -> bytes:
    """A PDF of these objects, numbered from 1, the first of which is the catalogue."""
    body, offsets = b"%PDF-1.4\n", []
    for number, item in enumerate(objects, 1):
        offsets.append(len(body))
        body += b"%d 0 obj\n" % number + item + b"\nendobj\n"
    entries = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    size = len(offsets) + 1
    head = b"xref\n0 %d\n0000000000 65535 f \n" % size
    end = b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF" % (size, len(body))
    return body + (head + entries if table else b"") + end
