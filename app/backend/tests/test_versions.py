"""New versions of documents in place: one switch, nothing lost, old citations resolve."""

import time

import conftest
import origins
import psycopg
import servers
from test_documents import traces
from test_jobs import ended, id_of

OLD = "The gate of Tessin is painted green."
NEW = "The gate of Tessin is painted red since the spring."


def put(client, document_id, name, body, wait=60, **headers):
    headers |= {"prefer": f"wait={wait}"} if wait else {}
    return client.put(
        f"/v1/documents/{document_id}/content", files={"file": (name, body)}, headers=headers
    )


def chunks(client, document_id, version=None):
    query = {"version": version} if version else {}
    answer = client.get(f"/v1/documents/{document_id}/chunks", params=query)
    assert answer.status_code == 200, answer.text
    return " ".join(item["text"] for item in answer.json()["items"])


def shown(client, document_id):
    return client.get(f"/v1/documents/{document_id}").json()


def kept(client, document_id):
    items = client.get(f"/v1/documents/{document_id}/versions").json()["items"]
    return [(item["version"], item["state"], item["filename"]) for item in items]


def test_a_new_version_takes_the_place_of_the_old_one(backend, world):
    made = backend.upload("tessin.txt", OLD).json()
    assert (made["version"], made["version_at"]) == (1, None)
    [old] = backend.ask("What colour is the gate of Tessin?")["citations"]
    assert old["version"] == 1
    answer = put(backend, made["id"], "tessin-2.md", f"# Gates\n\n{NEW}\n")
    assert answer.status_code == 201, answer.text
    now = shown(backend, made["id"])
    assert now == answer.json()
    assert (now["id"], now["version"], now["filename"]) == (made["id"], 2, "tessin-2.md")
    assert now["version_at"] > now["created_at"] == made["created_at"]
    [new] = backend.ask("What colour is the gate of Tessin?")["citations"]
    assert (new["version"], new["excerpt"], new["document_id"]) == (2, NEW, made["id"])
    # The old citation still resolves, and no question finds what it says.
    assert old["excerpt"] in chunks(backend, made["id"], old["version"])
    assert chunks(backend, made["id"]) == chunks(backend, made["id"], 2) == NEW
    assert kept(backend, made["id"]) == [
        (2, "current", "tessin-2.md"),
        (1, "replaced", "tessin.txt"),
    ]
    assert traces(world, made["id"])["chunks"] == 1
    assert backend.get(f"/v1/documents/{made['id']}/content").text.endswith(f"{NEW}\n")
    # It goes as one.
    assert backend.delete(f"/v1/documents/{made['id']}").status_code == 204
    assert backend.get(f"/v1/documents/{made['id']}/versions").status_code == 404
    with psycopg.connect(servers.postgres_url(world.ports["postgres"])) as connection:
        query = "SELECT count(*) FROM old_chunks WHERE document_id = %s"
        assert connection.execute(query, [made["id"]]).fetchone() == (0,)


def test_a_version_that_fails_leaves_the_old_one(backend):
    made = backend.upload("dam.txt", "The dam of Ulm is ninety metres long.").json()
    answer = put(backend, made["id"], "dam.txt", b" \n \n ")
    assert (answer.status_code, answer.json()["type"]) == (
        422,
        "urn:rag:problem:unreadable-document",
    )
    now = shown(backend, made["id"])
    assert (now["status"], now["version"], now["error"]) == ("ready", 1, None)
    assert "ninety" in backend.ask("How long is the dam of Ulm?")["answer"]
    assert [state for _version, state, _name in kept(backend, made["id"])] == [
        "waiting",
        "current",
    ]
    # Its job may be tried again, as any other.
    [job] = backend.get("/v1/jobs", params={"document_id": made["id"], "kind": "replace"}).json()[
        "items"
    ]
    assert backend.post(f"/v1/jobs/{job['id']}/retry").status_code == 202
    assert ended(backend, job["id"])["state"] == "failed"
    # Another file is the next version; what was refused leaves no trace.
    assert put(backend, made["id"], "dam.txt", "The dam is gone.").status_code == 201
    assert [state for _version, state, _name in kept(backend, made["id"])] == [
        "current",
        "replaced",
    ]


def test_the_old_version_answers_while_the_new_one_waits(world):
    queue = f"versions{time.monotonic_ns()}"
    with conftest.running(world, WORKER="separate", WORKER_QUEUE=queue) as client:
        text = "The mole of Riga is made of granite."
        made = client.upload("mole.txt", text, wait=0).json()
        early = put(client, made["id"], "mole.txt", "The mole of Riga is made of ice.", wait=0)
        assert early.status_code == 409
        with conftest.working(world, WORKER_QUEUE=queue):
            assert ended(client, made["job"]["id"])["state"] == "succeeded"
        etag = {"if-match": f'"{made["sha256"]}"'}
        first = put(client, made["id"], "b.txt", "The mole of Riga is made of wood.", 0, **etag)
        assert first.status_code == 202, first.text
        assert first.headers["location"] == f"/v1/jobs/{first.json()['job']['id']}"
        # Who has seen the old file only does not push the other change aside.
        lost = put(client, made["id"], "c.txt", "The mole of Riga is made of steel.", 0, **etag)
        assert lost.status_code == 409
        # Who does not care does; the same again is the same.
        last = put(client, made["id"], "d.txt", "The mole of Riga is made of slate.", 0)
        same = put(client, made["id"], "d.txt", "The mole of Riga is made of slate.", 0)
        assert last.json()["job"]["id"] == same.json()["job"]["id"]
        assert ended(client, first.json()["job"]["id"])["state"] == "cancelled"
        assert "granite" in client.ask("What is the mole of Riga made of?")["answer"]
        assert (shown(client, made["id"])["version"], chunks(client, made["id"])) == (1, text)
        assert kept(client, made["id"])[0] == (2, "waiting", "d.txt")
        with conftest.working(world, WORKER_QUEUE=queue):
            assert ended(client, last.json()["job"]["id"])["state"] == "succeeded"
        assert "slate" in client.ask("What is the mole of Riga made of?")["answer"]
        assert [state for _v, state, _n in kept(client, made["id"])] == ["current", "replaced"]


