"""Servers once per session, and backends as processes of their own."""

import contextlib
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest
import servers

SOURCE = Path(__file__).parents[1] / "src"
COVERAGE = "COVERAGE_PROCESS_CONFIG"
"""Set while `make backend-coverage` measures: its programs are measured, too."""


@dataclass
class World:
    """Where everything listens. `relays` stand between the backend and each server."""

    folder: Path
    ports: dict[str, int]
    relays: dict[str, servers.Relay] = field(default_factory=dict)

    def env(self, **changes: str | None) -> dict[str, str]:
        """The environment of a backend; None takes a variable away."""
        port = {name: relay.port for name, relay in self.relays.items()}
        env: dict[str, str | None] = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.folder),
            "PYTHONPATH": str(SOURCE),
            "DATABASE_URL": servers.postgres_url(port["postgres"]),
            "REDIS_URL": f"redis://127.0.0.1:{port['redis']}/0",
            "S3_BUCKET": servers.BUCKET,
            "AWS_REGION": "us-east-1",
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port['s3']}",
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "MILVUS_URI": f"http://127.0.0.1:{port['milvus']}",
            "MILVUS_TOKEN": servers.MILVUS_LOGIN,
            "AUTH": "none",
            "APP_VERSION": "1.2.3",
            "GIT_SHA": "abc123",
            "HOST": "127.0.0.1",
            "DRAIN_SECONDS": "1",
            "READINESS_CACHE_SECONDS": "0.1",
            "DEPENDENCY_TIMEOUT_SECONDS": "3",
            "BACKOFF_SECONDS": "0.2",
            COVERAGE: os.environ.get(COVERAGE),
        }
        return {name: value for name, value in (env | changes).items() if value is not None}

    def migrate(self, **changes: str | None) -> subprocess.CompletedProcess[str]:
        """Run the migration as the init container does."""
        command = [sys.executable, "-m", "rag.migrate"]
        return subprocess.run(
            command, env=self.env(**changes), capture_output=True, text=True, timeout=60
        )


class Backend(httpx.Client):
    """A client of a running backend; `log` is where its output goes."""

    log: Path
    child: subprocess.Popen
    postgres: int

    def upload(self, name: str, body: bytes | str, wait: int = 60) -> httpx.Response:
        """POST a document, and wait for so many seconds until it is ready."""
        data = body.encode() if isinstance(body, str) else body
        headers = {"prefer": f"wait={wait}"} if wait else {}
        return self.post("/v1/documents", files={"file": (name, data)}, headers=headers)

    def ask(self, question: str) -> dict:
        """POST a question; the answer."""
        response = self.post("/v1/ask", json={"question": question})
        assert response.status_code == 200, response.text
        return response.json()


@contextlib.contextmanager
def running(world: World, **changes: str | None) -> Iterator[Backend]:
    """A backend process with a client. Unless told otherwise it has a queue of its own."""
    port = servers.free_port()
    log = world.folder / f"backend-{port}.log"
    env = world.env(**{"PORT": str(port), "WORKER_QUEUE": f"q{port}"} | changes)
    with (
        servers.process([sys.executable, "-m", "rag"], log, env=env) as child,
        Backend(base_url=f"http://127.0.0.1:{port}", timeout=90) as client,
    ):
        client.log, client.child, client.postgres = log, child, world.ports["postgres"]
        servers.wait("the backend", lambda: client.get("/livez").status_code == 200)
        yield client


@contextlib.contextmanager
def working(world: World, **changes: str | None) -> Iterator[Backend]:
    """A worker's process with a client of its probes."""
    port = servers.free_port()
    log = world.folder / f"worker-{port}.log"
    env = world.env(WORKER_PROBE_PORT=str(port), **changes)
    with (
        servers.process([sys.executable, "-m", "rag.worker"], log, env=env) as child,
        Backend(base_url=f"http://127.0.0.1:{port}", timeout=10) as client,
    ):
        client.log, client.child, client.postgres = log, child, world.ports["postgres"]
        servers.wait("the worker", lambda: client.get("/livez").status_code == 200)
        yield client


@pytest.fixture(scope="session")
def folder() -> Iterator[Path]:
    """Where servers keep their data: readable for the user whom PostgreSQL runs as."""
    with tempfile.TemporaryDirectory(prefix="rag-tests-") as name:
        path = Path(name)
        path.chmod(0o755)
        yield path


@pytest.fixture(scope="session")
def world(folder: Path) -> Iterator[World]:
    """All servers, started side by side, and the migrated database."""
    kinds = {
        "postgres": servers.postgres,
        "redis": servers.redis,
        "s3": servers.s3,
        "milvus": servers.milvus,
    }
    contexts = {name: kind(folder) for name, kind in kinds.items()}
    with contextlib.ExitStack() as stack:
        with ThreadPoolExecutor() as pool:
            starts = {name: pool.submit(item.__enter__) for name, item in contexts.items()}
        for name, item in contexts.items():
            if starts[name].exception() is None:
                stack.push(item.__exit__)
        ports = {name: start.result() for name, start in starts.items()}
        made = World(folder, ports)
        made.relays = {name: servers.Relay(port) for name, port in ports.items()}
        done = made.migrate()
        assert done.returncode == 0, done.stdout + done.stderr
        yield made


@pytest.fixture(scope="session")
def backend(world: World) -> Iterator[Backend]:
    """The backend which most tests talk to."""
    with running(world) as client:
        yield client


@pytest.fixture
def start(world: World) -> Iterator[Callable[..., Backend]]:
    """Start more backends, with other variables."""
    with contextlib.ExitStack() as stack:
        yield lambda **changes: stack.enter_context(running(world, **changes))


@pytest.fixture
def start_worker(world: World) -> Iterator[Callable[..., Backend]]:
    """Start processes that run jobs."""
    with contextlib.ExitStack() as stack:
        yield lambda **changes: stack.enter_context(working(world, **changes))
