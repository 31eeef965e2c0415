"""Jobs from outside: acknowledged at once, followed, cancelled, retried, listed, limited."""

import contextlib
import hashlib
import json
import os
import signal
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import httpx
import psycopg
import pytest
import servers
from language_texts import CASES
from prometheus_client.parser import text_string_to_metric_families
from test_documents import traces


def id_of(body):
    """The id of a document with this text."""
    return hashlib.sha256(body.encode()).hexdigest()[:32]


def ended(client, job, seconds=60):
    """A job at its end."""
    shown = {}

    def is_over():
        shown.update(client.get(f"/v1/jobs/{job}").json())
        return shown["state"] in ("succeeded", "failed", "cancelled")

    servers.wait(f"job {job}", is_over, seconds)
    return shown


def long_text(name, sentences=400):
    """A text that takes its time."""
    return "".join(f"Sentence number {n} about {name} takes its time.\n" for n in range(sentences))


@pytest.fixture
def idle(start):
    """A server that only queues, and the name of its queue."""
    queue = f"idle{time.monotonic_ns()}"
    return start(WORKER="separate", WORKER_QUEUE=queue), queue


def test_an_upload_is_acknowledged_before_it_is_read(idle, start_worker, world):
    client, queue = idle
    text = "The lighthouse of Faro burns with a quiet light."
    made = client.upload("faro.txt", text, wait=0)
    assert made.status_code == 202, made.text
    body = made.json()
    assert (body["id"], body["status"], body["pages"]) == (id_of(text), "processing", 0)
    assert body["job"]["state"] == "queued"
    assert made.headers["location"] == f"/v1/jobs/{body['job']['id']}"
    # It is safe: in S3 and in PostgreSQL, and nowhere else.
    assert traces(world, body["id"]) == {"rows": 1, "chunks": 0, "vectors": 0, "s3": 1}
    assert client.get(f"/v1/documents/{body['id']}/content").text == text
    # The same again, by another name and with a key: it is the same.
    again = client.post(
        "/v1/documents", files={"file": ("b.txt", text)}, headers={"idempotency-key": "k"}
    )
    assert again.status_code == 202
    assert again.json()["job"]["id"] == body["job"]["id"]
    # Who waits gets the job when the time is over.
    started = time.monotonic()
    waited = client.upload("faro.txt", text, wait=1)
    assert 0.9 < time.monotonic() - started < 10
    assert waited.status_code == 202
    assert waited.headers["preference-applied"] == "wait=1"
    start_worker(WORKER_QUEUE=queue)
    job = ended(client, body["job"]["id"])
    assert (job["state"], job["attempts"], job["progress"]) == ("succeeded", 1, 1)
    assert job["reason"] is None
    assert job["created_at"] <= job["started_at"] <= job["finished_at"]
    assert traces(world, body["id"]) == {"rows": 1, "chunks": 1, "vectors": 1, "s3": 1}
    known = client.upload("c.txt", text, wait=0)
    assert known.status_code == 200
    assert known.json()["status"] == "ready"


def test_what_only_reading_shows_is_the_jobs_failure(backend):
    made = backend.upload("blank.txt", b" \n \n  \n", wait=0)
    assert made.status_code == 202
    job = ended(backend, made.json()["job"]["id"])
    assert (job["state"], job["attempts"]) == ("failed", 1)
    reason = job["reason"]
    assert (reason["type"], reason["status"]) == ("urn:rag:problem:unreadable-document", 422)
    assert "no text" in reason["detail"]
    shown = backend.get(f"/v1/documents/{made.json()['id']}").json()
    assert (shown["status"], shown["error"]) == ("failed", reason["detail"])
    # Who waits gets the same as the answer; the file is kept, and the job can be retried.
    waited = backend.upload("blank.txt", b" \n \n  \n")
    assert waited.status_code == 422
    assert waited.json()["detail"] == reason["detail"]
    assert backend.get(f"/v1/documents/{shown['id']}/content").content == b" \n \n  \n"
    newest = backend.get("/v1/jobs", params={"document_id": shown["id"]}).json()["items"]
    assert [item["state"] for item in newest] == ["failed", "failed"]
    assert backend.post(f"/v1/jobs/{newest[0]['id']}/retry").status_code == 202
    assert ended(backend, newest[0]["id"])["state"] == "failed"
    assert backend.delete(f"/v1/documents/{shown['id']}").status_code == 204


