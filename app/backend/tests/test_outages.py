"""What a user sees while a server is down, hangs, is slow, restarts, or refuses the password.

The slow test prints the table that README.md shows; each cell is what a client got.
"""

import sys
import time
import uuid
from concurrent.futures import ThreadPoolExecutor

import model_server
import pytest
import servers
from conftest import running

TIMEOUT = 3.0
"""DEPENDENCY_TIMEOUT_SECONDS of the backends here."""
LONGEST = 4 * TIMEOUT
"""Seconds within which every request must have an answer, whatever fails."""
TEXT = "The lighthouse of Carrick Head was built in 1884. Its keeper is Nora Flynn.\n"
KNOWN = "When was the lighthouse of Carrick Head built?"
FRESH = "Who is the keeper of the lighthouse of Carrick Head? {}"
UPLOADED = "Outage {}: the ferry leaves at noon.\n"
REQUESTS = ("live", "list", "content", "search", "ask", "ask again", "upload")
WAITS = "202"
"""An upload whose job waits until the server is back."""

FAILS = {
    "postgres": dict.fromkeys(("list", "content", "search", "ask", "ask again", "upload"), "503"),
    "redis": {},
    "s3": {"content": "503", "upload": "503"},
    "milvus": {"search": "503", "ask": "503"},
}
"""Requests that cannot be answered without a server; all others are as always."""


def look(client, number):
    """What each request gets: its status, and the server that it blames."""
    known = client.known

    def ask(question):
        return client.post("/v1/ask", json={"question": question})

    ways = {
        "live": lambda: client.get("/livez"),
        "list": lambda: client.get("/v1/documents"),
        "content": lambda: client.get(f"/v1/documents/{known}/content"),
        "search": lambda: client.post("/v1/search", json={"query": f"lighthouse {number}"}),
        "ask": lambda: ask(FRESH.format(number)),
        "ask again": lambda: ask(KNOWN),
        "upload": lambda: client.upload(f"{number}.txt", UPLOADED.format(number), wait=0),
    }
    seen, blamed = {}, set()
    for name in REQUESTS:
        begin = time.monotonic()
        answer = ways[name]()
        took = time.monotonic() - begin
        assert took < LONGEST, f"{name} took {took:.1f} s"
        seen[name] = str(answer.status_code)
        if answer.status_code >= 500:
            problem = answer.json()
            assert problem["type"] == "urn:rag:problem:dependency-unavailable", problem
            blamed.add(problem["dependency"])
    return seen, blamed


def usual(client):
    """What each request gets while all is well."""
    seen, blamed = look(client, uuid.uuid4().hex)
    assert blamed == set()
    assert seen == dict.fromkeys(REQUESTS, "200") | {"upload": WAITS}
    return seen


def settle(client):
    """Wait until every upload is read: then the known answer is cached while nothing changes."""
    ended = {"succeeded", "failed", "cancelled"}

    def over():
        return {job["state"] for job in client.get("/v1/jobs").json()["items"]} <= ended

    servers.wait("the uploads", over, 30)
    client.ask(KNOWN)


@pytest.fixture(scope="module")
def client(world):
    """A backend with a document that was asked about."""
    with running(world, DEPENDENCY_TIMEOUT_SECONDS=str(TIMEOUT), LEASE_SECONDS="2") as backend:
        document = backend.upload("lighthouse.txt", TEXT)
        assert document.status_code in (200, 201), document.text
        backend.known = document.json()["id"]
        assert "1884" in backend.ask(KNOWN)["answer"]
        usual(backend)
        yield backend


def cut(relay):
    """The server is down."""
    relay.cut()


def hang(relay):
    """The server takes connections, and answers nothing."""
    relay.hang()


WAYS = {"down": cut, "hangs": hang}


def test_requests_side_by_side_are_told_the_same(client, world):
    """The first that fails closes the connection, on which the others wait."""

    def search(number):
        time.sleep(number * 0.2)
        return client.post("/v1/search", json={"query": f"lighthouse {uuid.uuid4().hex}"})

    world.relays["milvus"].hang()
    try:
        with ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(search, range(8)))
    finally:
        world.relays["milvus"].restore()
    assert {answer.status_code for answer in answers} == {503}
    assert {answer.json()["dependency"] for answer in answers} == {"milvus"}


