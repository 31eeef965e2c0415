"""Users and tokens on a real PostgreSQL and a real Redis, as RDS and ElastiCache make them."""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import pwd
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from rehearsal.aws.elasticache.server import RedisServer
from rehearsal.aws.rds.server import PostgresServer, scram_verifier
from rehearsal.aws.servers import DataError
from rehearsal.services.postgres import programs


def wait_for(path: Path) -> None:
    for _ in range(100):
        if path.exists():
            return
        time.sleep(0.1)
    raise AssertionError(f"{path} did not appear")


def test_the_verifier_is_the_one_of_the_standard() -> None:
    # The exchange that RFC 7677 (section 3) gives as its example: password "pencil".
    nonce = "rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0"
    salt = "W22ZaJ0SNY7soEsUEjb6gQ=="
    message = f"n=user,r=rOprNGfwEbeRWgbNEkqO,r={nonce},s={salt},i=4096,c=biws,r={nonce}"
    verifier = scram_verifier("pencil", salt=base64.b64decode(salt))
    server_key = base64.b64decode(verifier.rsplit(":", 1)[1])
    signature = hmac.digest(server_key, message.encode(), "sha256")
    assert base64.b64encode(signature).decode() == "6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="


@pytest.fixture(scope="module")
def postgres() -> Iterator[Path]:
    """A server on a unix socket only; yields the socket's folder."""
    user = pwd.getpwnam("postgres").pw_uid if os.geteuid() == 0 else None
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if user is not None:
            os.chown(folder, user, user)
        asking = {"user": user, "group": user, "cwd": "/", "stdout": subprocess.DEVNULL}
        subprocess.run(
            [
                programs() / "initdb",
                "--no-sync",
                "--username=rdsadmin",
                "--auth-local=trust",
                folder / "data",
            ],
            check=True,
            **asking,
        )
        access = folder / "data/pg_hba.conf"
        access.write_text("local all rdsadmin trust\nlocal all all scram-sha-256\n")
        server = subprocess.Popen(
            [
                programs() / "postgres",
                "-D",
                folder / "data",
                "-c",
                "listen_addresses=",
                "-c",
                f"unix_socket_directories={folder}",
            ],
            stderr=subprocess.DEVNULL,
            **asking,
        )
        wait_for(folder / ".s.PGSQL.5432")
        yield folder
        server.terminate()
        server.wait()


def ask(folder: Path, user: str, password: str, database: str, query: str) -> str:
    done = subprocess.run(
        ["psql", "-XAtq", "-h", folder, "-U", user, "-c", query, database],
        env={**os.environ, "PGPASSWORD": password},
        capture_output=True,
        text=True,
        check=False,
    )
    return (done.stdout or done.stderr).strip()


def test_an_instance_has_its_user_and_database_until_it_is_deleted(postgres: Path) -> None:
    server = PostgresServer(postgres)
    server.create("one", "ragops", "first 'password'", "rag")
    assert ask(postgres, "ragops", "first 'password'", "rag", "select current_user") == "ragops"
    query = "select rolsuper from pg_roles where rolname = current_user"
    assert ask(postgres, "ragops", "first 'password'", "rag", query) == "f"
    assert ask(postgres, "ragops", "first 'password'", "rag", "create role app; select 1") == "1"

    with pytest.raises(DataError, match="DB instance one uses it"):
        server.create("two", "other", "password", "rag")

    server.set_password("one", "second")
    assert "authentication failed" in ask(postgres, "ragops", "first", "rag", "select 1")
    assert ask(postgres, "ragops", "second", "rag", "select 1") == "1"

    server.delete("two")
    assert ask(postgres, "ragops", "second", "rag", "select 1") == "1"
    server.delete("one")
    left = ask(postgres, "rdsadmin", "", "postgres", "select rolname from pg_roles")
    assert not {"ragops", "app"} & set(left.split())
    server.create("two", "other", "password", "rag")
    server.delete("two")


def test_postgresql_never_gets_the_password_in_clear(postgres: Path) -> None:
    server = PostgresServer(postgres)
    server.create("one", "ragops", "in clear", "rag")
    query = "select rolpassword from pg_authid where rolname = 'ragops'"
    assert ask(postgres, "rdsadmin", "", "postgres", query).startswith("SCRAM-SHA-256$4096:")
    server.delete("one")


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[tuple[RedisServer, Path]]:
    """A server on a unix socket only."""
    folder = Path(tempfile.mkdtemp())
    path = folder / "redis.sock"
    password = tmp_path / "administrator"
    password.write_text("administrator's")
    digest = hashlib.sha256(b"administrator's").hexdigest()
    program = folder / "redis-server"
    program.symlink_to("/usr/bin/redis-check-rdb")
    (folder / "redis.conf").write_text(
        f'port 0\nunixsocket {path}\nsave ""\ndir {folder}\n'
        f"user rehearsal on ~* &* +@all #{digest}\nuser default off resetpass\n"
    )
    process = subprocess.Popen([program, folder / "redis.conf"], stdout=subprocess.DEVNULL)
    wait_for(path)
    # CONFIG SET would open the real port: the test's server listens elsewhere.
    server = RedisServer(password, path)
    yield server, path
    process.terminate()
    process.wait()


def talk(path: Path, *lines: str) -> list[str]:
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(5)
        client.connect(str(path))
        with client.makefile("rw", newline="\r\n") as stream:
            answers = []
            for line in lines:
                stream.write(line + "\n")
                stream.flush()
                answers.append(stream.readline().strip())
            return answers


def test_a_group_takes_its_tokens_only(
    redis: tuple[RedisServer, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    server, path = redis
    monkeypatch.setattr("rehearsal.aws.elasticache.server.REDIS_PORT", 22090)
    assert talk(path, "PING")[0].startswith("-NOAUTH")
    server.create("group", ["first-token-of-sixteen"], tls=False)
    assert talk(path, "PING")[0].startswith("-NOAUTH")
    assert talk(path, "AUTH first-token-of-sixteen", "PING") == ["+OK", "+PONG"]
    refused = talk(path, "AUTH first-token-of-sixteen", "CONFIG GET port")[1]
    assert refused.startswith("-NOPERM")

    server.set_tokens("group", ["first-token-of-sixteen", "second-token-of-sixteen"])
    assert talk(path, "AUTH first-token-of-sixteen", "PING") == ["+OK", "+PONG"]
    server.set_tokens("group", ["second-token-of-sixteen"])
    assert talk(path, "AUTH first-token-of-sixteen")[0].startswith("-WRONGPASS")

    with pytest.raises(DataError, match="replication group group uses it"):
        server.create("other", [], tls=False)
    talk(path, "AUTH second-token-of-sixteen", "SET key value")
    server.delete("group")
    assert talk(path, "AUTH second-token-of-sixteen")[0].startswith("-WRONGPASS")
    server.create("other", [], tls=False)
    assert talk(path, "GET key")[0] == "$-1"