def test_several_files_are_taken_one_by_one(backend):
    files = [
        ("file", ("one.txt", b"The first of three files is about herons.")),
        ("file", ("two.exe", b"MZ")),
        ("file", ("three.txt", b"The last of three files is about otters.")),
    ]
    answer = backend.post("/v1/documents", files=files)
    assert answer.status_code == 207, answer.text
    items = answer.json()["items"]
    assert [(item["filename"], item["status"]) for item in items] == [
        ("one.txt", 202),
        ("two.exe", 415),
        ("three.txt", 202),
    ]
    assert "only text" in items[1]["problem"]["detail"]
    for item in (items[0], items[2]):
        assert ended(backend, item["job"]["id"])["state"] == "succeeded"
    waited = backend.post("/v1/documents", files=[files[0], files[2]])
    assert waited.status_code == 200
    assert {item["document"]["status"] for item in waited.json()["items"]} == {"ready"}
    new = [("file", (f"{n}.txt", f"File {n} of a batch that waits.".encode())) for n in range(3)]
    answer = backend.post("/v1/documents", files=new, headers={"Prefer": "respond-async, wait=60"})
    assert [item["status"] for item in answer.json()["items"]] == [201] * 3
    many = [("file", (f"{n}.txt", b"x")) for n in range(51)]
    assert backend.post("/v1/documents", files=many).status_code == 400


def test_a_job_that_waits_can_be_cancelled_and_retried(idle, start_worker, world):
    client, queue = idle
    made = client.upload("a.txt", "A job that waits is cancelled, and then retried.", wait=0).json()
    job = f"/v1/jobs/{made['job']['id']}"
    assert client.post(f"{job}/retry").status_code == 409
    cancelled = client.post(f"{job}/cancel")
    assert cancelled.status_code == 200
    assert cancelled.json()["state"] == "cancelled"
    assert client.post(f"{job}/cancel").status_code == 200
    document = client.get(f"/v1/documents/{made['id']}").json()
    assert (document["status"], document["error"]) == ("failed", "cancelled")
    start_worker(WORKER_QUEUE=queue)
    time.sleep(2)
    assert client.get(job).json()["attempts"] == 0
    retried = client.post(f"{job}/retry")
    assert retried.status_code == 202
    assert retried.json()["state"] == "queued"
    assert ended(client, made["job"]["id"])["state"] == "succeeded"
    assert client.get(f"/v1/documents/{made['id']}").json()["status"] == "ready"
    assert client.post(f"{job}/cancel").status_code == 409
    assert client.post(f"{job}/retry").status_code == 409
    assert traces(world, made["id"])["vectors"] == 1


def running_job(client, name, sentences=1500):
    """Upload a long text; its document and job, when it runs."""
    made = client.upload(f"{name}.txt", long_text(name, sentences), wait=0).json()
    path = f"/v1/jobs/{made['job']['id']}"
    servers.wait("the job", lambda: client.get(path).json()["stage"] == "embed", 60)
    return made, path


def test_a_job_that_runs_can_be_cancelled_and_deleted(backend, world):
    made, job = running_job(backend, "cancellation")
    assert backend.post(f"{job}/cancel").json()["state"] == "cancelled"
    servers.wait("the worker", lambda: "job.lost" in backend.log.read_text(), 20)
    assert traces(world, made["id"]) == {"rows": 1, "chunks": 0, "vectors": 0, "s3": 1}
    made, job = running_job(backend, "deletion")
    assert backend.delete(f"/v1/documents/{made['id']}").status_code == 204
    shown = backend.get(job).json()
    assert (shown["state"], shown["reason"]["detail"]) == ("cancelled", "the document was deleted")
    assert backend.post(f"{job}/retry").status_code == 409
    time.sleep(2)
    assert traces(world, made["id"]) == {"rows": 0, "chunks": 0, "vectors": 0, "s3": 0}


