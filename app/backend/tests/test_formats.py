"""Files of every format, as the real reader's process takes or refuses them."""

import asyncio
import json
from email.message import EmailMessage
from importlib import import_module
from pathlib import Path

import files
import pytest
from pdf import pdf

from rag.errors import RagError
from rag.ingest.formats import FORMATS, format_of, suffix_of
from rag.ingest.limits import Limits
from rag.ingest.reader import Reader

FRONTEND = Path(__file__).parents[2] / "frontend/src/lib/formats.json"
READER = Reader(
    Limits(cpu_seconds=20, seconds=60, memory=384 << 20, characters=100_000, chunks=500),
)
GERMAN = (
    "Die Stra\u00dfe nach K\u00f6ln ist 212 km lang. Der \u201ePreis\u201c betr\u00e4gt 40 \u20ac."
)
RUSSIAN = (
    "\u0411\u0438\u043b\u0435\u0442 \u0441\u0442\u043e\u0438\u0442 500"
    " \u0440\u0443\u0431\u043b\u0435\u0439."
)
JAPANESE = (
    "\u9580\u7968\u306f\u5927\u4eba500\u5186\u3067\u3059\u3002"
    "\u99c5\u304b\u3089\u6b69\u3044\u306612\u5206\u3067\u3059\u3002"
)
PLAIN = "The harbour closes at nine.\n"


def latin_mail() -> bytes:
    """An e-mail that names no encoding for its text, which is in Latin-1."""
    return b"From: a@b.example\nSubject: Gr=?x?=\n\nDie Gr\xfc\xdfe kosten 7 Euro, sch\xf6n.\n"


def forwarded() -> bytes:
    """An e-mail with another one attached."""
    made, inner = EmailMessage(), EmailMessage()
    made["Subject"], inner["Subject"] = "Forwarded", "The older letter"
    made.set_content("See below.")
    inner.set_content("It is not quoted.")
    made.add_attachment(inner)
    return made.as_bytes()


