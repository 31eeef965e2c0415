"""Real servers for the tests, on free ports of the loopback interface."""

import contextlib
import fcntl
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import boto3
import certificates
import psycopg
import yaml
from milvus import MilvusServer
from pymilvus import DataType, MilvusClient

POSTGRES_BIN = Path(os.environ.get("POSTGRES_BIN", "/usr/lib/postgresql/15/bin"))
BUCKET = "rag-documents"
DIMENSION = 384
MILVUS_ROLE, MILVUS_LOGIN = "ragops_app", "ragops_app_1:a-password"
PRIVILEGES = Path(__file__).parents[3] / "roles/milvus/vars/main/application.yml"
# RAG_TEST_PORTS=23000-23099 keeps the servers to a range; by default the system chooses.
_RANGE = [int(n) for n in os.environ.get("RAG_TEST_PORTS", "0-0").split("-")]
_given: set[int] = set()


def free_port() -> int:
    """A port which nothing listens on."""
    for port in range(_RANGE[0], _RANGE[1] + 1) if _RANGE[0] else [0]:
        with socket.socket() as probe, contextlib.suppress(OSError):
            if port not in _given:
                probe.bind(("127.0.0.1", port))
                _given.add(found := probe.getsockname()[1])
                return found
    raise RuntimeError("no free port")


def wait(what: str, ready: Callable[[], object], seconds: float = 120) -> None:
    """Wait until `ready()` is true, or fail with its last error. A crowded machine is slow."""
    last: object = None
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            if ready():
                return
        except Exception as error:
            last = error
        time.sleep(0.1)
    raise TimeoutError(f"{what} is not ready after {seconds} s: {last!r}")


def accepts(port: int) -> bool:
    """Whether something listens on a loopback port."""
    with socket.create_connection(("127.0.0.1", port), 0.5):
        return True