def test_a_job_is_followed_to_its_end(start, start_worker, world):
    queue = "followed"
    url = servers.postgres_url(world.relays["postgres"].port, options="?application_name=followed")
    client = start(WORKER="separate", WORKER_QUEUE=queue, DATABASE_URL=url)
    made = client.upload("followed.txt", long_text("following"), wait=0).json()
    path = f"/v1/jobs/{made['job']['id']}/events"

    def follow(_number):
        with httpx.stream("GET", str(client.base_url.join(path)), timeout=90) as stream:
            assert stream.status_code == 200
            assert stream.headers["content-type"].startswith("text/event-stream")
            text = "".join(stream.iter_text())
        lines = [line for line in text.splitlines() if line.startswith("data:")]
        return [json.loads(line.removeprefix("data:")) for line in lines]

    with ThreadPoolExecutor(30) as pool:
        streams = [pool.submit(follow, number) for number in range(30)]
        time.sleep(1)
        with psycopg.connect(servers.postgres_url(client.postgres)) as connection:
            query = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'followed'"
            used = connection.execute(query).fetchone()[0]
        start_worker(WORKER_QUEUE=queue)
        found = [stream.result(90) for stream in streams]
    assert 1 <= used <= 10, "followers hold connections"
    for events in found:
        states = [event["state"] for event in events]
        assert states[0] == "queued"
        assert states[-1] == "succeeded"
        assert states == sorted(states, key=["queued", "running", "succeeded"].index)
        progress = [event["progress"] for event in events]
        assert progress == sorted(progress)
        assert progress[-1] == 1
    assert max(len(events) for events in found) > 3, "nothing in between was told"
    assert client.get("/v1/jobs/0123/events").status_code == 404


def test_lists_go_page_by_page(start):
    client = start()
    made = [
        client.upload(f"Heron-{n:02}.txt", f"The heron number {n} stands in the water.").json()
        for n in range(7)
    ]
    client.upload("heron-%.md", "# A heron\n\nIt stands on one leg all day long.")
    listed, cursor = [], None
    while True:
        params = {"name": "HERON-0", "limit": 3, "sort": "created"} | (
            {"cursor": cursor} if cursor else {}
        )
        page = client.get("/v1/documents", params=params).json()
        assert len(page["items"]) <= 3
        listed += page["items"]
        if (cursor := page["next_cursor"]) is None:
            break
    assert [item["id"] for item in listed] == [item["id"] for item in made]
    for sort, key in (("-name", "filename"), ("bytes", "bytes")):
        seen, cursor = [], None
        while True:
            params = {"name": "heron-", "limit": 2, "sort": sort} | (
                {"cursor": cursor} if cursor else {}
            )
            page = client.get("/v1/documents", params=params).json()
            seen += page["items"]
            if (cursor := page["next_cursor"]) is None:
                break
        assert len({item["id"] for item in seen}) == len(seen) == 8
        keys = [item[key].lower() if key == "filename" else item[key] for item in seen]
        assert keys == sorted(keys, reverse=sort.startswith("-"))
    names = client.get("/v1/documents", params={"name": "-%"}).json()["items"]
    assert [item["filename"] for item in names] == ["heron-%.md"]
    kinds = client.get("/v1/documents", params={"type": "markdown", "name": "heron"}).json()
    assert [item["filename"] for item in kinds["items"]] == ["heron-%.md"]
    assert client.get("/v1/documents", params={"status": "deleting"}).json()["items"] == []
    jobs, cursor = [], None
    while len(jobs) < 8:
        params = {"limit": 5, "state": "succeeded"} | ({"cursor": cursor} if cursor else {})
        page = client.get("/v1/jobs", params=params).json()
        jobs += page["items"]
        cursor = page["next_cursor"]
    assert [item["document_id"] for item in jobs[1:8]] == [item["id"] for item in made[::-1]]


BAD = {
    "not base64": "%%%",
    "no JSON": "YWJj",
    "of another list": "WyJuYW1lIiwgImEiLCAiYiJd",
    "no time": "WyItY3JlYXRlZCIsICJhIiwgImIiXQ==",
    "without a zone": "WyItY3JlYXRlZCIsICIyMDI2LTAxLTAxVDAwOjAwOjAwIiwgImIiXQ==",
    "a list": "WyItY3JlYXRlZCIsIFtdLCAiYiJd",
    "deep": "W1tbW1tbW1tbW1tb" * 60,
}


@pytest.mark.parametrize("name", BAD)
def test_a_cursor_that_is_none_is_refused(backend, name):
    for path in ("/v1/documents", "/v1/jobs"):
        answer = backend.get(path, params={"cursor": BAD[name]})
        assert answer.status_code == 422, answer.text
    for query in ("name=%00", "type=a%00", "limit=201", "limit=0", "sort=x", "status=queued"):
        assert backend.get(f"/v1/documents?{query}").status_code == 422, query


