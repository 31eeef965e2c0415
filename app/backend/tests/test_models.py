"""The index belongs to a model: another one is refused, or takes its place under load."""

import contextlib
import json
import subprocess
import sys
import threading

import embedding_server
import psycopg
import pytest
import servers

FACTS = {
    "harbour": ("How many piers has the harbour of Vestmark?", "seven piers"),
    "baker": ("When does the baker of Vestmark open?", "six in the morning"),
    "crane": ("What does the crane on pier two lift?", "64 tonnes"),
}
TEXTS = {
    "harbour": "The harbour of Vestmark has seven piers. They were built of oak.",
    "baker": "The baker of Vestmark opens at six in the morning. He sells rye bread.",
    "crane": "The crane on pier two lifts 64 tonnes. It was made in Kiel.",
}


@pytest.fixture(scope="module")
def other():
    """The server of another model, whose vectors the first one's are not near to."""
    with embedding_server.running() as server:
        server.turned = True
        yield server


@pytest.fixture(scope="module")
def own(world):
    """Variables of a corpus of its own: a database, and an alias with two collections."""
    servers.create_database(world.ports["postgres"], "models")
    milvus = world.ports["milvus"]
    servers.create_collection(milvus, "models_v1", "models")
    servers.create_collection(milvus, "models_v2", None)
    variables = {
        "DATABASE_URL": servers.postgres_url(world.ports["postgres"], "models"),
        "MILVUS_URI": f"http://127.0.0.1:{milvus}",
        "MILVUS_TOKEN": "root:Milvus",
        "MILVUS_COLLECTION": "models",
        "ANSWER_CACHE_SECONDS": "0",
        "READINESS_TIMEOUT_SECONDS": "1",
    }
    done = world.migrate(**variables)
    assert done.returncode == 0, done.stdout + done.stderr
    return variables


def rows(world, collection):
    """Chunks by id in a collection, with everything written before."""
    client = servers.milvus_client(world.ports["milvus"])
    try:
        found = client.query(
            collection,
            filter='chunk_id != ""',
            output_fields=["document_id"],
            consistency_level="Strong",
            timeout=30,
        )
        return {item["chunk_id"]: item["document_id"] for item in found}
    finally:
        client.close()


def chunks(world):
    """The same of PostgreSQL."""
    with psycopg.connect(servers.postgres_url(world.ports["postgres"], "models")) as connection:
        return dict(connection.execute("SELECT id, document_id FROM chunks").fetchall())


def target(world):
    client = servers.milvus_client(world.ports["milvus"])
    try:
        return client.describe_alias("models")["collection_name"]
    finally:
        client.close()


@contextlib.contextmanager
def reembedding(world, own, other, **changes):
    env = world.env(**own | other.variables(REEMBED_COLLECTION="models_v2") | changes)
    command = [sys.executable, "-m", "rag.reembed"]
    with subprocess.Popen(
        command, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as child:
        try:
            yield child
        finally:
            child.kill()


def finished(child, status=0):
    out, _none = child.communicate(timeout=120)
    assert child.returncode == status, out
    return [json.loads(line) for line in out.splitlines() if line.startswith("{")]


def check(client, name="embeddings"):
    return client.get("/readyz").json()["checks"][name]


def ready(client):
    servers.wait("the index", lambda: client.get("/readyz").status_code == 200, 60)


class Readers:
    """They ask all the time, and note every answer that is none."""

    def __init__(self, *clients):
        self.clients = list(clients)
        self.asked, self.wrong = 0, []
        self.end = threading.Event()
        self.threads = [threading.Thread(target=self.read, args=(n,)) for n in range(2)]

    def read(self, place):
        while not self.end.is_set():
            for client in tuple(self.clients):
                question, fact = list(FACTS.values())[(self.asked + place) % len(FACTS)]
                response = client.post("/v1/ask", json={"question": question})
                self.asked += 1
                if response.status_code != 200 or fact not in response.json()["answer"]:
                    self.wrong.append((response.status_code, response.text[:300]))

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_error):
        self.end.set()
        for thread in self.threads:
            thread.join()


