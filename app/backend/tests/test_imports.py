"""Imports from outside: what is named is fetched by a worker, and followed as an upload is."""

import time

import conftest
import origins
import psycopg
import pytest
import servers
from test_jobs import ended

from rag.imports.buckets import Buckets

BUCKET = "handbooks"


@pytest.fixture(scope="module")
def origin():
    with origins.serving() as made:
        yield made


@pytest.fixture(scope="module")
def bucket(world):
    """A bucket of somebody else's, and its client."""
    client = servers.s3_client(world.ports["s3"])
    client.create_bucket(Bucket=BUCKET)
    return client


@pytest.fixture(scope="module")
def settings(origin):
    """Variables that switch imports on."""
    return {
        "IMPORT_URLS": "true",
        "IMPORT_HTTP": "true",
        "IMPORT_ALLOWED_HOSTS": f"{origins.OPEN}/32",
        "IMPORT_PORTS": str(origin.port),
        "IMPORT_BUCKETS": f"{BUCKET}/open/, gone-bucket",
        "IMPORT_SECONDS": "10",
        "MAX_ATTEMPTS": "2",
    }


@pytest.fixture(scope="module")
def importing(world, settings):
    with conftest.running(world, **settings) as client:
        yield client


def begin(client, **body):
    answer = client.post("/v1/imports", json=body)
    assert answer.status_code == 202, answer.text
    made = answer.json()
    assert answer.headers["location"] == f"/v1/imports/{made['id']}"
    return made


def over(client, made):
    """An import at its end."""
    shown = {}

    def is_over():
        shown.update(client.get(f"/v1/imports/{made['id']}").json())
        return shown["state"] == "ended"

    servers.wait("the import", is_over, 60)
    return shown


def counted(shown):
    return {name: count for name, count in shown["counts"].items() if count}


def test_urls_become_documents_that_answer(importing, origin):
    made = begin(
        importing, urls=[origin.url("/page"), origin.url("/named")], metadata={"team": "sea"}
    )
    assert [job["kind"] for job in made["jobs"]] == ["import", "import"]
    assert made["counts"]["queued"] == 2
    jobs = [ended(importing, job["id"]) for job in made["jobs"]]
    assert [(job["state"], job["kind"], job["import_id"]) for job in jobs] == [
        ("succeeded", "ingest", made["id"])
    ] * 2
    page, named = (importing.get(f"/v1/documents/{job['document_id']}").json() for job in jobs)
    assert (page["filename"], page["status"]) == ("page.html", "ready")
    assert page["source"] == origin.url("/page")
    assert page["metadata"] == {"team": "sea"}
    assert named["filename"] == "tide table.txt"
    assert importing.ask("When does the ferry to Luro leave?")["answer"].endswith("at seven.")
    assert counted(over(importing, made)) == {"succeeded": 2}
    listed = importing.get("/v1/jobs", params={"import_id": made["id"]}).json()["items"]
    assert {job["id"] for job in listed} == {job["id"] for job in jobs}
    assert made["id"] in [each["id"] for each in importing.get("/v1/imports").json()["items"]]


def test_the_same_file_is_no_second_document(importing, origin):
    first = begin(importing, urls=[origin.url("/page?a=1")])
    second = begin(importing, urls=[origin.url("/page?a=1")])
    jobs = [ended(importing, made["jobs"][0]["id"]) for made in (first, second)]
    assert [job["state"] for job in jobs] == ["succeeded", "succeeded"]
    assert jobs[0]["document_id"] == jobs[1]["document_id"]
    # What stands after the path may be a secret.
    shown = importing.get(f"/v1/documents/{jobs[0]['document_id']}").json()
    assert shown["source"] == origin.url("/page")
    assert "a=1" not in importing.log.read_text()