def test_lost_updates_are_refused(backend):
    made = backend.upload("a.txt", "The first keeper of the light was Ann.").json()
    path = f"/v1/documents/{made['id']}/content"
    etag = backend.get(path).headers["etag"]
    assert etag == f'"{made["sha256"]}"'
    second = "The second keeper of the light was Ben."
    assert put(backend, made["id"], "a.txt", second, **{"if-match": etag}).status_code == 201
    late = put(backend, made["id"], "a.txt", "The keeper was Cyd.", **{"if-match": etag})
    assert (late.status_code, late.json()["type"]) == (412, "urn:rag:problem:precondition-failed")
    weak = {"if-match": f"W/{backend.get(path).headers['etag']}"}
    assert put(backend, made["id"], "a.txt", "The keeper was Cyd.", **weak).status_code == 412
    any_one = {"if-match": "*"}
    assert put(backend, made["id"], "a.txt", second, **any_one).status_code == 200
    assert shown(backend, made["id"])["version"] == 2


def test_a_content_is_one_document_whatever_version_it_is(backend, world):
    first, second = "The bell of Aalen was cast in 1701.", "The bell of Aalen was cast in 1702."
    other = backend.upload("other.txt", "The bell of Bregenz was cast in 1703.").json()
    made = backend.upload("bell.txt", first).json()
    taken = put(backend, made["id"], "bell.txt", "The bell of Bregenz was cast in 1703.")
    assert taken.status_code == 409
    assert other["id"] in taken.json()["detail"]
    assert put(backend, made["id"], "bell.txt", second).status_code == 201
    # The new content is the document's; the old one is a document of its own.
    again = backend.upload("x.txt", second)
    assert (again.status_code, again.json()["id"]) == (200, made["id"])
    own = backend.upload("bell-old.txt", first)
    assert own.status_code == 201, own.text
    assert own.json()["id"] != made["id"] == id_of(first)
    assert backend.get(f"/v1/documents/{own.json()['id']}/content").text == first
    assert backend.upload("y.txt", first).json()["id"] == own.json()["id"]
    # Each goes by itself, with its file.
    assert backend.delete(f"/v1/documents/{made['id']}").status_code == 204
    assert backend.get(f"/v1/documents/{own.json()['id']}/content").text == first
    assert traces(world, own.json()["id"])["chunks"] == 1
    assert backend.upload("z.txt", second).json()["id"] == id_of(second)


def test_only_so_many_versions_are_kept_and_no_file_is_left(world):
    with conftest.running(world, KEEP_VERSIONS="1") as client:
        made = client.upload("v.txt", "Edition 1 of the almanac of Thun.").json()
        for number in (2, 3):
            put(client, made["id"], "v.txt", f"Edition {number} of the almanac of Thun.")
        assert [version for version, _state, _name in kept(client, made["id"])] == [3, 2]
        gone = client.get(f"/v1/documents/{made['id']}/chunks", params={"version": 1})
        assert (gone.status_code, gone.json()["type"]) == (410, "urn:rag:problem:file-gone")
        none = client.get(f"/v1/documents/{made['id']}/chunks", params={"version": 4})
        assert none.status_code == 404
        assert "Edition 2" in chunks(client, made["id"], 2)
    # A worker that starts takes the old files away.
    s3 = servers.s3_client(world.ports["s3"])

    def none_is_loose():
        with psycopg.connect(servers.postgres_url(world.ports["postgres"])) as connection:
            return connection.execute("SELECT count(*) FROM loose_files").fetchone() == (0,)

    with conftest.working(world):
        servers.wait("the sweep", none_is_loose, 60)
    listed = s3.list_objects_v2(Bucket=servers.BUCKET, Prefix="documents/")
    names = [item["Key"] for item in listed["Contents"]]
    assert f"documents/{made['sha256']}" not in names


def test_a_source_that_changes_becomes_a_new_version(world):
    with (
        origins.serving() as origin,
        conftest.running(
            world,
            IMPORT_URLS="true",
            IMPORT_HTTP="true",
            IMPORT_ALLOWED_HOSTS=f"{origins.OPEN}/32",
            IMPORT_PORTS=str(origin.port),
        ) as client,
    ):
        found = []
        for text in ("The kiosk opens at ten.", "The kiosk opens at eleven."):
            origin.files["/kiosk.txt"] = text.encode()
            made = client.post("/v1/imports", json={"urls": [origin.url("/kiosk.txt")]}).json()
            job = ended(client, made["jobs"][0]["id"])
            assert job["state"] == "succeeded", job
            found.append(shown(client, job["document_id"]))
            assert chunks(client, job["document_id"]) == text
        assert [each["version"] for each in found] == [1, 2]
        assert found[0]["id"] == found[1]["id"]