def test_the_original_and_the_chunks_are_shown(backend):
    text = "# Cranes\n\n" + long_text("cranes", 80)
    made = backend.upload("crä\u202enes.md", text).json()
    answer = backend.get(f"/v1/documents/{made['id']}/content")
    assert answer.text == text
    assert answer.headers["content-type"] == "text/markdown; charset=utf-8"
    assert answer.headers["content-disposition"].startswith(
        "attachment; filename*=UTF-8''cr%C3%A4nes.md"
    )
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in answer.headers["content-security-policy"]
    chunks, cursor = [], None
    while True:
        params = {"limit": 2} | ({"cursor": cursor} if cursor else {})
        page = backend.get(f"/v1/documents/{made['id']}/chunks", params=params).json()
        chunks += page["items"]
        if (cursor := page["next_cursor"]) is None:
            break
    assert [chunk["ordinal"] for chunk in chunks] == list(range(made["chunks"]))
    assert len(chunks) > 2
    for chunk in chunks:
        assert text[chunk["start_char"] : chunk["end_char"]] == chunk["text"]
        assert chunk["heading"] == "Cranes"
    assert backend.get("/v1/documents/0123/content").status_code == 404
    assert backend.get("/v1/documents/0123/chunks").status_code == 404


def test_what_clients_note_of_documents(backend):
    noted = {"team": "hydraulics", "year": 2024, "draft": False, "weight": 1.5}
    answer = backend.post(
        "/v1/documents",
        files={"file": ("noted.txt", b"A document that something is noted of.")},
        data={"metadata": json.dumps(noted)},
    )
    assert answer.status_code == 202, answer.text
    made = answer.json()
    assert made["metadata"] == noted
    path = f"/v1/documents/{made['id']}"

    def found(*conditions):
        page = backend.get("/v1/documents", params={"metadata": conditions}).json()
        return [item["id"] for item in page["items"]]

    for condition in ("team:hydraulics", "year:2024", "draft:false", "weight:1.5"):
        assert found(condition) == [made["id"]], condition
    assert found("team:hydraulics", "year:2024") == [made["id"]]
    assert found("team:hydraulics", "year:2023") == found("team:hydra") == []
    changed = backend.patch(path, json={"filename": "../new\u0007name.txt"})
    assert (changed.json()["filename"], changed.json()["metadata"]) == ("newname.txt", noted)
    changed = backend.patch(path, json={"metadata": {"year": "2024"}})
    assert changed.json()["metadata"] == {"year": "2024"}
    assert found("team:hydraulics") == []
    assert found("year:2024") == [made["id"]]
    # Another upload of the same file does not take it away, and neither does its job.
    assert ended(backend, made["job"]["id"])["state"] == "succeeded"
    again = backend.upload("noted.txt", "A document that something is noted of.", wait=0)
    assert again.json()["metadata"] == {"year": "2024"}
    assert backend.patch("/v1/documents/0123", json={"metadata": {}}).status_code == 404


WRONG = {
    "a list": [1],
    "an object within": {"a": {}},
    "nothing": {"a": None},
    "a long text": {"a": "b" * 513},
    "a zero": {"a": "b\0"},
    "half a character": {"a": "\ud800"},
    "a strange name": {"a b": 1},
    "a large number": {"a": 10**300},
    "many": {str(n): n for n in range(33)},
}


@pytest.mark.parametrize("name", WRONG)
def test_what_can_not_be_noted_is_refused(backend, name):
    written = json.dumps(WRONG[name])
    files = {"file": ("wrong.txt", b"This is not taken.")}
    answer = backend.post("/v1/documents", files=files, data={"metadata": written})
    assert answer.status_code == 422, answer.text
    body = f'{{"metadata": {written}}}'
    kind = {"content-type": "application/json"}
    assert backend.patch("/v1/documents/0123", content=body, headers=kind).status_code == 422
    assert backend.get("/v1/documents", params={"metadata": "noted"}).status_code == 422


