"""The command line and the client, against a real backend."""

import json
import os
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import origins
import pytest

import rag_client.client
from rag_client import ProblemError, Rag, UnreachableError, cli
from rag_client.events import Event, events
from rag_client.folder import files

SOURCE = Path(__file__).parents[1] / "src"
VILLAGE = "The village of Ormsby has a bakery.\nIts baker is Hilda Crane.\nIt opens at 6:15.\n"


def rag(backend, *argv, **variables):
    """The command; the finished process."""
    env = {"PATH": os.environ["PATH"], "PYTHONPATH": str(SOURCE), "RAG_URL": str(backend.base_url)}
    command = [sys.executable, "-m", "rag_client", *argv]
    return subprocess.run(command, env=env | variables, capture_output=True, text=True, timeout=120)


@pytest.fixture(scope="module")
def village(backend, tmp_path_factory):
    """A folder that was uploaded; the finished process and the folder."""
    folder = tmp_path_factory.mktemp("village")
    (folder / "deep/er").mkdir(parents=True)
    (folder / "village.txt").write_text(VILLAGE)
    for number in range(6):
        (folder / f"deep/er/{number}.md").write_text(f"# Farm {number}\n\nIt has {number} cows.\n")
    (folder / "picture.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    (folder / ".hidden.txt").write_text("Nobody uploads this.")
    return rag(backend, "upload", str(folder), "--concurrency", "3"), folder


def test_a_folder_is_uploaded(backend, village):
    done, folder = village
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert len(lines) == 7
    assert "8/8" in done.stderr
    assert "picture.png: skipped" in done.stderr
    assert "hidden" not in done.stdout + done.stderr
    for line in lines:
        document_id, path = line.split("  ")
        assert backend.get(f"/v1/documents/{document_id}").json()["status"] == "ready"
        assert Path(path).is_relative_to(folder)
    # Again it is the same.
    again = rag(backend, "upload", str(folder), "--json")
    assert {json.loads(line)["id"] for line in again.stdout.splitlines()} == {
        line.split("  ")[0] for line in lines
    }


def test_what_fails_is_told_and_the_others_go_on(backend, tmp_path):
    (tmp_path / "good.txt").write_text("A good file among bad ones is still taken in.")
    (tmp_path / "empty.txt").write_text("")
    done = rag(backend, "upload", str(tmp_path), str(tmp_path / "missing.txt"))
    assert done.returncode == 1
    assert len(done.stdout.splitlines()) == 1
    assert "empty.txt: failed: " in done.stderr
    assert "there is no text in it" in done.stderr
    assert "missing.txt: failed" in done.stderr


@pytest.mark.usefixtures("village")
def test_a_question_is_answered_with_its_sources(backend):
    done = rag(backend, "ask", "Who is the baker of Ormsby?")
    assert done.returncode == 0, done.stderr
    first, *sources = done.stdout.splitlines()
    assert "Its baker is Hilda Crane." in first
    assert "[1]" in first
    assert sources[0].startswith("[1] village.txt, page 1: ")
    answer = json.loads(rag(backend, "ask", "--json", "Who is the baker of Ormsby?").stdout)
    assert answer == backend.ask("Who is the baker of Ormsby?")
    refused = rag(backend, "ask", "Who won the world cup of 1954 in Berne?")
    assert refused.returncode == 3
    assert "do not answer" in refused.stdout


@pytest.mark.usefixtures("village")
def test_search_shows_passages(backend):
    done = rag(backend, "search", "baker of Ormsby", "--limit", "2", "--type", "text/plain")
    assert done.returncode == 0, done.stderr
    assert "village.txt, page 1: The village of Ormsby" in done.stdout
    assert len(done.stdout.splitlines()) <= 2
    found = json.loads(rag(backend, "search", "--json", "baker of Ormsby").stdout)
    one = found["hits"][0]["document_id"]
    assert rag(backend, "search", "cows", "--document", one).stdout.count("village.txt") == 1
    assert rag(backend, "search", "x", "--limit", "99").returncode == 1


def test_documents_are_shown_and_deleted(backend, tmp_path):
    (tmp_path / "gone.txt").write_text("This file is there for a short time only.")
    document_id = rag(backend, "upload", str(tmp_path)).stdout.split()[0]
    assert "ready  gone.txt" in rag(backend, "show", document_id).stdout
    assert rag(backend, "delete", document_id).stdout.strip() == document_id
    gone = rag(backend, "show", document_id)
    assert gone.returncode == 1
    assert "there is no document" in gone.stderr
    assert "(request " in gone.stderr


def test_documents_are_listed(backend, village):
    done = rag(backend, "list", "--name", "village", "--status", "ready", "--type", "text")
    assert done.returncode == 0, done.stderr
    [line] = done.stdout.splitlines()
    assert line.endswith("  ready  village.txt")
    assert line.split("  ")[0] in village[0].stdout
    shown = rag(backend, "list", "--json")
    documents = [json.loads(line) for line in shown.stdout.splitlines()]
    names = [document["filename"].lower() for document in documents]
    assert names == sorted(names)
    assert len({document["id"] for document in documents}) == len(documents) >= 7
    assert rag(backend, "list", "--metadata", "no-value").returncode == 1


def test_more_documents_than_a_page_has_are_listed(backend, village, monkeypatch):
    monkeypatch.setattr(rag_client.client, "_PAGE", 2)
    with Rag(str(backend.base_url)) as client:
        found = [each["id"] for each in client.documents(status="ready")]
    assert {line.split("  ")[0] for line in village[0].stdout.splitlines()} <= set(found)
    assert len(set(found)) == len(found)


def test_all_documents_are_exported(backend, village, tmp_path):
    name = "../Ünter\\wegs: 1?.txt"
    body = "What is on the way is exported with its name made safe."
    taken = backend.post(
        "/v1/documents",
        files={"file": (name, body)},
        data={"metadata": '{"team": "travel"}'},
        headers={"prefer": "wait=60"},
    )
    document_id = taken.json()["id"]
    target = tmp_path / "export"
    done = rag(backend, "export", str(target))
    lines = [json.loads(line) for line in (target / "documents.jsonl").read_text().splitlines()]
    known = {line["id"]: line for line in lines}
    for line in village[0].stdout.splitlines():
        identity, path = line.split("  ")
        assert (target / known[identity]["path"]).read_bytes() == Path(path).read_bytes()
    one = known[document_id]
    assert one["metadata"] == {"team": "travel"}
    assert (target / one["path"]).parent == target / document_id
    assert (target / one["path"]).read_text() == body
    assert not {"..", ":", "?"} & set(Path(one["path"]).name)
    assert not list(target.rglob("*.part"))
    failed = [line for line in lines if line["path"] is None]
    assert done.returncode == (1 if failed else 0), done.stderr
    # Another run fetches what is missing, and what is another's.
    (target / one["path"]).write_text("changed")
    kept = target / known[village[0].stdout.split()[0]]["path"]
    before = kept.stat().st_ino
    rag(backend, "export", str(target))
    assert (target / one["path"]).read_text() == body
    assert kept.stat().st_ino == before


def test_jobs_are_followed_to_their_end(backend, tmp_path):
    (tmp_path / "long.txt").write_text("".join(f"Sentence {n} is read.\n" for n in range(900)))
    seen = []
    with Rag(str(backend.base_url)) as client:
        metadata = {"team": "x"}
        document = client.upload(tmp_path / "long.txt", metadata=metadata, progress=seen.append)
        assert client.job(seen[0]["id"])["state"] == "succeeded"
    assert (document["status"], document["metadata"]) == ("ready", {"team": "x"})
    assert seen[-1]["state"] == "succeeded"
    assert {"running"} <= {job["state"] for job in seen}


def test_a_job_that_takes_too_long_or_is_none_is_told(start, tmp_path):
    client = start(WORKER="separate")
    (tmp_path / "waits.txt").write_text("Nobody reads this file, for there is no worker.")
    with Rag(str(client.base_url)) as own:
        seen = []
        with pytest.raises(ProblemError, match="still being taken in") as caught:
            own.upload(tmp_path / "waits.txt", patience=1, progress=seen.append)
        assert caught.value.status == 504
        assert seen[0]["state"] == "queued"
        client.post(f"/v1/jobs/{seen[0]['id']}/cancel")
        with pytest.raises(ProblemError, match="there is no job"):
            list(own.follow("0123456789abcdef"))


@pytest.fixture
def importing(start):
    """A backend that imports, and a server that it may fetch from."""
    with origins.serving() as origin:
        client = start(
            IMPORT_URLS="true",
            IMPORT_HTTP="true",
            IMPORT_ALLOWED_HOSTS=f"{origins.OPEN}/32",
            IMPORT_PORTS=str(origin.port),
        )
        yield client, origin


def test_files_are_imported_replaced_and_read_again(importing, tmp_path):
    client, origin = importing
    good = rag(client, "import", origin.url("/page"), "--json")
    assert good.returncode == 0, good.stderr
    document_id = json.loads(good.stdout)["document_id"]
    assert "1 succeeded" in good.stderr
    bad = rag(client, "import", origin.url("/page"), origin.url("/status?404"))
    assert bad.returncode == 1
    assert bad.stdout == f"{document_id}  page.html\n"
    assert "status: failed: the server answered with 404" in bad.stderr
    assert rag(client, "import", "ftp://example.com/a").returncode == 1
    assert rag(client, "import", "s3://nobodys/prefix").returncode == 1

    (tmp_path / "ferry.txt").write_text("The ferry to Luro leaves at eight.")
    old = client.get(f"/v1/documents/{document_id}").json()["sha256"]
    path = str(tmp_path / "ferry.txt")
    done = rag(client, "replace", document_id, path, "--if-sha256", old)
    assert done.stdout == f"{document_id}  version 2  ferry.txt\n", done.stderr
    (tmp_path / "ferry.txt").write_text("The ferry to Luro leaves at nine.")
    late = rag(client, "replace", document_id, path, "--if-sha256", old)
    assert (late.returncode, "If-Match" in late.stderr) == (1, True)

    assert rag(client, "reindex", document_id).stdout == "1 queued\n"
    assert rag(client, "reindex").returncode == 2
    unknown = rag(client, "reindex", "0123456789abcdef")
    assert (unknown.returncode, "there is no document" in unknown.stderr) == (1, True)


def test_no_backend_is_told(backend):
    done = rag(backend, "ask", "Is anybody there?", RAG_URL="http://127.0.0.1:9")
    assert done.returncode == 69
    assert "127.0.0.1:9" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.usefixtures("village")
def test_the_client_streams_and_converses(backend):
    with Rag(str(backend.base_url)) as client:
        told = list(client.stream("Who is the baker of Ormsby?"))
        assert [told[0].name, told[-1].name] == ["sources", "done"]
        said = [{"role": "user", "content": "Where is the village of Ormsby?"}]
        assert "Hilda Crane" in client.ask("Who is its baker?", said)["answer"]
        with pytest.raises(ProblemError) as caught:
            client.search("")
        assert (caught.value.status, caught.value.kind) == (422, "invalid-request")
        with pytest.raises(ProblemError):
            list(client.stream(""))


class _Busy(BaseHTTPRequestHandler):
    """Busy twice, then it answers with the key that it was given; a stream breaks off."""

    seen: list[str]

    def do_POST(self):
        self.seen.append(self.headers["authorization"])
        self.rfile.read(int(self.headers["content-length"]))
        busy = len(self.seen) < 3
        streams = b"stream" in self.path.encode() or self.path == "/v1/ask"
        body = b'event: delta\ndata: {"text": "It"}\n\n' if streams else b'{"hits": []}'
        body = b'{"type": "urn:rag:problem:busy", "detail": "later"}' if busy else body
        self.send_response(503 if busy else 200)
        if busy:
            self.send_header("retry-after", "0")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_args):
        pass