TAKEN = {
    "notes.txt": (PLAIN.encode(), "closes at nine"),
    "app.log": (b"12:01 ERROR the valve is stuck\n", "ERROR the valve is stuck"),
    "guide.rst": (b"Valves\n======\n\nThe valve is brass.\n", "valve is brass"),
    "guide.adoc": (b"= Valves\n\nThe valve is brass.\n", "valve is brass"),
    "site.yaml": (b"valve: brass\n", "valve: brass"),
    "site.toml": (b"[valve]\nmetal = 'brass'\n", "metal = 'brass'"),
    "site.ini": (b"[valve]\nmetal=brass\n", "metal=brass"),
    "site.xml": (b"<valve metal='brass'/>", "metal='brass'"),
    "entities.xml": (b"<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>", "&b;"),
    "latin.xml": (
        '<?xml version="1.0" encoding="ISO-8859-1"?><a>Gr\u00fc\u00dfe</a>'.encode("latin-1"),
        "Gr\u00fc\u00dfe",
    ),
    ".txt": (PLAIN.encode(), "closes at nine"),
    "NOTES.TXT": (PLAIN.encode(), "closes at nine"),
    "cp1252.txt": (GERMAN.encode("cp1252"), GERMAN),
    "latin-short.txt": ("Gr\u00fc\u00dfe".encode("latin-1"), "Gr\u00fc\u00dfe"),
    "cp1251.txt": (RUSSIAN.encode("cp1251"), RUSSIAN),
    "cp932.txt": (JAPANESE.encode("cp932"), JAPANESE),
    "utf8-mark.txt": (PLAIN.encode("utf-8-sig"), "The harbour"),
    "utf16.txt": (PLAIN.encode("utf-16"), "The harbour"),
    "utf16le.txt": (PLAIN.encode("utf-16-le"), "The harbour"),
    "utf16be.txt": (PLAIN.encode("utf-16-be"), "The harbour"),
    "utf16-japanese.txt": (f"{JAPANESE}\n".encode("utf-16-le"), JAPANESE),
    "utf32.txt": (PLAIN.encode("utf-32"), "The harbour"),
    "utf32be.txt": (PLAIN.encode("utf-32-be"), "The harbour"),
    "cut.log": (("Gr\u00fc\u00dfe an alle. " * 20).encode() + b"\xc3", "an alle."),
    "mentions-pdf.md": (b"# Heads\n\nA file begins with %PDF-1.7 there.", "with %PDF-1.7 there."),
    "first-pdf.txt": (b"%PDF-1.7 is how such a file begins.", "%PDF-1.7 is how"),
    "form.pdf": (files.form_pdf(), "Boat: Seagull 7"),
    "ticked.pdf": (files.form_pdf(), "Insured: Yes"),
    "before.pdf": (b"\n\nsent by a machine\n" + pdf([["The pump hums."]]), "The pump hums."),
    "town.docx": (files.word(), "The hall opens at 8:30 on weekdays."),
    "row.docx": (files.word(), "Service: Passport; Fee: 62 EUR; Days: 10"),
    "pair.docx": (files.word(), "Room; 214"),
    "list.docx": (files.word(), "Bring your old passport."),
    "like-heading.docx": (files.word(), "# of copies: four"),
    "header.docx": (files.word(), "Municipality of Varnholm"),
    "inserted.docx": (files.word_with_changes(), "The inserted gate is green."),
    "control.docx": (files.word_with_changes(), "The control holds 77."),
    "box.docx": (files.word_with_changes(), "The box says nine."),
    "macros.docm": (files.changed(files.word(), {"word/vbaProject.bin": b"Sub"}), "The hall opens"),
    "tower.pptx": (files.slides(), "The tower is 42 metres high."),
    "notes.pptx": (files.slides(), "the keeper is Ottilie"),
    "table.pptx": (files.slides(), "Service: Passport; Fee: 62 EUR; Days: 10"),
    "prices.xlsx": (
        files.workbook(),
        "Service: Passport; Fee: 62.50 EUR; Tax: 19%; Since: 2024-03-01",
    ),
    "title.xlsx": (files.workbook(), "Price list of Varnholm"),
    "second-table.xlsx": (files.workbook(), "Aula; 214"),
    "second-sheet.xlsx": (files.workbook(), "Only one row here"),
    "formulas.xlsx": (files.formulas(), "Roof; 4711"),
    "commas.csv": (b'Service,Fee\nPassport,"62, EUR"\n', "Service: Passport; Fee: 62, EUR"),
    "semicolons.csv": (
        b"\xef\xbb\xbfService;Fee\r\nPassport;62,50\r\n",
        "Service: Passport; Fee: 62,50",
    ),
    "excel.csv": (b"sep=|\nService|Fee\nPassport|62\n", "Service: Passport; Fee: 62"),
    "no-heads.csv": (b"Passport,62\nPermit,31\n", "Passport; 62"),
    "tabs.tsv": (b"Service\tFee\nPassport\t62, EUR\n", "Service: Passport; Fee: 62, EUR"),
    "utf16.csv": ("Service\tFee\nPa\u00df\t62\n".encode("utf-16"), "Service: Pa\u00df; Fee: 62"),
    "museum.html": (files.HTML.encode(), "The museum opens at nine o'clock. Closed on Mondays."),
    "row.html": (files.HTML.encode(), "Service: Passport; Fee: 62 EUR"),
    "layout.htm": (files.HTML.encode(), "A cell that only arranges."),
    "latin.html": (b"<meta charset=iso-8859-1><p>Gr\xfc\xdfe", "Gr\u00fc\u00dfe"),
    "logo.html": (b"<h1><img src=a></h1><p>The valve is brass.", "The valve is brass."),
    "broken.html": (b"<p>The <b>valve</p> is <i>brass", "is brass"),
    "letter.eml": (files.mail(), "The key hangs in room 214."),
    "heads.eml": (files.mail(), "Subject: Schl\u00fcssel des Leuchtturms"),
    "attachment.eml": (files.mail(), "Attachments: Gr\u00fc\u00dfe.pdf"),
    "page.eml": (files.mail(html=True), "The key hangs in room 214."),
    "latin.eml": (latin_mail(), "Die Gr\u00fc\u00dfe kosten 7 Euro"),
    "forwarded.eml": (forwarded(), "Attachments: The older letter"),
    "one.json": (
        b'{"name": "Passport", "price": {"amount": 62.50}}',
        "name: Passport; price.amount: 62.50",
    ),
    "many.json": (b'[{"name": "Passport", "open": true}]', "name: Passport; open: yes"),
    "lists.json": (b'{"days": ["Mon", "Tue"]}', "days: Mon, Tue"),
    "lines.jsonl": (b'{"name": "A"}\n{"name": "B"}\n', "name: B"),
    "tower.epub": (files.book(), "The second keeper was Ada."),
}
"""Name, bytes, and what must be found in a passage."""

