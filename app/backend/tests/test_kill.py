"""What was acknowledged is never lost, whatever is killed at whatever moment."""

import contextlib
import hashlib
import os
import random
import signal
import sys
import time

import httpx
import psycopg
import pytest
import servers
from test_documents import traces

ROUNDS = 12
UPLOADS_PER_ROUND = 5


def text_of(number):
    """A text unlike any other; one in seven has nothing to read."""
    if number % 7 == 3:
        return " \n" * (number + 1)
    return "".join(f"Kill test {number}: sentence {n} is written down.\n" for n in range(90))


def wait_until_up(client):
    """Wait until a server answers that it is ready."""
    servers.wait("the backend", lambda: client.get("/readyz").status_code == 200, 60)


@pytest.mark.slow
def test_nothing_that_was_acknowledged_is_lost(world, capsys):
    """The server and its worker are killed again and again while files come."""
    dice = random.Random(20)  # noqa: S311 - a test must be the same each time
    port = servers.free_port()
    env = world.env(
        PORT=str(port),
        WORKER_QUEUE="kill",
        LEASE_SECONDS="2",
        # As many attempts as kills: it is the server that is tried, and no file that is bad.
        MAX_ATTEMPTS="50",
        DEPENDENCY_TIMEOUT_SECONDS="5",
    )
    log = world.folder / "kill.log"
    acknowledged: dict[str, str] = {}
    unheard = kills = number = 0
    for _round in range(ROUNDS):
        with servers.process([sys.executable, "-m", "rag"], log, env=env) as child:
            with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=20) as client:
                wait_until_up(client)
                deadline = time.monotonic() + dice.uniform(0.3, 4)
                for _upload in range(UPLOADS_PER_ROUND):
                    if time.monotonic() > deadline:
                        break
                    body = text_of(number)
                    number += 1
                    try:
                        answer = client.post(
                            "/v1/documents", files={"file": (f"{number}.txt", body)}
                        )
                    except httpx.HTTPError:
                        unheard += 1
                        continue
                    assert answer.status_code in (200, 202), answer.text
                    acknowledged[answer.json()["id"]] = body
                time.sleep(max(0.0, deadline - time.monotonic()))
            os.kill(child.pid, signal.SIGKILL)
            kills += 1
            child.wait()
    with (
        servers.process([sys.executable, "-m", "rag"], log, env=env),
        httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=20) as client,
    ):
        wait_until_up(client)
        while number < 60:
            body = text_of(number)
            number += 1
            answer = client.post("/v1/documents", files={"file": (f"{number}.txt", body)})
            assert answer.status_code in (200, 202), answer.text
            acknowledged[answer.json()["id"]] = body
        outcome = settled(world, client, acknowledged)
    with capsys.disabled():
        sys.stdout.write(f"\n{kills} kills, {len(acknowledged)} acknowledged: {outcome}\n")
    assert len(acknowledged) >= 50


def settled(world, client, acknowledged):
    """Wait for the end of all documents, and look at each; how many are ready and failed."""
    outcome = {"ready": 0, "failed": 0}

    def none_left():
        jobs = client.get("/v1/jobs", params={"state": "queued", "limit": 200}).json()["items"]
        jobs += client.get("/v1/jobs", params={"state": "running", "limit": 200}).json()["items"]
        return not [job for job in jobs if job["document_id"] in acknowledged]

    servers.wait("all jobs", none_left, 300)
    for document_id, body in acknowledged.items():
        shown = client.get(f"/v1/documents/{document_id}")
        assert shown.status_code == 200, f"{document_id} is lost"
        document = shown.json()
        assert document["sha256"] == hashlib.sha256(body.encode()).hexdigest()
        outcome[document["status"]] += 1
        wanted = "ready" if body.strip() else "failed"
        assert document["status"] == wanted, document
        assert wanted == "ready" or "no text" in document["error"]
        held = traces(world, document_id)
        assert held["s3"] == 1
        assert held["chunks"] == held["vectors"] == document["chunks"]
        assert (held["chunks"] > 0) == (wanted == "ready")
    with psycopg.connect(servers.postgres_url(world.ports["postgres"])) as connection:
        double = connection.execute(
            "SELECT document_id FROM jobs WHERE queue = 'kill' AND state = 'succeeded'"
            " GROUP BY document_id HAVING count(*) > 1"
        ).fetchall()
    assert double == [], "done twice"
    return outcome


def crash(world):
    """Kill one of PostgreSQL's processes: it drops all connections, and recovers from its log."""
    query = "SELECT pid FROM pg_stat_activity WHERE application_name = 'rag-backend' LIMIT 1"
    with psycopg.connect(servers.postgres_url(world.ports["postgres"])) as connection:
        found = connection.execute(query).fetchone()
    if found:
        os.kill(found[0], signal.SIGKILL)


@pytest.mark.slow
@pytest.mark.parametrize("victim", ["postgres", "redis", "milvus", "s3"])
def test_a_server_that_goes_away_costs_no_document(world, start, victim):
    """Connections break at random moments while documents are taken in."""
    dice = random.Random(victim)  # noqa: S311 - a test must be the same each time
    client = start(MAX_ATTEMPTS="30", LEASE_SECONDS="2")
    acknowledged: dict[str, str] = {}
    for number in range(12):
        body = f"{victim} goes away. " + text_of(1000 + 7 * number)
        # What was not answered was not acknowledged: only the others must be kept.
        with contextlib.suppress(httpx.HTTPError):
            answer = client.upload(f"{number}.txt", body, wait=0)
            assert answer.status_code in (200, 202, 503), answer.text
            if answer.status_code != 503:
                acknowledged[answer.json()["id"]] = body
        time.sleep(dice.uniform(0, 0.5))
        if victim == "postgres" and number % 4 == 0:
            crash(world)
        if number % 2:
            world.relays[victim].cut()
            time.sleep(dice.uniform(0.2, 1.5))
            world.relays[victim].restore()
    wait_until_up(client)
    outcome = settled(world, client, acknowledged)
    assert outcome["ready"] == len(acknowledged) >= 6