def test_a_document_is_read_again_without_a_gap(start, world):
    backend = start(ANSWER_CACHE_SECONDS="0")
    text = long_text("the weir of Grau") + "The weir of Grau was built from basalt in 1911.\n"
    made = backend.upload("weir.txt", text).json()
    question = "From what was the weir of Grau built?"
    before = traces(world, made["id"])
    seen, over = [], threading.Event()

    def ask():
        with httpx.Client(base_url=backend.base_url, timeout=60) as client:
            while not over.is_set():
                answer = client.post("/v1/ask", json={"question": question}).json()
                seen.append(answer["answer"])

    asker = threading.Thread(target=ask)
    asker.start()
    answer = backend.post(f"/v1/documents/{made['id']}/reindex")
    assert answer.status_code == 202
    job = ended(backend, answer.headers["location"].rpartition("/")[2], 90)
    over.set()
    asker.join()
    assert (job["kind"], job["state"]) == ("reindex", "succeeded")
    assert len(seen) > 3
    assert [answer for answer in seen if "basalt" not in answer] == []
    servers.wait("the old vectors' end", lambda: traces(world, made["id"]) == before, 20)
    # One whose file is gone fails, and stays findable.
    servers.s3_client(world.ports["s3"]).delete_object(
        Bucket=servers.BUCKET, Key=f"documents/{made['sha256']}"
    )
    job = backend.post(f"/v1/documents/{made['id']}/reindex").json()
    job = ended(backend, job["id"])
    assert (job["state"], job["reason"]["status"]) == ("failed", 410)
    assert "basalt" in backend.ask(question)["answer"]
    assert backend.get(f"/v1/documents/{made['id']}/content").status_code == 410


def test_a_worker_tells_the_language_and_tells_it_again(idle, start_worker):
    client, queue = idle
    # Others upload the same text without its last line.
    made = client.upload("de.txt", f"{CASES['de'].text}\nStand: Juli.\n", wait=0).json()
    assert (made["status"], made["language"]) == ("processing", None)
    start_worker(WORKER_QUEUE=queue)
    ended(client, made["job"]["id"])

    def told():
        return client.get(f"/v1/documents/{made['id']}").json()["language"]

    def entries():
        with psycopg.connect(servers.postgres_url(client.postgres)) as connection:
            return connection.execute(
                "SELECT DISTINCT e.language FROM entries e JOIN chunks c ON c.id = chunk_id"
                " WHERE document_id = %s",
                [made["id"]],
            ).fetchall()

    assert (told(), entries()) == ("de", [("de",)])
    listed = client.get("/v1/documents", params={"name": "de.txt", "status": "ready"}).json()
    assert {item["id"]: item["language"] for item in listed["items"]}[made["id"]] == "de"
    # As a program of revision 0002 leaves one: in no language, and read as English.
    own = {"id": made["id"]}
    with psycopg.connect(servers.postgres_url(client.postgres)) as connection:
        connection.execute(
            "UPDATE documents SET status = 'processing', language = NULL WHERE id = %(id)s", own
        )
        rows = connection.execute(
            "DELETE FROM chunks WHERE document_id = %(id)s"
            " RETURNING id, document_id, ordinal, page, start_char, end_char, heading, text",
            own,
        ).fetchall()
        for row in rows:
            connection.execute(
                "INSERT INTO chunks"
                " (id, document_id, ordinal, page, start_char, end_char, heading, text)"
                " VALUES (%s, %s, %s, %s, %s, %s, %s, %s)",
                row,
            )
        connection.execute("UPDATE documents SET status = 'ready' WHERE id = %(id)s", own)
    assert (told(), entries()) == (None, [("en",)])
    job = client.post(f"/v1/documents/{made['id']}/reindex").json()
    assert ended(client, job["id"])["state"] == "succeeded"
    assert (told(), entries()) == ("de", [("de",)])
    assert client.delete(f"/v1/documents/{made['id']}").status_code == 204


def test_many_are_deleted_and_read_again_at_once(start, world):
    client = start()
    ids = [client.upload(f"b{n}.txt", f"Beaver {n} builds.").json()["id"] for n in range(3)]
    again = client.post("/v1/documents/reindex", json={"ids": [*ids[:2], "0123"]})
    assert again.status_code == 202
    assert [item["status"] for item in again.json()["items"]] == [202, 202, 404]
    for item in again.json()["items"][:2]:
        assert ended(client, item["job"]["id"])["state"] == "succeeded"
    assert client.post("/v1/documents/reindex", json={}).status_code == 422
    gone = client.post("/v1/documents/delete", json={"ids": [ids[0], "0123", ids[1]]})
    assert gone.status_code == 200
    assert [item["status"] for item in gone.json()["items"]] == [204, 404, 204]
    for document in ids[:2]:
        assert traces(world, document) == {"rows": 0, "chunks": 0, "vectors": 0, "s3": 0}
    assert client.get(f"/v1/documents/{ids[2]}").status_code == 200
    assert client.post("/v1/documents/delete", json={"ids": []}).status_code == 422
    assert client.post("/v1/documents/delete", json={"ids": ["0"] * 201}).status_code == 422


