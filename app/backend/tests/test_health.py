"""Probes, version, metrics, configuration, migrations and the end of a process."""

import asyncio
import json
import signal
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from http.client import HTTPConnection

import psycopg
import pytest
import servers
from alembic import command as alembic_command
from alembic.autogenerate import compare_metadata
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import create_engine

from rag import migrate
from rag.health.service import Readiness
from rag.metrics import Metrics
from rag.tables import metadata

DEPENDENCIES = {"postgres", "redis", "s3", "milvus"}


def failed(client):
    """The names of the dependencies which readiness finds down, and its answer."""
    response = client.get("/readyz")
    checks = response.json()["checks"]
    names = {name for name, check in checks.items() if check["status"] == "fail"}
    assert response.status_code == (503 if names else 200)
    return names, response


def test_ready(backend):
    # Its worker begins a moment after it.
    servers.wait("a worker", lambda: backend.get("/readyz").json()["status"] == "pass", 30)
    names, response = failed(backend)
    assert names == set()
    assert response.headers["content-type"] == "application/health+json"
    body = response.json()
    assert (body["status"], body["version"], body["releaseId"]) == ("pass", "1.2.3", "abc123")
    assert set(body["checks"]) == DEPENDENCIES | {"embeddings", "worker:heartbeat"}
    assert all(check["latency"] > 0 for check in body["checks"].values())


@pytest.mark.parametrize("victim", sorted(DEPENDENCIES))
def test_readiness_names_exactly_what_is_down(backend, world, victim):
    client = backend
    assert failed(client)[0] == set()
    for way in (world.relays[victim].cut, world.relays[victim].hang):
        way()
        try:
            time.sleep(0.15)
            begin = time.monotonic()
            names, response = failed(client)
            took = time.monotonic() - begin
            alive = client.get("/livez").status_code
        finally:
            world.relays[victim].restore()
        assert names == {victim}
        assert response.json()["output"] == f"failed: {victim}"
        assert response.json()["checks"][victim]["output"]
        assert took < 1.8
        assert alive == 200
        servers.wait("recovery", lambda: failed(client)[0] == set(), 15)


def test_what_stores_are_asked_for_is_not_known_while_they_are_silent():
    async def silence() -> None:
        await asyncio.Event().wait()

    probes = dict.fromkeys(("postgres", "embeddings", "worker:heartbeat"), silence)
    checks = asyncio.run(Readiness(probes, Metrics(), timeout=0.05, keep=0).checks())
    assert {name: check.status for name, check in checks.items()} == {
        "postgres": "fail",
        "embeddings": "warn",
        "worker:heartbeat": "warn",
    }
    assert checks["worker:heartbeat"].output == "not known: no answer within 0.05 s"


def test_a_backend_starts_while_everything_is_down(start, world):
    for relay in world.relays.values():
        relay.cut()
    try:
        client = start()
        assert failed(client)[0] == DEPENDENCIES
    finally:
        for relay in world.relays.values():
            relay.restore()
    servers.wait("recovery", lambda: failed(client)[0] == set(), 15)


def test_probes_share_a_result(start, world):
    client = start(READINESS_CACHE_SECONDS="5")
    assert failed(client)[0] == set()
    world.relays["redis"].cut()
    try:
        assert failed(client)[0] == set()
    finally:
        world.relays["redis"].restore()


def test_readiness_says_what_is_wrong_with_the_schema(start, world):
    servers.create_collection(world.ports["milvus"], "narrow_v1", "narrow", dimension=8)
    client = start(MILVUS_COLLECTION="narrow")
    names, response = failed(client)
    assert names == {"milvus"}
    assert "dimension 8, the model makes 384" in response.json()["checks"]["milvus"]["output"]
    names, response = failed(start(MILVUS_COLLECTION="absent"))
    assert names == {"milvus"}
    assert "no collection or alias absent" in response.json()["checks"]["milvus"]["output"]