def test_a_busy_backend_is_asked_again_and_the_key_is_sent(monkeypatch):
    _Busy.seen = []
    server = HTTPServer(("127.0.0.1", 0), _Busy)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setenv("RAG_API_KEY", "a-key")
    monkeypatch.setenv("RAG_URL", f"http://127.0.0.1:{server.server_port}")
    with Rag() as client:
        assert client.search("x") == {"hits": []}
        assert _Busy.seen == ["Bearer a-key"] * 3
        with pytest.raises(UnreachableError, match="broke off"):
            list(client.stream("why?"))
    _Busy.seen = []
    with Rag(tries=2) as client, pytest.raises(ProblemError, match="later") as caught:
        client.search("x")
    assert caught.value.kind == "busy"
    server.shutdown()
    server.server_close()


def test_a_key_comes_from_a_file(start, tmp_path):
    key = "k" * 40
    backend = start(AUTH="keys", API_KEY=key)
    file = tmp_path / "key"
    file.write_text(f"{key}\n")
    assert rag(backend, "--api-key-file", str(file), "list").returncode == 0
    refused = rag(backend, "list")
    assert refused.returncode == 1
    assert "API key" in refused.stderr
    file.write_text("")
    for name, reason in ((str(file), "is empty"), (str(tmp_path / "none"), "cannot be read")):
        wrong = rag(backend, "--api-key-file", name, "list")
        assert wrong.returncode == 2
        assert reason in wrong.stderr
        assert key not in wrong.stderr