def test_too_much_is_turned_away_before_it_is_read(start):
    client = start(WORKER="separate", QUEUE_LIMIT="2")
    for n in range(2):
        assert client.upload(f"{n}.txt", f"Queued text {n}.", wait=0).status_code == 202
    time.sleep(1.1)

    def body():
        yield b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.txt"\r\n\r\n'
        sent.append(1)
        time.sleep(20)
        yield b"a\r\n--x--\r\n"

    sent = []
    started = time.monotonic()
    kind = {"content-type": "multipart/form-data; boundary=x"}
    answer = client.post("/v1/documents", content=body(), headers=kind)
    assert answer.status_code == 503
    assert answer.json()["type"] == "urn:rag:problem:busy"
    assert int(answer.headers["retry-after"]) >= 1
    assert time.monotonic() - started < 25
    small = start(WORKER="separate", QUEUE_BYTES="1024")
    assert small.upload("a.txt", "b" * 1500, wait=0).status_code == 202
    time.sleep(1.1)
    assert small.upload("b.txt", "Another text.", wait=0).status_code == 503


def test_two_workers_share_a_queue(idle, start_worker, world):
    client, queue = idle
    made = [client.upload(f"{n}.txt", long_text(f"n{n}", 20), wait=0).json() for n in range(12)]
    workers = [start_worker(WORKER_QUEUE=queue) for _ in range(2)]
    for item in made:
        assert ended(client, item["job"]["id"], 90)["attempts"] == 1

    def attempts(worker):
        lines = [json.loads(line) for line in worker.log.read_text().splitlines()]
        return [line["job_id"] for line in lines if line["event"] == "job.attempt"]

    def succeeded(worker):
        families = text_string_to_metric_families(worker.get("/metrics").text)
        samples = {f.name: f for f in families}["rag_jobs"].samples
        wanted = {"kind": "ingest", "outcome": "succeeded"}
        return sum(s.value for s in samples if (s.name, s.labels) == ("rag_jobs_total", wanted))

    servers.wait("the log", lambda: sum(len(attempts(worker)) for worker in workers) >= 12, 20)
    done = [attempts(worker) for worker in workers]
    assert [succeeded(worker) for worker in workers] == [len(each) for each in done]
    assert sorted(done[0] + done[1]) == sorted(item["job"]["id"] for item in made)
    assert all(done), "one of them did everything"
    for item in made:
        assert traces(world, item["id"])["vectors"] == traces(world, item["id"])["chunks"] > 0


@pytest.mark.parametrize("way", [signal.SIGKILL, signal.SIGSTOP, signal.SIGTERM])
def test_a_job_goes_on_when_its_worker_is_gone(idle, start_worker, world, way):
    client, queue = idle
    settings = {"WORKER_QUEUE": queue, "LEASE_SECONDS": "2", "WORKER_STOP_SECONDS": "1"}
    first = start_worker(**settings)
    made, path = running_job(client, f"signal {way}")
    os.kill(first.child.pid, way)
    if way == signal.SIGTERM:
        assert first.child.wait(20) == 0
        assert client.get(path).json()["state"] == "queued", "it was not given back"
    start_worker(**settings)
    job = ended(client, made["job"]["id"], 120)
    # What is given back was no attempt.
    assert (job["state"], job["attempts"]) == ("succeeded", 1 if way == signal.SIGTERM else 2)
    if way == signal.SIGSTOP:
        # It comes back, and must not write what is another's by now.
        os.kill(first.child.pid, signal.SIGCONT)
        servers.wait("the first worker", lambda: "job.lost" in first.log.read_text(), 20)
    document = client.get(f"/v1/documents/{made['id']}").json()
    held = traces(world, made["id"])
    assert held == {"rows": 1, "chunks": document["chunks"], "vectors": document["chunks"], "s3": 1}


