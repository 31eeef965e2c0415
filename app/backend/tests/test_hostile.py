"""Files that would hold or kill a server: each is refused or read, and the server answers on."""

import asyncio
import base64
import contextlib
import hashlib
import os
import random
import resource
import subprocess
import sys
import threading
import time
import zlib
from pathlib import Path

import httpx
import pytest
from hostile import OFFICE, WITH_QUESTIONS
from pdf import pdf

from rag.errors import RagError, UnreadableError
from rag.ingest import reader
from rag.ingest.child import NICE
from rag.ingest.formats import format_of, named
from rag.ingest.limits import Limits
from rag.ingest.parse import parse

MIB = 1 << 20


def written(objects: list[bytes]) -> bytes:
    """A PDF of these objects, numbered from 1; the first is the catalogue."""
    body = b"%PDF-1.4\n"
    offsets = []
    for number, item in enumerate(objects, 1):
        offsets.append(len(body))
        body += b"%d 0 obj\n" % number + item + b"\nendobj\n"
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    size = len(offsets) + 1
    head = b"xref\n0 %d\n0000000000 65535 f \n" % size
    end = b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF" % (size, len(body))
    return body + head + table + end


def stream(content: bytes, more: bytes = b"") -> bytes:
    """An object with a compressed stream."""
    packed = zlib.compress(content, 9)
    head = b"<< " + more + b" /Length %d /Filter /FlateDecode >>\nstream\n" % len(packed)
    return head + packed + b"\nendstream"


CATALOGUE = b"<< /Type /Catalog /Pages 2 0 R >>"
FONT = b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>"


def stream_pdf(content: bytes, pages: int = 1, fonts: int = 1) -> bytes:
    """A PDF whose pages all show one compressed stream."""
    named = b" ".join(b"/F%d 3 0 R" % n for n in range(fonts))
    kids = b" ".join(b"%d 0 R" % (5 + n) for n in range(pages))
    page = b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R"
    page += b" /Resources << /Font << " + named + b" >> >> >>"
    tree = b"<< /Type /Pages /Kids [" + kids + b"] /Count %d >>" % pages
    return written([CATALOGUE, tree, FONT, stream(content), *[page] * pages])


def laughs_pdf(depth: int = 8, width: int = 10) -> bytes:
    """A PDF whose page shows a form that shows the next one `width` times, and so on."""
    font = b"/Resources << /Font << /F0 3 0 R >> >>"
    page = b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 5 0 R"
    page += b" /Resources << /XObject << /X 6 0 R >> >> >>"
    form = b"/Type /XObject /Subtype /Form /BBox [0 0 612 792] "
    forms = [
        stream(b"/X Do\n" * width, form + b"/Resources << /XObject << /X %d 0 R >> >>" % (7 + n))
        for n in range(depth)
    ]
    last = stream(b"BT /F0 1 Tf (lol) Tj ET\n", form + font)
    tree = b"<< /Type /Pages /Kids [4 0 R] /Count 1 >>"
    return written([CATALOGUE, tree, FONT, page, stream(b"/X Do\n"), *forms, last])


def ring_pdf() -> bytes:
    """A PDF whose tree of pages has itself as a branch, and tells of a billion pages."""
    return written([CATALOGUE, b"<< /Type /Pages /Kids [2 0 R] /Count 999999999 >>"])