REFUSED = {
    "a.exe": (b"MZ", 415, "only text (.txt), Markdown (.md), PDF (.pdf), Word (.docx)"),
    "README": (b"A text", 415, "has no end such as .txt"),
    "old.doc": (files.ole("WordDocument"), 415, "save it as Word (.docx)"),
    "old.xls": (files.ole("Workbook"), 415, "save it as Excel (.xlsx)"),
    "old.ppt": (files.ole("PowerPoint Document"), 415, "save it as PowerPoint (.pptx)"),
    "rich.rtf": (b"{\\rtf1 a}", 415, "save it as Word (.docx)"),
    "open.odt": (b"PK\x03\x04", 415, "save it as Word (.docx)"),
    "renamed-old.docx": (files.ole("WordDocument"), 415, "an old Word file: save it as .docx"),
    "renamed.pdf": (files.word(), 415, "not PDF but Word: let its name end with .docx"),
    "renamed.docx": (files.form_pdf(), 415, "not Word but PDF: let its name end with .pdf"),
    "slides.xlsx": (files.slides(), 415, "not Excel but PowerPoint"),
    "sheets.pptx": (files.workbook(), 415, "not PowerPoint but Excel"),
    "word.txt": (files.word(), 415, "not text but Word"),
    "word.html": (files.word(), 415, "not HTML but Word"),
    "pdf.md": (pdf([["x"]]), 415, "not Markdown but PDF"),
    "text.docx": (PLAIN.encode(), 415, "the file's content is not Word"),
    "zip.docx": (files.zipped({"a.txt": "a"}), 415, "not Word but an archive"),
    "wrapped.docx": (
        files.zipped({"a.docx": files.word()}, stored=True),
        415,
        "its main part is missing",
    ),
    "picture.txt": (b"\x89PNG\r\n\x1a\n", 415, "not text but a picture"),
    "locked.docx": (files.ole("EncryptedPackage"), 422, "protected by a password"),
    "locked-zip.xlsx": (files.encrypted(files.workbook()), 422, "protected by a password"),
    "cut.docx": (files.word()[:-100], 422, "damaged, or was not sent whole"),
    "cut.xlsx": (files.workbook()[:-100], 422, "damaged, or was not sent whole"),
    "hidden.xlsx": (files.hidden_only(), 422, "hidden sheets are not read"),
    "pictures.docx": (files.word_of("<w:p/>"), 422, "holds no text"),
    "broken.docx": (files.word_of("<w:p>"), 422, "XML is broken"),
    "declared.docx": (files.declared_word(), 422, "declares a document type"),
    "declared.xlsx": (
        files.workbook_of("<row/>", "<!DOCTYPE a><sst/>"),
        422,
        "declares a document type",
    ),
    "copyright.epub": (
        files.changed(files.book(), {"META-INF/rights.xml": ""}),
        422,
        "protected against copying",
    ),
    "script.html": (b"<script>write()</script>", 422, "made by a script"),
    "no-mail.eml": (b"Just a text.", 422, "is no e-mail"),
    "half.json": (b'{"a": ', 422, "line 1, column 7"),
    "half.jsonl": (b'{"a": 1}\n{"a"\n', 422, "line 2 is not JSON"),
    "deep.json": (b"[" * 90 + b"1" + b"]" * 90, 422, "more than 60 deep"),
    "noise.txt": (bytes(range(1, 256)) * 9, 422, "encoding cannot be told"),
    "zeros.txt": (b"a\0b", 422, "zero bytes"),
    "wide.csv": (b"a," * 20_000, 422, "more than 16,384 columns"),
    "long.docx": (
        files.word_of("<w:p><w:r><w:t>long</w:t></w:r></w:p>" * 50_000),
        413,
        "100,000 characters",
    ),
    "scan.pdf": (pdf([[]]), 422, "is it a scan?"),
    **{f"empty{each.suffixes[0]}": (b"", 422, "the file is empty") for each in FORMATS},
}
"""Name, bytes, status, and what must be said."""