def test_readiness_wants_the_migrated_schema(start, world):
    servers.create_database(world.ports["postgres"], "empty")
    client = start(DATABASE_URL=servers.postgres_url(world.relays["postgres"].port, "empty"))
    names, response = failed(client)
    assert names == {"postgres"}
    assert "not migrated" in response.json()["checks"]["postgres"]["output"]


def test_a_wrong_password_or_bucket_is_not_called_down(start, world):
    url = servers.postgres_url(world.relays["postgres"].port).replace("p%40ss%2Fword", "wr0ng")
    client = start(DATABASE_URL=url, S3_BUCKET="other-bucket")
    names, response = failed(client)
    assert names == {"postgres", "s3"}
    checks = response.json()["checks"]
    assert "password authentication failed" in checks["postgres"]["output"]
    assert "other-bucket: error 404" in checks["s3"]["output"]
    assert "wr0ng" not in response.text + client.log.read_text()


def test_version_openapi_and_metrics(backend):
    version = backend.get("/version").json()
    assert (version["version"], version["git_sha"]) == ("1.2.3", "abc123")
    assert version["embedding_model"].startswith("all-MiniLM-L6-v2-int8@sha256:")
    paths = backend.get("/openapi.json").json()["paths"]
    assert set(paths) == {
        *("/v1/documents", "/v1/documents/{document_id}", "/v1/ask"),
        *("/v1/search", "/v1/chat/completions", "/v1/models", "/v1/models/{model}"),
        *("/v1/documents/delete", "/v1/documents/reindex", "/v1/documents/{document_id}/reindex"),
        *("/v1/documents/{document_id}/content", "/v1/documents/{document_id}/chunks"),
        *("/v1/documents/{document_id}/versions", "/v1/imports", "/v1/imports/{import_id}"),
        "/v1/imports/{import_id}/cancel",
        *("/v1/jobs", "/v1/jobs/{job_id}", "/v1/jobs/{job_id}/events"),
        *("/v1/jobs/{job_id}/cancel", "/v1/jobs/{job_id}/retry"),
        *("/v1/collections", "/v1/feedback", "/v1/me", "/v1/keys", "/v1/keys/{key_id}"),
        *("/livez", "/readyz", "/version"),
    }
    backend.upload("metrics.txt", "Metrics count what was done.")
    backend.ask("What do metrics count?")
    families = {f.name: f for f in text_string_to_metric_families(backend.get("/metrics").text)}
    stages = families["rag_stage_duration_seconds"].samples
    found = {(s.labels["operation"], s.labels["stage"]) for s in stages}
    assert found >= {("ingest", s) for s in ("s3", "fetch", "parse", "embed", "milvus", "postgres")}
    assert found >= {("ask", s) for s in ("embed", "search", "ground")}
    routes = {s.labels["route"] for s in families["rag_http_request_duration_seconds"].samples}
    assert "/v1/ask" in routes
    assert not routes & {"/livez", "/readyz", "/metrics"}


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"DATABASE_URL": None}, ["DATABASE_URL: is missing"]),
        (
            {"DATABASE_URL": "mysql://me:s3cret@h/d"},
            ["DATABASE_URL: must be a URL like postgresql"],
        ),
        ({"DATABASE_URL": "postgresql://me:s3cret@h:5432"}, ["DATABASE_URL: must end in the name"]),
        ({"DATABASE_URL": "postgresql://me:s3/cret@h/d"}, ["DATABASE_URL: is not a URL"]),
        ({"DATABASE_URL": "postgresql://me:s3cret@h/d?sslmode=on"}, ["DATABASE_URL: has a wrong"]),
        (
            {"DATABASE_URL": "postgresql://me:s3cret@h/d?foo=1"},
            ["DATABASE_URL: has options", "foo"],
        ),
        ({"COLLECTION_WEIGHTS": "code"}, ["COLLECTION_WEIGHTS: must be [tenant/]collection"]),
        ({"REDIS_URL": "http://:s3cret@h"}, ["REDIS_URL: must be a URL like redis"]),
        ({"S3_BUCKET": "s3cret_Bucket!"}, ["S3_BUCKET: "]),
        ({"PORT": "s3cret"}, ["PORT: "]),
        (
            {"LEXICAL_WEIGHT": "0", "DENSE_WEIGHT": "-1", "RETRIEVE_CHUNKS": "51"},
            ["LEXICAL_WEIGHT: ", "DENSE_WEIGHT: ", "RETRIEVE_CHUNKS: "],
        ),
        (
            {"MILVUS_URI": "", "S3_BUCKET": None},
            ["MILVUS_URI: is missing", "S3_BUCKET: is missing"],
        ),
    ],
)
def test_wrong_configuration_is_one_clear_error(world, changes, words):
    log = world.folder / "config.log"
    log.unlink(missing_ok=True)
    with servers.process([sys.executable, "-m", "rag"], log, env=world.env(**changes)) as child:
        assert child.wait(20) == 78
    [line] = log.read_text().splitlines()
    assert line.startswith("configuration error: ")
    assert all(word in line for word in words)
    assert "s3cret" not in line