def test_a_job_that_ends_its_workers_fails_in_the_end(idle, start_worker):
    client, queue = idle
    settings = {"WORKER_QUEUE": queue, "LEASE_SECONDS": "1"}
    made = client.upload("poison.txt", long_text("poison", 1500), wait=0).json()
    path = f"/v1/jobs/{made['job']['id']}"
    with psycopg.connect(servers.postgres_url(client.postgres), autocommit=True) as connection:
        connection.execute("UPDATE jobs SET max_attempts = 2 WHERE id = %s", [made["job"]["id"]])
    for attempt in (1, 2):
        worker = start_worker(**settings)
        servers.wait(
            "the attempt",
            lambda attempt=attempt: (
                client.get(path).json()["attempts"] == attempt
                and client.get(path).json()["state"] == "running"
            ),
            60,
        )
        worker.child.kill()
    start_worker(**settings)
    job = ended(client, made["job"]["id"])
    assert (job["state"], job["attempts"]) == ("failed", 2)
    assert job["reason"]["type"] == "urn:rag:problem:worker-lost"
    assert client.get(f"/v1/documents/{made['id']}").json()["status"] == "failed"


def test_readiness_tells_of_the_worker_and_the_queue(idle, start, start_worker):
    client, queue = idle

    def check(backend):
        answer = backend.get("/readyz")
        return answer.status_code, answer.json()["status"], answer.json()["checks"]

    status, overall, checks = check(client)
    assert (status, overall) == (200, "warn")
    assert checks["worker:heartbeat"]["status"] == "warn"
    assert "no worker" in checks["worker:heartbeat"]["output"]
    strict = start(WORKER="separate", WORKER_QUEUE=queue, WORKER_MISSING="fail")
    assert check(strict)[0] == 503
    worker = start_worker(WORKER_QUEUE=queue)
    servers.wait("the heartbeat", lambda: check(client)[:2] == (200, "pass"), 20)
    servers.wait("the heartbeat", lambda: check(strict)[0] == 200, 20)
    ready = worker.get("/readyz")
    assert ready.status_code == 200
    assert set(ready.json()["checks"]) == {"postgres", "s3", "milvus", "embeddings"}
    assert worker.get("/nothing").status_code == 404
    # A worker that ends says so.
    worker.child.terminate()
    assert worker.child.wait(30) == 0
    servers.wait("the warning", lambda: check(client)[1] == "warn", 10)
    late = start(WORKER="separate", WORKER_QUEUE="late", QUEUE_WARN_SECONDS="0.5")
    late.upload("late.txt", "A text that nobody reads.", wait=0)
    with psycopg.connect(servers.postgres_url(client.postgres), autocommit=True) as connection:
        connection.execute(
            "INSERT INTO workers (id, queue, version, concurrency) VALUES ('x', 'late', '1', 1)"
        )
    servers.wait(
        "the age",
        lambda: "the oldest job" in check(late)[2]["worker:heartbeat"]["output"],
        20,
    )


def test_what_a_program_of_before_left_is_taken_up(start, world):
    """Rolled back and forth: it knows no jobs, and left a document half taken in."""
    client = start()
    text = "The kingfisher of Ebro dives from a height of nine metres."
    identity = id_of(text)
    digest = hashlib.sha256(text.encode()).hexdigest()
    servers.s3_client(world.ports["s3"]).put_object(
        Bucket=servers.BUCKET, Key=f"documents/{digest}", Body=text.encode()
    )
    with psycopg.connect(servers.postgres_url(client.postgres), autocommit=True) as connection:
        for number, status in (("0" * 32, "deleting"), (identity, "processing")):
            connection.execute(
                "INSERT INTO documents (id, sha256, filename, content_type, bytes, pages, status,"
                " embedding_model, updated_at) VALUES (%s, %s, 'k.txt',"
                " 'text/plain; charset=utf-8', 58, 1, %s, 'm', now() - interval '1 hour')",
                [number, digest if status == "processing" else "0" * 64, status],
            )
    with contextlib.closing(client):
        second = start()
        servers.wait(
            "the document",
            lambda: second.get(f"/v1/documents/{identity}").json()["status"] == "ready",
            60,
        )
        servers.wait(
            "the deletion",
            lambda: second.get(f"/v1/documents/{'0' * 32}").status_code == 404,
            20,
        )