NEVER = {
    "changes.docx": (files.word_with_changes(), ("deleted", "hidden")),
    "hidden.pptx": (files.slides(), ("secret",)),
    "hidden.xlsx": (files.workbook(), ("margin",)),
    "page.html": (files.HTML.encode(), ("script", "menu", "color", "hidden rate", "Nobody")),
    "plain.eml": (files.mail(), ("in HTML",)),
    "form.pdf": (files.form_pdf(), ("9999", "Sunk")),
}
"""Name, bytes, and what may not be found."""


def read(name: str, body: bytes):
    """What the process that reads a document says of a file."""
    return asyncio.run(READER.read(format_of(name, "", body), body))


@pytest.mark.parametrize("name", TAKEN)
def test_a_file_is_taken(name):
    body, fact = TAKEN[name]
    texts = [chunk.text for chunk in read(name, body).chunks]
    assert any(fact in text for text in texts), texts


@pytest.mark.parametrize("name", REFUSED)
def test_a_file_is_refused_and_says_why(name):
    body, status, said = REFUSED[name]
    with pytest.raises(RagError) as refusal:
        read(name, body)
    assert (refusal.value.status, said in refusal.value.detail) == (status, True), refusal.value


@pytest.mark.parametrize("name", NEVER)
def test_what_nobody_sees_in_a_file_is_not_quoted(name):
    body, facts = NEVER[name]
    texts = " ".join(f"{chunk.heading} {chunk.text}" for chunk in read(name, body).chunks)
    assert texts
    assert [fact for fact in facts if fact in texts] == []


def test_pages_are_slides_sheets_and_chapters():
    assert [(c.page, c.heading) for c in read("a.pptx", files.slides()).chunks] == [
        (1, "Lighthouse"),
        (2, "Fees"),
    ]
    workbook = read("a.xlsx", files.workbook())
    assert workbook.pages == 3
    assert [(c.page, c.heading) for c in workbook.chunks] == [(1, "Prices"), (2, "Second")]
    assert [c.page for c in read("a.epub", files.book()).chunks] == [1, 2]


def test_headings_are_context_and_no_text():
    assert read("logo.html", TAKEN["logo.html"][0]).chunks[0].heading == ""
    heads = [chunk.heading for chunk in read("a.docx", files.word()).chunks]
    assert heads == ["Town hall", "Town hall > Fees"]
    assert read("a.html", files.HTML.encode()).chunks[0].heading == "Museum > Opening"
    assert read("a.eml", files.mail()).chunks[0].heading == "Schl\u00fcssel des Leuchtturms"