def test_a_job_that_fails_says_why_and_can_be_tried_again(importing, origin):
    paths = ["/missing.txt", "/blank.txt", "/bomb.txt", "/status?503", "/doc.exe"]
    origin.files |= {"/blank.txt": b"  \n ", "/doc.exe": b"MZ\0\0"}
    made = begin(importing, urls=[origin.url(path) for path in paths])
    jobs = [ended(importing, job["id"]) for job in made["jobs"]]
    assert [job["state"] for job in jobs] == ["failed"] * 5
    kinds = [job["reason"]["type"].removeprefix("urn:rag:problem:") for job in jobs]
    assert kinds == [
        *("origin-refused", "unreadable-document", "too-large"),
        *("origin-failed", "unsupported-type"),
    ]
    assert [job["attempts"] for job in jobs] == [1, 1, 1, 2, 1]
    assert counted(over(importing, made)) == {"failed": 5}
    origin.files["/missing.txt"] = b"The pier of Luro is made of oak."
    assert importing.post(f"/v1/jobs/{jobs[0]['id']}/retry").status_code == 202
    assert ended(importing, jobs[0]["id"])["state"] == "succeeded"
    assert counted(over(importing, made)) == {"failed": 4, "succeeded": 1}


def test_what_is_forbidden_is_never_connected_to(importing, origin):
    before = list(origin.seen[origins.CLOSED])
    urls = [
        origin.url("/page", "localhost"),
        origin.url(f"/to?{origin.url('/page', origins.CLOSED)}"),
        origin.url("/to?http://169.254.169.254/latest/meta-data"),
        origin.url("/page", "2130706433"),
        origin.url("/page", "[::ffff:127.0.0.1]"),
    ]
    made = begin(importing, urls=urls)
    for job in made["jobs"]:
        job = ended(importing, job["id"])
        assert (job["state"], job["attempts"]) == ("failed", 1)
        assert job["reason"]["type"] == "urn:rag:problem:url-refused"
        assert "127.0.0.1" not in job["reason"]["detail"]
    assert origin.seen[origins.CLOSED] == before


@pytest.mark.parametrize(
    ("body", "status", "words"),
    [
        ({"urls": ["ftp://example.com/a"]}, 422, "urls.0: only https and http"),
        ({"urls": ["https://u:p@example.com/"]}, 422, "urls.0: a URL must hold no user"),
        ({"urls": []}, 422, "urls"),
        ({"urls": ["https://e.com"], "s3": {"bucket": BUCKET}}, 422, "either urls or s3"),
        ({}, 422, "either urls or s3"),
        ({"urls": [f"https://e.com/{n}" for n in range(51)]}, 422, "urls"),
        ({"s3": {"bucket": BUCKET, "prefix": "closed/"}}, 403, "IMPORT_BUCKETS"),
        ({"s3": {"bucket": "rag-documents"}}, 403, "IMPORT_BUCKETS"),
    ],
)
def test_a_wrong_import_is_refused_at_once(importing, body, status, words):
    answer = importing.post("/v1/imports", json=body)
    assert answer.status_code == status, answer.text
    assert words in answer.json()["detail"]


def test_nothing_is_fetched_unless_it_is_asked_for(backend):
    for body in ({"urls": ["https://example.com/a.txt"]}, {"s3": {"bucket": BUCKET}}):
        answer = backend.post("/v1/imports", json=body)
        assert answer.status_code == 403
        assert answer.json()["type"] == "urn:rag:problem:disabled"
    assert backend.get("/v1/imports/abc").status_code == 404
    assert backend.post("/v1/imports/abc/cancel").status_code == 404


def test_a_prefix_is_listed_and_what_is_there_is_passed_over(importing, bucket):
    names = ["open/a.txt", "open/deep/b.md", "open/picture.png", "open/folder/"]
    for name in names:
        bucket.put_object(
            Bucket=BUCKET, Key=name, Body=f"The file {name} is about {name}.".encode()
        )
    bucket.put_object(Bucket=BUCKET, Key="closed.txt", Body=b"It is nobody's business.")
    where = {"bucket": BUCKET, "prefix": "open/"}
    first = over(importing, begin(importing, s3=where))
    assert counted(first) == {"succeeded": 2, "failed": 1}
    jobs = importing.get("/v1/jobs", params={"import_id": first["id"]}).json()["items"]
    [failed] = [job for job in jobs if job["state"] == "failed"]
    assert failed["reason"]["type"] == "urn:rag:problem:unsupported-type"
    found = {job["filename"]: job["document_id"] for job in jobs if job["kind"] == "ingest"}
    assert set(found) == {"a.txt", "b.md"}
    shown = importing.get(f"/v1/documents/{found['b.md']}").json()
    assert shown["source"] == f"s3://{BUCKET}/open/deep/b.md"
    # Again: what did not change is not even read.
    assert counted(over(importing, begin(importing, s3=where))) == {"failed": 1, "skipped": 2}
    bucket.put_object(Bucket=BUCKET, Key="open/c.txt", Body=b"A third file is here now.")
    third = over(importing, begin(importing, s3=where))
    assert counted(third) == {"failed": 1, "skipped": 2, "succeeded": 1}