def test_programs_of_before_may_change_what_waits(idle, start_worker, world):
    """During a roll-out they take in and delete documents, and know nothing of jobs."""
    client, queue = idle
    taken = client.upload("taken.txt", "The old program takes this in, too.", wait=0).json()
    deleted = client.upload("deleted.txt", "The old program deletes this.", wait=0).json()
    with psycopg.connect(servers.postgres_url(client.postgres), autocommit=True) as connection:
        # Its own statements, for a document that waits.
        connection.execute(
            "INSERT INTO documents (id, sha256, filename, content_type, bytes, pages, status,"
            " embedding_model) SELECT id, sha256, filename, content_type, bytes, 1, 'processing',"
            " 'm' FROM documents WHERE id = %s ON CONFLICT (id) DO UPDATE SET"
            " status = 'processing', error = NULL, attempts = documents.attempts + 1,"
            " pages = excluded.pages, updated_at = now()",
            [taken["id"]],
        )
        connection.execute(
            "INSERT INTO chunks (id, document_id, ordinal, page, start_char, end_char, heading,"
            " text) VALUES (%s, %s, 0, 1, 0, 35, '', 'The old program takes this in, too.')",
            [f"{taken['id']}-00000", taken["id"]],
        )
        connection.execute(
            "UPDATE documents SET status = 'ready', chunks = 1 WHERE id = %s", [taken["id"]]
        )
        connection.execute("DELETE FROM documents WHERE id = %s", [deleted["id"]])
    start_worker(WORKER_QUEUE=queue)
    done = ended(client, taken["job"]["id"])
    assert (done["state"], done["attempts"]) == ("succeeded", 1)
    assert traces(world, taken["id"]) == {"rows": 1, "chunks": 1, "vectors": 0, "s3": 1}
    gone = ended(client, deleted["job"]["id"])
    assert (gone["state"], gone["reason"]["detail"]) == ("cancelled", "the document was deleted")
    assert client.get(f"/v1/documents/{deleted['id']}").status_code == 404


def test_metadata_at_its_longest_is_taken_as_it_is_escaped(backend):
    made = backend.upload("noted.txt", "Much is noted of this document.").json()
    metadata = {f"{n:a>64}": "\u00e9" * 512 for n in range(32)}
    body = json.dumps({"metadata": metadata}, ensure_ascii=True).encode()
    kind = {"content-type": "application/json"}
    answer = backend.patch(f"/v1/documents/{made['id']}", content=body, headers=kind)
    assert answer.status_code == 200, answer.text[:300]
    assert answer.json()["metadata"] == metadata
    large = json.dumps({"filename": "x" * 140_000}).encode()
    answer = backend.patch(f"/v1/documents/{made['id']}", content=large, headers=kind)
    assert answer.status_code == 413


def test_a_worker_waits_for_the_schema(idle, start_worker, world):
    """A rolling update may start it before another process has migrated the database."""
    client, queue = idle
    servers.create_database(world.ports["postgres"], "later")
    url = servers.postgres_url(world.relays["postgres"].port, "later")
    worker = start_worker(DATABASE_URL=url, WORKER_QUEUE=queue)

    def health():
        answer = worker.get("/readyz")
        return answer.status_code, answer.json()["checks"]["postgres"]["output"]

    status, output = health()
    assert status == 503
    assert "not migrated" in output
    assert "python -m rag.migrate" in output
    # It neither ends nor does anything else meanwhile.
    time.sleep(3)
    assert worker.get("/livez").status_code == 200
    events = [json.loads(line)["event"] for line in worker.log.read_text().splitlines()]
    assert events.count("worker.waits") == 1
    assert "worker.started" not in events
    assert world.migrate(DATABASE_URL=url).returncode == 0
    servers.wait("the worker", lambda: "worker.started" in worker.log.read_text(), 20)
    servers.wait("readiness", lambda: health()[0] == 200, 20)
    with psycopg.connect(servers.postgres_url(client.postgres, "later")) as connection:
        seen = "SELECT count(*) FROM workers"
        servers.wait("its heartbeat", lambda: connection.execute(seen).fetchone()[0] == 1, 20)


def test_a_worker_ends_while_it_waits_for_the_schema(start_worker, world):
    servers.create_database(world.ports["postgres"], "never")
    url = servers.postgres_url(world.relays["postgres"].port, "never")
    worker = start_worker(DATABASE_URL=url)
    worker.child.send_signal(signal.SIGTERM)
    assert worker.child.wait(20) == 0
    assert "Traceback" not in worker.log.read_text()


def test_the_worker_refuses_a_wrong_configuration(world):
    log = world.folder / "worker-config.log"
    env = world.env(LEASE_SECONDS="0", WORKER="elsewhere")
    with servers.process([sys.executable, "-m", "rag.worker"], log, env=env) as child:
        assert child.wait(20) == 78
    assert "LEASE_SECONDS: " in log.read_text()
    assert "WORKER: " in log.read_text()
