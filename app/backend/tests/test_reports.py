"""Errors that nobody expected arrive where SENTRY_DSN says, and nothing else does."""

import contextlib
import json
import signal
import subprocess
import sys
import time

import httpx
import pytest
import sentry
import servers

# A program of ours with a bug that quotes what it was given.
BROKEN = """
import runpy, sys
from rag.ask.search import SearchService
from rag.ingest.reader import Reader

async def search(self, scope, request):
    raise ValueError(f"{request.query} and sk-secret-key")

async def read(self, media_type, body):
    kept = body
    raise KeyError(body)

SearchService.search = search
Reader.read = read
sys.argv = ["rag"]
runpy.run_module("rag", run_name="__main__")
"""


@contextlib.contextmanager
def broken(world, **changes):
    """A server whose searches and whose worker fail."""
    port = servers.free_port()
    log = world.folder / f"broken-{port}.log"
    env = world.env(PORT=str(port), WORKER_QUEUE=f"q{port}", MAX_ATTEMPTS="1", **changes)
    with (
        servers.process([sys.executable, "-c", BROKEN], log, env=env) as child,
        httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=90) as client,
    ):
        client.log, client.child = log, child
        servers.wait("the server", lambda: client.get("/livez").status_code == 200)
        yield client


def test_an_unexpected_error_arrives_without_texts_and_secrets(world):
    with (
        sentry.receiving() as receiver,
        broken(
            world,
            SENTRY_DSN=receiver.dsn,
            SENTRY_ENVIRONMENT="tests",
            OPENAI_API_KEY="sk-secret-key",
        ) as client,
    ):
        headers = {"x-request-id": "r-1", "traceparent": f"00-{'a' * 32}-{'b' * 16}-01"}
        answer = client.post("/v1/search", json={"query": "the quokka"}, headers=headers)
        assert answer.status_code == 500
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.headers["x-request-id"] == answer.json()["request_id"] == "r-1"
        files = {"file": ("wombat.txt", b"The wombat sleeps.")}
        assert client.post("/v1/documents", files=files).status_code == 202
        servers.wait("two events", lambda: len(receiver.events()) >= 2)
        # What a client causes, and a server behind that is as it should be, is nobody's bug.
        assert client.post("/v1/search", content=b"{").status_code == 422
        assert client.get("/v1/jobs/" + "ab" * 16).status_code == 404
        time.sleep(1)
        events = receiver.events()
        sent = b"".join(receiver.bodies).decode()
        log = client.log.read_text()
    of_search, of_job = sorted(events, key=lambda event: "job_id" in event["tags"])
    assert len(events) == 2
    assert of_search["tags"]["route"] == "/v1/search"
    assert of_search["tags"]["request_id"] == "r-1"
    assert of_search["tags"]["trace_id"] == "a" * 32
    assert of_search["environment"] == "tests"
    assert of_search["release"] == "rag-backend@1.2.3"
    assert of_job["tags"]["kind"] == "ingest"
    for event, name in ((of_search, "ValueError"), (of_job, "KeyError")):
        raised = event["exception"]["values"][-1]
        assert raised["type"] == name
        assert raised["stacktrace"]["frames"][-1]["function"] in ("search", "read")
        assert all("vars" not in frame for frame in raised["stacktrace"]["frames"])
        assert "request" not in event
        assert not event.get("breadcrumbs", {}).get("values")
    for text in ("quokka", "wombat", "sk-secret-key", "p@ss/word", sentry.KEY):
        assert text not in sent, text
        assert text not in log, text
    crashed = [json.loads(line) for line in log.splitlines() if '"exception"' in line]
    assert [line["event"] for line in crashed] == ["request.crashed", "job.crashed"]
    assert crashed[0]["trace_id"] == "a" * 32


@pytest.mark.parametrize("state", ["silent", "down"])
def test_a_service_that_is_away_does_no_harm(world, state):
    with sentry.receiving() as receiver:
        receiver.silent.set()
        dsn = receiver.dsn
        if state == "down":
            dsn = f"http://{sentry.KEY}@127.0.0.1:{servers.free_port()}/42"
        with broken(world, SENTRY_DSN=dsn, DRAIN_SECONDS="0") as client:
            slowest = 0.0
            for _ in range(150):  # More than the library keeps until it drops.
                begun = time.perf_counter()
                assert client.post("/v1/search", json={"query": "x"}).status_code == 500
                slowest = max(slowest, time.perf_counter() - begun)
            assert slowest < 5
            begun = time.perf_counter()
            client.child.terminate()
            assert client.child.wait(60) == -signal.SIGTERM
            assert time.perf_counter() - begun < 15


@pytest.mark.parametrize(
    "dsn", ["https://host/1", "key@host/1", "https://k3y@host/", "file://k@h/1"]
)
def test_a_wrong_dsn_is_told_and_not_shown(world, dsn):
    done = subprocess.run(
        [sys.executable, "-m", "rag"],
        env=world.env(SENTRY_DSN=dsn),
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 78
    assert done.stderr.startswith("configuration error: SENTRY_DSN: ")
    assert dsn not in done.stderr


def test_without_a_dsn_its_library_is_not_loaded(world):
    program = (
        "import sys, json; from rag import reports; from rag.settings import Settings, load\n"
        "settings = load(Settings); reports.install(settings, 'x')()\n"
        "reports.report(ValueError('x'))\n"
        "print(json.dumps('sentry_sdk' in sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], env=world.env(), capture_output=True, text=True
    )
    assert json.loads(done.stdout) is False