def test_a_bucket_that_is_not_there_is_told(importing):
    empty = over(importing, begin(importing, s3={"bucket": BUCKET, "prefix": "open/none/"}))
    assert (counted(empty), empty["reason"]) == ({}, None)
    gone = over(importing, begin(importing, s3={"bucket": "gone-bucket"}))
    assert gone["reason"]["type"] == "urn:rag:problem:origin-refused"
    assert "NoSuchBucket" in gone["reason"]["detail"]


def test_buckets_are_of_tenants():
    allowed = Buckets.of("open-one, acme=theirs/docs/, *=shared")
    assert allowed.permits("default", "open-one", "")
    assert not allowed.permits("acme", "open-one", "")
    assert allowed.permits("acme", "theirs", "docs/2026")
    assert not allowed.permits("acme", "theirs", "doc")
    assert not allowed.permits("default", "theirs", "docs/")
    assert allowed.permits("anyone", "shared", "x")
    for wrong in ("UPPER", "a=b=c", "=x", "t=", "bad_bucket"):
        with pytest.raises(ValueError, match="must be"):
            Buckets.of(wrong)


@pytest.mark.slow
def test_a_list_goes_on_where_a_killed_worker_left_it(world, settings, bucket):
    keys = [f"open/many/{number:03}.txt" for number in range(230)]
    for key in keys:
        bucket.put_object(Bucket=BUCKET, Key=key, Body=f"Sheet {key} says {key}.".encode())
    queue = f"list{time.monotonic_ns()}"
    # So few may wait that the list takes several turns.
    more = {
        **settings,
        "WORKER_QUEUE": queue,
        "QUEUE_LIMIT": "120",
        "LEASE_SECONDS": "2",
        "MAX_ATTEMPTS": "50",
    }
    with conftest.running(world, WORKER="separate", **more) as client:
        made = begin(client, s3={"bucket": BUCKET, "prefix": "open/many/"})
        for turn in range(2):
            with conftest.working(world, **more) as worker:
                servers.wait(
                    "some files",
                    lambda turn=turn: done(client, made) >= 20 * (turn + 1),
                )
                worker.child.kill()
                worker.child.wait()
        assert client.get(f"/v1/imports/{made['id']}").json()["state"] == "running"
        with conftest.working(world, **{**more, "WORKER_CONCURRENCY": "4"}):
            servers.wait(
                "the import",
                lambda: client.get(f"/v1/imports/{made['id']}").json()["state"] == "ended",
                300,
            )
        assert counted(client.get(f"/v1/imports/{made['id']}").json()) == {"succeeded": 230}
    with psycopg.connect(servers.postgres_url(world.ports["postgres"])) as connection:
        rows = connection.execute(
            "SELECT filename, document_id FROM jobs WHERE import_id = %s AND kind <> 'list'",
            [made["id"]],
        ).fetchall()
    assert sorted(name for name, _id in rows) == [key.rpartition("/")[2] for key in keys]
    assert len({document for _name, document in rows}) == 230


def done(client, made):
    return client.get(f"/v1/imports/{made['id']}").json()["counts"]["succeeded"]


def test_an_import_can_be_cancelled(importing, origin):
    slow = [origin.url(f"/slow?{number}") for number in range(3)]
    made = begin(importing, urls=[*slow, origin.url("/page?c=4")])
    cancelled = importing.post(f"/v1/imports/{made['id']}/cancel")
    assert cancelled.status_code == 200
    assert cancelled.json()["state"] == "ended"
    assert counted(cancelled.json()) == {"cancelled": 4}
    assert importing.post(f"/v1/imports/{made['id']}/cancel").json() == cancelled.json()
    # What ran has ended, too: there is room for others.
    assert ended(importing, begin(importing, urls=[origin.url("/page")])["jobs"][0]["id"])
