"""Upload, show and delete, seen from outside."""

import hashlib
import json
import time
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
import servers
from pdf import pdf

HANDBOOK = """# Staff handbook

## Holidays

Every employee has 30 days of paid holiday a year. Unused days expire on 31 March
of the following year.

## Remote work

- Remote work is possible on **three days** a week.
- The core hours are 10:00 to 15:00.
"""


def traces(world, document_id):
    """How many parts of a document each server holds."""
    with psycopg.connect(servers.postgres_url(world.ports["postgres"])) as connection:
        row = connection.execute("SELECT sha256 FROM documents WHERE id = %s", [document_id])
        known = row.fetchall()
        query = "SELECT count(*) FROM chunks WHERE document_id = %s"
        chunks = connection.execute(query, [document_id]).fetchone()[0]
    client = servers.milvus_client(world.ports["milvus"])
    found = client.query(
        "documents",
        filter=f'document_id == "{document_id}"',
        output_fields=["count(*)"],
        consistency_level="Strong",
    )
    client.close()
    s3 = servers.s3_client(world.ports["s3"])
    keys = [item["Key"] for item in s3.list_objects_v2(Bucket=servers.BUCKET).get("Contents", [])]
    objects = sum(document_id in key for key in keys)
    return {"rows": len(known), "chunks": chunks, "vectors": found[0]["count(*)"], "s3": objects}


def test_a_text_is_taken_in_and_asked_about(backend, world):
    text = "The reactor in hall 7 is cooled with liquid sodium.\nIts pumps were replaced in 2019.\n"
    made = backend.upload("plant.txt", text)
    assert made.status_code == 201, made.text
    document = made.json()
    assert document["status"] == "ready"
    assert document["filename"] == "plant.txt"
    assert document["bytes"] == len(text)
    assert made.headers["location"] == f"/v1/documents/{document['id']}"
    shown = backend.get(f"/v1/documents/{document['id']}")
    assert shown.status_code == 200
    assert shown.json() == document
    assert traces(world, document["id"]) == {"rows": 1, "chunks": 1, "vectors": 1, "s3": 1}
    answer = backend.ask("What cools the reactor in hall 7?")
    assert answer["refused"] is False
    assert "liquid sodium" in answer["answer"]
    [citation] = answer["citations"]
    assert citation["document_id"] == document["id"]
    assert citation["page"] == 1
    assert citation["excerpt"] in text


def test_markdown_is_quoted_word_for_word_and_headings_count(backend):
    document = backend.upload("handbook.md", HANDBOOK).json()
    answer = backend.ask("How many days of remote work are possible in a week?")
    assert "three days" in answer["answer"]
    assert "**" not in answer["answer"]
    assert answer["citations"][0]["document_id"] == document["id"]
    assert all(item["excerpt"] in HANDBOOK for item in answer["citations"])
    wrapped = backend.ask("When do unused holiday days expire?")
    assert "31 March of the following year" in wrapped["answer"]
    assert any("31 March\nof the following" in item["excerpt"] for item in wrapped["citations"])


def test_a_pdf_is_cited_by_page(backend):
    pages = [
        ["The annual report of the harbour.", "It covers all of the piers."],
        ["Pier four was dredged to a depth", "of fourteen metres in the autumn."],
        ["The crane on pier nine lifts eighty tonnes."],
    ]
    made = backend.upload("harbour.pdf", pdf(pages))
    assert made.status_code == 201, made.text
    assert made.json()["pages"] == 3
    answer = backend.ask("To what depth was pier four dredged?")
    assert "fourteen metres" in answer["answer"]
    assert answer["citations"][0]["document_id"] == made.json()["id"]
    assert answer["citations"][0]["page"] == 2
    crane = backend.ask("How much does the crane on pier nine lift?")
    assert crane["citations"][0]["page"] == 3


def test_the_same_content_is_one_document(backend, world):
    text = "Duplicates are recognised by their content, whatever the file is called."
    first = backend.upload("one.txt", text)
    again = backend.upload("two.txt", text)
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json()
    assert traces(world, first.json()["id"])["vectors"] == 1


def test_the_same_content_at_once_is_one_document(backend, world):
    text = "Six clients send this file in the same moment. " * 5
    with ThreadPoolExecutor(6) as pool:
        found = list(pool.map(lambda n: backend.upload(f"{n}.txt", text), range(6)))
    assert sorted(item.status_code for item in found) == [200] * 5 + [201]
    [document_id] = {item.json()["id"] for item in found}
    assert traces(world, document_id)["s3"] == 1


def test_delete_takes_everything_away(backend, world):
    text = "The password of the old lighthouse is written under its seventh step."
    document_id = backend.upload("lighthouse.txt", text).json()["id"]
    question = "Where is the password of the old lighthouse written?"
    assert backend.ask(question)["citations"][0]["document_id"] == document_id
    assert backend.delete(f"/v1/documents/{document_id}").status_code == 204
    assert traces(world, document_id) == {"rows": 0, "chunks": 0, "vectors": 0, "s3": 0}
    # The cached answer is gone too.
    assert backend.ask(question)["refused"] is True
    assert backend.get(f"/v1/documents/{document_id}").status_code == 404
    assert backend.delete(f"/v1/documents/{document_id}").status_code == 404