def test_a_model_changes_under_load_without_an_unanswered_question(world, own, other, start):
    old = start(**own, WORKER_QUEUE="models")
    for name, text in TEXTS.items():
        assert old.upload(f"{name}.txt", text).status_code == 201
    ready(old)
    gone = old.upload("gone.txt", "The lighthouse of Vestmark is gone.").json()["id"]

    # A program with the other model serves nothing until there are vectors of its own.
    new = start(**own, **other.variables(), WORKER_QUEUE="models")
    assert new.get("/readyz").status_code == 503
    assert "python -m rag.reembed" in check(new)["output"]
    refused = new.post("/v1/ask", json={"question": FACTS["harbour"][0]})
    assert (refused.status_code, refused.json()["dependency"]) == (503, "embeddings")
    assert "python -m rag.reembed" in refused.json()["detail"]
    assert new.post("/v1/search", json={"query": "harbour"}).status_code == 503

    with Readers(old) as readers:
        written = 0
        other.hang = 0.2  # so that there is something to write meanwhile
        with reembedding(world, own, other) as child:
            while child.poll() is None and written < 40:
                body = f"Ship {written} of Vestmark carries {written + 3} barrels of tar."
                assert old.upload(f"ship{written}.txt", body).status_code == 201
                written += 1
                if written == 2:
                    assert old.delete(f"/v1/documents/{gone}").status_code == 204
            log = finished(child)
        other.hang = 0
        assert log[-1]["event"] == "reembed.switched"
        assert target(world) == "models_v2"
        ready(new)
        readers.clients.append(new)
        # Both go on for as long as a rollout takes, and each finds what the other takes in.
        late = {}
        for place, client in enumerate((old, new)):
            body = f"The tower {place} of Vestmark has {place + 41} steps."
            late[place] = client.upload(f"tower{place}.txt", body).json()["id"]
        kept = chunks(world)
        assert set(late.values()) <= set(kept.values())
        for collection in ("models_v1", "models_v2"):
            servers.wait(collection, lambda name=collection: rows(world, name) == kept, 60)
        asked = readers.asked
        servers.wait("some answers", lambda: readers.asked > asked + 6)
    assert readers.wrong == []
    assert readers.asked > 10
    assert written > 2
    assert gone not in kept.values()

    # Each searches with its own model's vectors: the nearest is the text itself.
    for client in (old, new):
        found = client.post("/v1/search", json={"query": TEXTS["crane"], "debug": True}).json()
        assert found["hits"][0]["text"] == TEXTS["crane"]
        assert found["hits"][0]["scores"]["dense"] > 0.9
    # What is deleted is gone everywhere.
    assert new.delete(f"/v1/documents/{late[0]}").status_code == 204
    assert late[0] not in rows(world, "models_v1").values()
    assert late[0] not in rows(world, "models_v2").values()


def test_a_change_that_was_ended_goes_on_where_it_was(world, own, other):
    """What was done stays done, and is not done again."""
    with reembedding(world, own, other) as child:
        # It is active already: there is nothing to do.
        assert finished(child)[-1]["event"] == "reembed.switched"
    servers.create_collection(world.ports["milvus"], "models_v3", None)
    third = {"REEMBED_COLLECTION": "models_v3", "EMBEDDING_PASSAGE_PREFIX": "passage: "}
    other.hang = 0.3
    with reembedding(world, own, other, **third) as child:
        for line in child.stdout:
            if "reembed.progress" in line:
                break
        child.kill()
    other.hang = 0
    other.seen.clear()
    # Where vectors were lost meanwhile, the count tells, and all is made again.
    with reembedding(world, own, other, **third) as child:
        finished(child)
    assert rows(world, "models_v3") == chunks(world)
    total = len(set(chunks(world).values()))
    assert len(other.texts()) < total


def test_a_collection_of_another_model_is_not_written_to(world, own, other):
    more = {"EMBEDDING_PASSAGE_PREFIX": "text: ", "REEMBED_COLLECTION": "models_v1"}
    with reembedding(world, own, other, **more) as child:
        said = finished(child, 1)[-1]
    assert said["event"] == "reembed.refused"
    assert "models_v1 has the vectors of all-MiniLM" in said["reason"]