def test_collections_are_kept_apart(backend, tmp_path):
    for name, text in (
        ("tides", "The tide mill of Cove stands."),
        ("winds", "The wind mill turns."),
    ):
        file = tmp_path / f"{name}.txt"
        file.write_text(text)
        done = rag(backend, "upload", str(file), "--collection", name)
        assert done.returncode == 0, done.stderr
    found = rag(backend, "search", "mill", "--collection", "tides", "--json")
    hits = json.loads(found.stdout)["hits"]
    assert {hit["filename"] for hit in hits} == {"tides.txt"}
    listed = rag(backend, "list", "--collection", "winds", "--collection", "tides").stdout
    assert [line.split()[-1] for line in listed.splitlines()] == ["tides.txt", "winds.txt"]
    refused = rag(backend, "ask", "What turns at the wind mill?", "--collection", "tides", "--json")
    assert json.loads(refused.stdout)["refused"] is True


class _Restarting(BaseHTTPRequestHandler):
    """It ends in the middle of a job, is busy as it comes back, and then tells of the job."""

    seen: list[str]

    def do_GET(self):
        self.seen.append(self.path)
        states = [["queued", "running"], [], ["running", "succeeded"]][len(self.seen) - 1]
        if not states:
            self.send_error(503)
            return
        self.send_response(200)
        self.end_headers()
        for state in states:
            job = json.dumps({"id": "1f", "state": state})
            self.wfile.write(f": ping\n\nevent: job\ndata: {job}\n\n".encode())

    def log_message(self, *_args):
        pass