def deep_pdf(depth: int = 200_000) -> bytes:
    """A PDF whose only page has arrays within arrays for its size."""
    size = b"[" * depth + b"]" * depth
    page = b"<< /Type /Page /Parent 2 0 R /MediaBox " + size + b" >>"
    return written([CATALOGUE, b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>", page])


def tall_pdf(depth: int = 5_000) -> bytes:
    """A PDF whose tree of pages has one branch on each level."""
    branch = b"<< /Type /Pages /Kids [%d 0 R] /Count 1 >>"
    branches = [branch % (3 + level) for level in range(depth)]
    return written([CATALOGUE, *branches, b"<< /Type /Page /MediaBox [0 0 612 792] >>"])


def noise(size: int) -> bytes:
    return random.Random(7).randbytes(size)  # noqa: S311 - a file, no secret


HOSTILE = {
    "redos-heading.txt": lambda: b"# a" + b" " * 8000 + b"b",
    "redos-heading.md": lambda: b"# a" + b" " * 400_000 + b"#" * 400_000 + b" b",
    "hashes.md": lambda: b"#" * 1_400_000,
    "no-full-stop.txt": lambda: b"words without an end " * 450_000,
    "no-full-stop-short.txt": lambda: b"words without an end " * 60_000,
    "base64.txt": lambda: base64.b64encode(noise(MIB)),
    "abbreviations.txt": lambda: b"No. " * 50_000,
    "no-sentence-end.txt": lambda: b"no sentence end here e.g. " * 8_000,
    "closing-quotes.txt": lambda: b'."' + b'"' * 1_000_000 + b"x",
    "rules.txt": lambda: b"- - - " * 200_000 + b"x",
    "blank-lines.txt": lambda: b"\n" * 1_000_000 + b"End.",
    "long-heading.md": lambda: b"# " + b"title " * 20_000 + b"\n\n" + b"A sentence. " * 20_000,
    "many-operators.pdf": lambda: stream_pdf(b"BT /F0 1 Tf (a) Tj ET\n" * 250_000),
    "shared-stream.pdf": lambda: stream_pdf(b"BT /F0 1 Tf (lol) Tj ET\n" * 20_000, pages=1000),
    "text-bomb.pdf": lambda: stream_pdf(b"BT /F0 1 Tf (" + b"a" * 70_000_000 + b") Tj ET"),
    "many-fonts.pdf": lambda: stream_pdf(b"BT /F0 1 Tf (a) Tj ET", fonts=20_000),
    "nested-forms.pdf": laughs_pdf,
    "ring.pdf": ring_pdf,
    "deep-arrays.pdf": deep_pdf,
    "tall-tree.pdf": tall_pdf,
    "zip-bomb.pdf": lambda: stream_pdf(b" " * 300_000_000),
    "escape.txt": lambda: b"\x1b[31mThe turbine of Loviisa is red.\x1b[0m It turns.",
}
"""Shapes of text and PDF on which a parser computes for hours, or fills the memory."""
ASKED = HOSTILE | {name: OFFICE[name] for name in WITH_QUESTIONS}


class Asker(threading.Thread):
    """Asks and probes a backend until it is stopped, and notes what went wrong."""

    def __init__(self, backend) -> None:
        super().__init__(daemon=True)
        self.url = str(backend.base_url).rstrip("/")
        self.stopped = threading.Event()
        self.asked = 0
        self.failed: list[str] = []
        self.longest = 0.0

    def run(self) -> None:
        with httpx.Client(base_url=self.url, timeout=30) as client:
            number = 0
            while not self.stopped.wait(0.2):
                number += 1
                question = {"question": f"What cools reactor {number} of Halden?"}
                for call in (
                    lambda: client.get("/livez"),
                    lambda asked=question: client.post("/v1/ask", json=asked),
                ):
                    started = time.monotonic()
                    try:
                        status = call().status_code
                    except httpx.HTTPError as error:
                        status = f"{type(error).__name__}"
                    self.longest = max(self.longest, time.monotonic() - started)
                    self.asked += 1
                    if status != 200:
                        self.failed.append(f"{question}: {status}")


@pytest.fixture(scope="module")
def limits() -> dict[str, str]:
    """Less than the defaults, so that what must be ended is ended within the test."""
    return {
        "INGEST_CPU_SECONDS": "5",
        "INGEST_SECONDS": "60",
        "ANSWER_CACHE_SECONDS": "0",
        "MAX_CHUNKS": "300",
    }


def resident(pid: int) -> int:
    """MiB of memory of a process."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1]) // 1024
    return 0


def computed() -> float:
    """Seconds that processes which this one started, and which have ended, computed."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def until(what: str, condition) -> None:
    """Wait until a condition holds. what: what is said if it never does."""
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline, what
        time.sleep(0.05)


def children(pid: int) -> list[int]:
    """The processes that a process has started and that still run."""
    task = Path(f"/proc/{pid}/task")
    found: list[int] = []
    for thread in task.iterdir():
        with contextlib.suppress(FileNotFoundError):  # the thread has just ended
            found += [int(each) for each in (thread / "children").read_text().split()]
    return found


def readers(pid: int) -> list[Path]:
    """Folders in /proc of those that read documents: a program may start others, too."""
    found = []
    for child in children(pid):
        # No failure: a child that has just ended reads nothing, and callers look until one does.
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            if b"rag.ingest.child" in (Path(f"/proc/{child}") / "cmdline").read_bytes():
                found.append(Path(f"/proc/{child}"))
    return found


def reading(pid: int) -> bool:
    """Whether a reader of a server has begun with its document: it may write no file any more."""
    return any(resource.prlimit(child, resource.RLIMIT_FSIZE) == (0, 0) for child in children(pid))


@pytest.mark.slow
def test_questions_are_answered_while_hostile_files_come(start, limits, capsys):
    """The server stays up, answers everything, and its memory stays what it was."""
    backend = start(**limits)
    assert backend.upload("plant.txt", "The reactor of Halden is cooled by water.").is_success
    before = resident(backend.child.pid)
    rows = []
    for name, make in ASKED.items():
        asker = Asker(backend)
        asker.start()
        started = time.monotonic()
        answer = backend.upload(name, make(), wait=80)
        seconds = time.monotonic() - started
        asker.stopped.set()
        asker.join()
        rows.append((name, answer.status_code, seconds, asker, answer.json().get("detail", "")))
        assert not asker.failed, f"{name}: {asker.failed[:3]}"
        # A text is read in time, however it is made; what others take is up to their maker.
        taken = (201, 413) if name.endswith((".txt", ".md")) else (201, 413, 422)
        assert answer.status_code in taken, f"{name}: {answer.text}"
        if answer.status_code != 201:
            assert answer.headers["content-type"] == "application/problem+json"
        assert children(backend.child.pid) == [], f"{name}: something still reads it"
    table = "".join(
        f"{name:24} {status} {seconds:6.1f} s  {asker.asked:4} requests, 0 failed, "
        f"longest {asker.longest:4.1f} s  {detail[:70]}\n"
        for name, status, seconds, asker, detail in rows
    )
    with capsys.disabled():
        sys.stdout.write(f"\n{table}")
    assert resident(backend.child.pid) < before + 200, "the server itself has read a file"
    assert backend.child.poll() is None


@pytest.mark.slow
@pytest.mark.parametrize("name", OFFICE)
def test_a_file_is_read_or_refused_within_the_limits(name):
    """With the default memory and less time: each ends by itself, or is ended, and says why."""
    body = OFFICE[name]()
    limits = Limits(10, 90, 384 << 20, 1_500_000, 2000)
    reading = reader.Reader(limits)
    before = computed()
    outcome: object = None
    try:
        outcome = asyncio.run(reading.read(format_of(name, "", body), body))
    except RagError as refusal:
        outcome = refusal.status
    assert outcome in (413, 415, 422) or isinstance(outcome, reader.Text)
    assert "root:" not in repr(outcome)
    assert computed() - before < limits.cpu_seconds + 3


def test_a_text_that_is_too_long_is_refused_with_numbers(backend):
    answer = backend.upload("long.txt", "A sentence of a long text. " * 60_000)
    assert answer.status_code == 413
    assert "1,620,000 characters" in answer.json()["detail"]
    assert "at most 1,500,000" in answer.json()["detail"]


def test_a_text_in_too_many_parts_says_how_much_of_it_fits(start):
    backend = start(MAX_CHUNKS="3")
    answer = backend.upload("long.txt", "The pump of the plant hums all night long. " * 200)
    assert answer.status_code == 413
    assert "8,600 characters of text the first " in answer.json()["detail"]


def test_who_goes_away_leaves_a_job_that_ends(start, limits):
    """The file is safe, and its job goes on; then the next one has its turn."""
    backend = start(**limits, WORKER_CONCURRENCY="1")
    slow = HOSTILE["many-operators.pdf"]()
    with pytest.raises(httpx.ReadTimeout):
        backend.post(
            "/v1/documents",
            files={"file": ("slow.pdf", slow)},
            headers={"prefer": "wait=60"},
            timeout=2,
        )
    assert backend.upload("next.txt", "The next file has its turn.").status_code == 201
    assert children(backend.child.pid) == [], "it is still being read"
    document = backend.get(f"/v1/documents/{hashlib.sha256(slow).hexdigest()[:32]}").json()
    assert document["status"] == "failed"
    assert "takes more time to read" in document["error"]


def test_a_killed_reading_leaves_nothing(start, limits):
    backend = start(**limits, WORKER_CONCURRENCY="1")
    answers = []

    def upload() -> None:
        body = HOSTILE["many-operators.pdf"]()
        answers.append(backend.upload("k.pdf", body))

    thread = threading.Thread(target=upload)
    thread.start()
    # Before that, its end would be that of a reader which did not start.
    until("nobody reads it", lambda: reading(backend.child.pid))
    os.kill(children(backend.child.pid)[0], 9)
    thread.join()
    assert answers[0].status_code == 422
    assert backend.upload("after.txt", "The turn was given back.").status_code == 201


def test_a_reader_that_does_not_start_is_not_the_clients_fault(tmp_path, monkeypatch):
    """An image that lacks a library would refuse every file as if it were a bad one."""
    broken = tmp_path / "tokenizers.py"
    broken.write_text("raise ImportError('not here')")
    environment = {**reader._ENVIRONMENT, "PYTHONPATH": f"{tmp_path}:{reader._SOURCE}"}
    reading = reader.Reader(Limits(5, 20, 512 << 20, 10**6, 10))
    monkeypatch.setattr(reader, "_ENVIRONMENT", environment)
    with pytest.raises(RagError, match="did not start") as failure:
        asyncio.run(reading.read(named("text"), b"A good text."))
    assert failure.value.status == 500


def test_the_child_has_no_secrets_and_ends_with_its_parent(tmp_path):
    """A document that takes the parser over finds nothing in its environment."""
    program = (
        "import asyncio, os, sys\n"
        "from rag.ingest.formats import named\n"
        "from rag.ingest.limits import Limits\n"
        "from rag.ingest.reader import Reader\n"
        "limits = Limits(60, 60, 512 << 20, 10**6, 2000)\n"
        "reader = Reader(limits)\n"
        "asyncio.run(reader.read(named('PDF'), open(sys.argv[1], 'rb').read()))\n"
    )
    file = tmp_path / "slow.pdf"
    file.write_bytes(HOSTILE["many-operators.pdf"]())
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(Path(__file__).parents[1] / "src"),
        "DATABASE_URL": "postgresql://u:hunter2hunter2@h/d",
    }
    parent = subprocess.Popen([sys.executable, "-c", program, str(file)], env=environment)
    until("nobody reads it", lambda: readers(parent.pid))
    [child] = readers(parent.pid)

    def niceness() -> int:
        return int((child / "stat").read_text().split()[18])

    def running() -> bool:
        try:
            return (child / "stat").read_text().split()[2] != "Z"
        except (FileNotFoundError, ProcessLookupError):
            return False

    restrained = min(os.nice(0) + NICE, 19)
    until("it does not restrain itself", lambda: niceness() == restrained)
    assert b"hunter2" not in (child / "environ").read_bytes()
    time.sleep(0.2)
    parent.kill()
    parent.wait()
    until("it reads on, for nobody", lambda: not running())


@pytest.mark.parametrize("question", ["what is \0 it?", "\x1b[31mred?", "what\x07 rings?"])
def test_control_characters_in_a_question_are_the_clients_fault(backend, question):
    answer = backend.post("/v1/ask", json={"question": question})
    assert answer.status_code == 422, answer.text
    assert "control characters" in answer.json()["detail"]


def test_control_characters_never_come_back(backend):
    assert backend.upload("escape.txt", HOSTILE["escape.txt"]()).is_success
    answer = backend.ask("Which colour has the turbine of Loviisa?")
    assert not answer["refused"]
    assert "\x1b" not in answer["answer"] + "".join(c["excerpt"] for c in answer["citations"])


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"%PDF-1.7\nstartxref\n99999999999999999999\n%%EOF", "OverflowError"),
        (b"%PDF-1.7\nstartxref\n-5\n%%EOF", "PdfReadError"),
        (stream_pdf(b"").replace(b"/FlateDecode", b"/JBIG2Decode"), "DependencyError"),
        (stream_pdf(b"").replace(b"/FlateDecode", b"/NoSuchDecode"), "NotImplementedError"),
        (stream_pdf(b"BT [" + b"[" * 100_000 + b"] TJ ET"), "RecursionError"),
    ],
)
def test_a_pdf_on_which_the_parser_breaks_is_said_to_be_broken(body, reason):
    """And not to take too much memory, as whatever the reader's process dies of is."""
    with pytest.raises(UnreadableError, match=rf"cannot be read \({reason}\)"):
        parse(named("PDF"), body, 1000)


def test_a_text_may_write_about_pdf(backend):
    body = "The head of such a file is %PDF-1.7, and nothing else."
    assert backend.upload("mentions-pdf.md", body).status_code == 201
    assert backend.upload("no.txt", pdf([["A page."]])).status_code == 415