@pytest.mark.parametrize(
    ("value", "shape", "shown"),
    [
        (62.5, "[$\u20ac-407]#,##0.00", "\u20ac62.50"),
        (62.5, "#,##0.00\\ [$EUR]", "62.50 EUR"),
        (62.5, "[$-409]0.00", "62.50"),
        (62.5, '_($* #,##0.00_);_($* "-"??_)', "$62.50"),
        (0.125, "0.0%", "12.5%"),
        (1, '"Yes";"No"', "1"),
        (0.1 + 0.2, "General", "0.3"),
    ],
)
def test_a_number_is_told_with_its_unit(value, shape, shown):
    from rag.ingest.readers import workbook

    assert workbook._number(value, shape) == shown


def test_a_long_row_is_told_in_several_sentences_that_each_name_it():
    heads = ["Name", *(f"Property {n}" for n in range(40))]
    row = ["Passport", *(f"the value of number {n}" for n in range(40))]
    body = "\n".join(",".join(each) for each in (heads, row))
    text = "\n\n".join(chunk.text for chunk in read("long.csv", body.encode()).chunks)
    assert text.count("Name: Passport; Property") == len(text.split("\n\n")) > 1


def test_a_pdf_on_which_pypdf_fails_is_read_by_the_second_reader(monkeypatch):
    from rag.ingest.readers import pdf as reader

    def fail(*_given):
        raise ValueError("a broken table")

    monkeypatch.setattr(reader, "_by_pypdf", fail)
    found = reader.pages(pdf([["The first page hums."], ["The second one rests."]]), 1000)
    assert [page.text for page in found] == ["The first page hums.", "The second one rests."]
    with pytest.raises(ValueError, match="a broken table"):
        reader.pages(b"%PDF-1.4 nonsense", 1000)


def test_the_end_of_a_name_says_what_it_is():
    names = {"a.PDF": ".pdf", ".txt": ".txt", "a.tar.gz": ".gz", "README": "", "c:\\x\\.md": ".md"}
    assert {name: suffix_of(name) for name in names} == names


def test_a_declared_type_counts_only_where_the_name_says_nothing():
    assert format_of("report", "text/html; charset=utf-8", b"<p>a").name == "HTML"
    assert format_of("report.md", "text/html", b"a").name == "Markdown"


def test_each_format_has_a_reader_and_ends_of_its_own():
    ends = [end for each in FORMATS for end in (*each.suffixes, *each.old)]
    assert len(ends) == len(set(ends))
    assert len({each.content_type for each in FORMATS}) == len(FORMATS)
    assert all(
        callable(import_module(f"rag.ingest.readers.{each.reader}").pages) for each in FORMATS
    )


def test_the_frontend_names_what_the_backend_takes():
    ours = [
        {"name": each.name, "extensions": list(each.suffixes), "old": list(each.old)}
        for each in FORMATS
    ]
    assert json.loads(FRONTEND.read_text()) == ours


@pytest.mark.parametrize(
    ("name", "body", "question", "fact"),
    [
        ("hall.docx", files.word(), "When does the hall open on weekdays?", "opens at 8:30"),
        ("fees.xlsx", files.workbook(), "What is the fee of a passport?", "Fee: 62.50 EUR"),
        ("museum.html", files.HTML.encode(), "What do coats cost?", "Coats cost 2 EUR."),
    ],
)
def test_a_question_is_answered_from_the_file(backend, name, body, question, fact):
    made = backend.upload(name, body)
    assert made.status_code == 201, made.text
    answer = backend.ask(question)
    excerpts = [c["excerpt"] for c in answer["citations"] if c["document_id"] == made.json()["id"]]
    assert any(fact in excerpt for excerpt in excerpts), answer
    backend.delete(f"/v1/documents/{made.json()['id']}")


def test_a_renamed_file_is_refused_by_the_server_which_goes_on(backend):
    wrapped = files.zipped({"a.docx": files.word()}, stored=True)
    for name, body in (("renamed.pdf", files.word()), ("wrapped.docx", wrapped)):
        answer = backend.upload(name, body)
        assert answer.status_code == 415, answer.text
        assert answer.json()["type"].endswith("unsupported-type")
    assert backend.get("/livez").status_code == 200