def test_a_job_is_followed_over_a_restart():
    _Restarting.seen = []
    server = HTTPServer(("127.0.0.1", 0), _Restarting)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with Rag(f"http://127.0.0.1:{server.server_port}") as client:
        states = [job["state"] for job in client.follow("1f")]
    assert states == ["queued", "running", "running", "succeeded"]
    assert _Restarting.seen == ["/v1/jobs/1f/events"] * 3
    server.shutdown()
    server.server_close()


def test_only_jobs_that_take_their_time_are_told_of(monkeypatch, capsys):
    working = cli._Working()
    clock = iter([0.0, 1.0, 2.5, 3.0, 5.0])
    monkeypatch.setattr(cli.time, "monotonic", lambda: next(clock))
    reason = {"detail": "milvus: no answer"}
    running = {"state": "running", "stage": "embed", "progress": 0.456, "reason": None}
    for job in (running, running, running, running, {"state": "queued", "reason": reason}):
        working(Path("a.txt"), job)
    told = "a.txt: embed, 46%\na.txt: is tried again after: milvus: no answer\n"
    assert capsys.readouterr().err == told


def test_events_are_read_as_the_standard_says():
    lines = [": ping", "", "event: delta", 'data: {"text":', 'data: "a"}', "", "data:{}", ""]
    assert list(events(lines)) == [Event("delta", {"text": "a"}), Event("message", {})]


def test_files_are_found_in_order(tmp_path):
    (tmp_path / "b").mkdir()
    for name in ("b/2.txt", "b/1.txt", "a.txt", ".git"):
        (tmp_path / name).write_text("x")
    (tmp_path / "c.txt").symlink_to(tmp_path / "a.txt")
    names = [str(path.relative_to(tmp_path)) for path in files([tmp_path])]
    assert names == ["a.txt", "b/1.txt", "b/2.txt"]