@contextlib.contextmanager
def one_at_a_time() -> Iterator[None]:
    """Alone among the tests' processes: a server looks for ports that are free, then takes them."""
    with (Path(tempfile.gettempdir()) / "rag-tests.lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield


@contextlib.contextmanager
def process(
    command: list[str], log: Path, sig: int = signal.SIGTERM, **more: object
) -> Iterator[subprocess.Popen]:
    """A child process that ends with the block; its output goes to a file."""
    with log.open("ab") as out:
        child = subprocess.Popen(command, stdout=out, stderr=subprocess.STDOUT, **more)
        try:
            yield child
        finally:
            child.send_signal(sig)
            try:
                child.wait(10)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()


@contextlib.contextmanager
def postgres(folder: Path) -> Iterator[int]:
    """A PostgreSQL server with user ragops, password `p@ss/word` and database rag; its port.

    It speaks TLS, too, with a certificate for localhost (postgres-tls/ca.crt signs it).
    """
    port = free_port()
    data = folder / "postgres"
    data.mkdir()
    (password := folder / "password").write_text("p@ss/word")
    # The server refuses to run as root: it runs as the user of its package then.
    who = {"user": "postgres", "group": "postgres", "extra_groups": []} if os.geteuid() == 0 else {}
    if who:
        for path in (data, password):
            shutil.chown(path, "postgres", "postgres")
    tls = certificates.server(folder / "postgres-tls", "localhost")
    if who:
        for path in (tls.certificate, tls.key):
            shutil.chown(path, "postgres", "postgres")
    make = [POSTGRES_BIN / "initdb", "-D", data, "-U", "ragops", "-A", "scram-sha-256"]
    make += ["--pwfile", password, "--no-sync", "-E", "UTF8"]
    subprocess.run([*map(str, make)], check=True, capture_output=True, cwd="/", **who)
    options = ["-c", f"port={port}", "-c", "listen_addresses=127.0.0.1", "-c", "fsync=off"]
    options += ["-c", "unix_socket_directories="]
    options += ["-c", "ssl=on", "-c", f"ssl_cert_file={tls.certificate}"]
    options += ["-c", f"ssl_key_file={tls.key}"]
    command = [str(POSTGRES_BIN / "postgres"), "-D", str(data), *options]
    with process(command, folder / "postgres.log", signal.SIGINT, cwd="/", **who):
        url = postgres_url(port, "postgres")
        wait("postgres", lambda: psycopg.connect(url, connect_timeout=1).close() is None)
        create_database(port, "rag")
        yield port


def postgres_url(port: int, database: str = "rag", options: str = "") -> str:
    """The URL of a database of our server."""
    return f"postgresql://ragops:p%40ss%2Fword@127.0.0.1:{port}/{database}{options}"


def create_database(port: int, name: str) -> None:
    """Make an empty database."""
    with psycopg.connect(postgres_url(port, "postgres"), autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')


@contextlib.contextmanager
def redis(folder: Path) -> Iterator[int]:
    """A Redis server; its port."""
    port = free_port()
    command = ["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save", ""]
    with process([*command, "--dir", str(folder)], folder / "redis.log"):
        wait("redis", lambda: accepts(port))
        yield port


@contextlib.contextmanager
def s3(folder: Path) -> Iterator[int]:
    """A server that speaks S3, with our bucket; its port."""
    port = free_port()
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    with process(command, folder / "s3.log"):
        wait("s3", lambda: accepts(port))
        s3_client(port).create_bucket(Bucket=BUCKET)
        yield port


def s3_client(port: int):
    """A client of our S3."""
    return boto3.client(
        "s3",
        endpoint_url=f"http://127.0.0.1:{port}",
        region_name="us-east-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
    )


@contextlib.contextmanager
def milvus(folder: Path) -> Iterator[int]:
    """A Milvus server with the platform's collection and alias; its port."""
    server = MilvusServer()
    server.config.set("data_dir", str(folder / "milvus"))
    server.config.configs["data_dir"] = str(folder / "milvus")
    port = free_port()
    server.config.configs["proxy_port"] = port
    server.config.set("authorization_enabled", True)
    os.environ["ETCD_CONFIG_PATH"] = str(etcd_settings(folder))
    try:
        with one_at_a_time():
            server.start()
        wait("milvus", lambda: milvus_client(port).list_collections() == [], 60)
        create_collection(port, "documents_v1", "documents")
        create_application(port)
        yield port
    finally:
        server.stop()


def etcd_settings(folder: Path) -> Path:
    """Ports for the etcd within Milvus: each would take the usual ones."""
    clients, peers = (f"http://127.0.0.1:{free_port()}" for _ in range(2))
    settings = {
        "listen-client-urls": clients,
        "advertise-client-urls": clients,
        "listen-peer-urls": peers,
        "initial-advertise-peer-urls": peers,
        "initial-cluster": f"default={peers}",
    }
    (path := folder / "etcd.yaml").write_text(yaml.safe_dump(settings))
    return path


def milvus_client(port: int) -> MilvusClient:
    """A client of our Milvus that may do everything: not the backend's."""
    return MilvusClient(f"http://127.0.0.1:{port}", token="root:Milvus", timeout=10)


def privileges() -> list[tuple[str, str, str]]:
    """What the platform's role lets the application do: object type, privilege, object."""
    stated = yaml.safe_load(PRIVILEGES.read_text())["__milvus_application_privileges"]
    alias, collection = "{{ milvus_collection_alias }}", "{{ milvus_collection }}"
    following = "{{ milvus_next_collection or milvus_collection }}"
    names = {alias: "documents", collection: "documents_v1", following: "documents_v1"}
    return [
        (item["object_type"], privilege, name)
        for item in stated
        for name in dict.fromkeys(names.get(each, each) for each in item["object_names"])
        for privilege in item["privileges"]
    ]


def create_application(port: int) -> None:
    """The application's user as the platform's role makes it."""
    client = milvus_client(port)
    name, password = MILVUS_LOGIN.split(":")
    client.create_role(MILVUS_ROLE)
    for kind, privilege, target in privileges():
        client.grant_privilege(MILVUS_ROLE, kind, privilege, target)
    client.create_user(name, password)
    client.grant_role(name, MILVUS_ROLE)
    client.close()


def create_collection(port: int, name: str, alias: str | None, dimension: int = DIMENSION) -> None:
    """A collection as the platform's role makes it; alias: None for the next one."""
    client = milvus_client(port)
    schema = client.create_schema(auto_id=False)
    schema.add_field("chunk_id", DataType.VARCHAR, max_length=64, is_primary=True)
    schema.add_field("document_id", DataType.VARCHAR, max_length=64)
    schema.add_field("page", DataType.INT64)
    schema.add_field("ordinal", DataType.INT64)
    schema.add_field("embedding", DataType.FLOAT_VECTOR, dim=dimension)
    index = client.prepare_index_params()
    index.add_index(
        "embedding",
        index_type="HNSW",
        metric_type="COSINE",
        params={"M": 16, "efConstruction": 200},
    )
    client.create_collection(name, schema=schema, index_params=index, timeout=60)
    if alias:
        client.create_alias(name, alias, timeout=10)
    client.close()


class Relay:
    """A TCP relay before a real server, which can be cut, made slow or made to hang."""

    def __init__(self, target: int) -> None:
        self.port = free_port()
        self._target = target
        self._mode = "pass"
        self._delay = 0.0
        self._open: set[socket.socket] = set()
        self._listener: socket.socket | None = None
        self.restore()

    def cut(self) -> None:
        """Refuse connections, drop those that are open."""
        self._mode = "cut"
        if self._listener:
            # close() alone leaves the port open while accept() waits.
            self._listener.shutdown(socket.SHUT_RDWR)
            self._listener.close()
            self._listener = None
        self._drop()

    def hang(self) -> None:
        """Accept connections and never answer."""
        self._mode = "hang"
        self._drop()

    def slow(self, seconds: float) -> None:
        """Hold back for so long each piece that the server sends."""
        self._delay = seconds

    def restore(self) -> None:
        """Relay again."""
        self._mode, self._delay = "pass", 0.0
        self._drop()
        if self._listener is None:
            self._listener = socket.create_server(("127.0.0.1", self.port), backlog=64)
            threading.Thread(target=self._accept, args=(self._listener,), daemon=True).start()

    def _drop(self) -> None:
        for item in list(self._open):
            self._open.discard(item)
            with contextlib.suppress(OSError):
                item.shutdown(socket.SHUT_RDWR)
            item.close()

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                near, _address = listener.accept()
            except OSError:
                return
            self._open.add(near)
            if self._mode == "pass":
                far = socket.create_connection(("127.0.0.1", self._target))
                self._open.add(far)
                for pair in ((near, far, False), (far, near, True)):
                    threading.Thread(target=self._pump, args=pair, daemon=True).start()

    def _pump(self, source: socket.socket, sink: socket.socket, answers: bool) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                if answers and self._delay:
                    time.sleep(self._delay)
                sink.sendall(data)
        for item in (source, sink):
            self._open.discard(item)
            with contextlib.suppress(OSError):
                item.shutdown(socket.SHUT_RDWR)