@pytest.mark.parametrize(
    ("name", "body", "status", "words"),
    [
        ("program.exe", b"MZ", 415, "only text"),
        ("fake.pdf", b"no pdf at all", 415, "not PDF"),
        ("real.txt", pdf([["x"]]), 415, "not text"),
        ("empty.txt", b"", 422, "no text"),
        ("blank.txt", b" \n\n ", 422, "no text"),
        ("zero.txt", b"a\0b", 422, "zero bytes"),
        ("scan.pdf", pdf([[]]), 422, "no text (is it a scan?)"),
        ("broken.pdf", b"%PDF-1.4\nnonsense", 422, "cannot be read"),
        ("large.txt", b"a" * (10 * 1024 * 1024 + 1), 413, "bytes"),
        ("huge.txt", b"a" * (11 * 1024 * 1024), 413, "larger"),
    ],
)
def test_bad_files_are_refused_with_the_reason(backend, name, body, status, words):
    response = backend.upload(name, body)
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    problem = response.json()
    assert problem["status"] == status
    assert words in problem["detail"]
    assert problem["request_id"] == response.headers["x-request-id"]


def test_a_chunked_upload_cannot_pass_the_limit(backend):
    def body():
        yield b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.txt"\r\n\r\n'
        for _ in range(12):
            yield b"a" * 1024 * 1024
        yield b"\r\n--x--\r\n"

    kind = {"content-type": "multipart/form-data; boundary=x"}
    response = backend.post("/v1/documents", content=body(), headers=kind)
    assert response.status_code == 413


def test_unknown_things_are_problems(backend):
    for method, path, status in (
        ("GET", "/v1/documents/0123456789abcdef", 404),
        ("GET", "/v1/documents/..%2Fetc", 404),
        ("GET", "/v1/documents/NOT-AN-ID", 422),
        ("GET", "/nothing", 404),
        ("PUT", "/v1/ask", 405),
        ("POST", "/v1/documents", 422),
    ):
        response = backend.request(method, path)
        assert response.status_code == status, path
        assert response.headers["content-type"] == "application/problem+json"


def test_a_file_that_s3_does_not_take_is_not_acknowledged(backend, world):
    text = "The failure of S3 interrupts this upload, and the next one succeeds."
    world.relays["s3"].cut()
    try:
        failed = backend.upload("interrupted.txt", text)
    finally:
        world.relays["s3"].restore()
    assert failed.status_code == 503, failed.text
    assert failed.json()["dependency"] == "s3"
    assert servers.BUCKET not in failed.text, "users are shown this"
    document_id = hashlib.sha256(text.encode()).hexdigest()[:32]
    assert backend.get(f"/v1/documents/{document_id}").status_code == 404
    assert backend.get("/v1/jobs", params={"document_id": document_id}).json()["items"] == []
    made = backend.upload("interrupted.txt", text)
    assert made.status_code == 201, made.text
    assert traces(world, document_id) == {"rows": 1, "chunks": 1, "vectors": 1, "s3": 1}


@pytest.mark.parametrize("victim", ["s3", "milvus"])
def test_a_job_waits_for_a_server_that_is_down(start, start_worker, world, victim):
    """It uses up two attempts at most: the one that met the failure, and the one that succeeds."""
    queue = f"down-{victim}"
    client = start(MAX_ATTEMPTS="2", WORKER="separate", WORKER_QUEUE=queue)
    text = f"The failure of {victim} interrupts this job, which heals by itself."
    made = client.upload("interrupted.txt", text, wait=0)
    assert made.status_code == 202, made.text
    job = made.headers["location"]
    start_worker(WORKER_QUEUE=queue)
    world.relays[victim].cut()
    try:
        servers.wait("the failure", lambda: client.get(job).json()["reason"], 30)
        time.sleep(3)
        shown = client.get(job).json()
    finally:
        world.relays[victim].restore()
    assert shown["state"] == "queued"
    assert shown["attempts"] == 1
    assert shown["reason"]["dependency"] == victim
    assert servers.BUCKET not in shown["reason"]["detail"]
    servers.wait("recovery", lambda: client.get(job).json()["state"] == "succeeded", 60)
    document_id = made.json()["id"]
    assert traces(world, document_id) == {"rows": 1, "chunks": 1, "vectors": 1, "s3": 1}


def test_the_log_is_json_without_texts(backend):
    secret = "marmalade-7751"
    backend.upload("private.txt", f"The word of the day is {secret}.")
    backend.ask(f"What about {secret}?")
    output = backend.log.read_text()
    lines = [json.loads(line) for line in output.splitlines()]
    assert any(line["event"] == "document.ready" for line in lines)
    assert all({"timestamp", "level"} <= set(line) for line in lines)
    assert secret not in output
    assert "p@ss" not in output