@pytest.mark.slow
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("victim", FAILS)
def test_only_what_needs_a_server_fails_without_it(client, world, victim, way, capsys):
    """Every answer names the server; all is as before once it is back, without a restart."""
    settle(client)
    WAYS[way](world.relays[victim])
    try:
        seen, blamed = look(client, uuid.uuid4().hex)
        ready = client.get("/readyz")
    finally:
        world.relays[victim].restore()
    told(capsys, victim, way, seen)
    wanted = dict.fromkeys(REQUESTS, "200") | {"upload": WAITS} | FAILS[victim]
    assert (seen, blamed) == (wanted, {victim} if FAILS[victim] else set())
    assert ready.status_code == 503
    assert ready.json()["output"] == f"failed: {victim}"
    servers.wait("recovery", lambda: client.get("/readyz").status_code == 200, 20)
    usual(client)


@pytest.mark.slow
@pytest.mark.parametrize("victim", FAILS)
def test_a_slow_server_makes_answers_slow_and_none_wrong(client, world, victim, capsys):
    """A tenth of a second for each answer of the server."""
    settle(client)
    world.relays[victim].slow(0.1)
    try:
        seen = usual(client)
    finally:
        world.relays[victim].restore()
    told(capsys, victim, "slow", seen)


@pytest.mark.slow
@pytest.mark.parametrize("victim", FAILS)
def test_a_restart_costs_no_request_after_it(client, world, victim, capsys):
    """All connections break, and the next ones are served: nobody gets an error from an old one."""
    world.relays[victim].cut()
    world.relays[victim].restore()
    seen = usual(client)
    told(capsys, victim, "restarted", seen)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("victim", "changes"),
    [
        ("postgres", {"DATABASE_URL": ("p%40ss%2Fword", "wr0ng")}),
        ("redis", {"REDIS_URL": ("redis://", "redis://:wr0ng@")}),
        ("s3", {"S3_BUCKET": ("rag-documents", "wr0ng-bucket")}),
        ("milvus", {"MILVUS_TOKEN": ("a-password", "wr0ng")}),
    ],
)
def test_a_refused_password_is_told_to_nobody(client, world, start, victim, changes, capsys):
    """It is the operator's matter: the answer names the server alone."""
    env = world.env()
    changed = {name: env[name].replace(*way) for name, way in changes.items()}
    wrong = start(DEPENDENCY_TIMEOUT_SECONDS=str(TIMEOUT), **changed)
    wrong.known = client.known
    seen, blamed = look(wrong, uuid.uuid4().hex)
    told(capsys, victim, "refuses", seen)
    wanted = dict.fromkeys(REQUESTS, "200") | {"upload": WAITS} | FAILS[victim]
    assert (seen, blamed) == (wanted, {victim} if FAILS[victim] else set())
    assert "wr0ng" not in wrong.log.read_text()


@pytest.fixture
def model():
    """A language model's server."""
    with model_server.running() as server:
        server.text = "It was built in 1884 [1]."
        yield server


@pytest.mark.slow
@pytest.mark.parametrize("way", ["down", "hangs", "401", "429", "500"])
def test_without_its_model_answers_are_the_documents_sentences(start, model, way, capsys):
    """Whatever the model does, the question has an answer with a source."""
    relay = servers.Relay(model.server_port)
    changes = model.variables(OPENAI_TIMEOUT_SECONDS="1", OPENAI_TOTAL_SECONDS="6")
    changes["OPENAI_BASE_URL"] = f"http://127.0.0.1:{relay.port}/v1"
    asking = start(**changes)
    asking.upload("lighthouse.txt", TEXT)
    assert asking.ask(KNOWN)["answer"].startswith("It was built")
    if way in WAYS:
        WAYS[way](relay)
    else:
        model.status = int(way)
    begin = time.monotonic()
    answer = asking.ask(KNOWN)
    took = time.monotonic() - begin
    relay.cut()
    assert answer["answer"].startswith("The lighthouse of Carrick Head was built in 1884.")
    assert answer["citations"]
    assert not answer["refused"]
    assert took < LONGEST
    told(capsys, "model", way, {"ask": "200"})
    assert asking.get("/readyz").status_code == 200


def told(capsys, victim, way, seen):
    """Print a row of the table."""
    with capsys.disabled():
        row = ", ".join(f"{name} {status}" for name, status in seen.items())
        sys.stdout.write(f"\n{victim:9} {way:10} {row}\n")