def test_replicas_migrate_at_once(world):
    servers.create_database(world.ports["postgres"], "fresh")
    url = servers.postgres_url(world.ports["postgres"], "fresh")
    with ThreadPoolExecutor(4) as pool:
        done = list(pool.map(lambda _: world.migrate(DATABASE_URL=url), range(4)))
    assert [item.returncode for item in done] == [0] * 4, done
    assert sum('"changed": true' in item.stdout for item in done) == 1
    with psycopg.connect(url) as connection:
        assert connection.execute("SELECT version FROM corpus").fetchall() == [(0,)]
        found = connection.execute("SELECT version_num FROM schema_revision").fetchall()
    assert found == [(migrate.head(),)]
    # Neither the tables in the code nor the way back differ from the migrations.
    engine = create_engine(url.replace("postgresql://", "postgresql+psycopg://"))
    with engine.begin() as connection:
        assert compare_metadata(migrate.context_of(connection), metadata) == []
        config = migrate._config()
        config.attributes["connection"] = connection
        alembic_command.downgrade(config, "base")
        alembic_command.upgrade(config, "head")
    engine.dispose()


def test_a_migration_without_database_gives_up_and_says_why(world):
    url = servers.postgres_url(servers.free_port())
    done = world.migrate(DATABASE_URL=url, MIGRATE_TIMEOUT_SECONDS="2")
    assert done.returncode == 1
    assert "cannot connect" in done.stdout
    assert "p%40ss" not in done.stdout + done.stderr


def test_an_idle_connection_is_kept_as_long_as_configured(start):
    client = start(KEEP_ALIVE_SECONDS="1")
    connection = HTTPConnection("127.0.0.1", client.base_url.port, timeout=5)
    with closing(connection):
        connection.request("GET", "/livez")
        response = connection.getresponse()
        # All of it: head and body may come apart.
        assert json.loads(response.read())
        assert response.headers.get("connection") != "close"
        begin = time.monotonic()
        assert connection.sock.recv(1) == b""
        assert 0.8 < time.monotonic() - begin < 3


def test_the_end_is_announced_and_requests_are_finished(start):
    client = start(DRAIN_SECONDS="1")
    assert failed(client)[0] == set()
    text = "".join(f"Sentence {n} of an upload which outlives the signal.\n" for n in range(150))
    with ThreadPoolExecutor(1) as pool:
        pending = pool.submit(client.upload, "last.txt", text)
        time.sleep(0.2)
        client.child.send_signal(signal.SIGTERM)
        time.sleep(0.3)
        response = client.get("/readyz")
        assert response.status_code == 503
        assert "shutting down" in response.json()["output"]
        # Else a client would send its next request on a connection that is about to end.
        assert response.headers["connection"] == "close"
        assert client.get("/livez").status_code == 200
        assert pending.result().status_code == 201
    assert client.child.wait(20) in (0, -signal.SIGTERM)
    assert '"event": "stopped"' in client.log.read_text()
