"""The real servers behind RDS and ElastiCache: users, passwords, databases, tokens.

Passwords reach the servers as verifiers or over a unix socket, never as an argument
or in a server's log.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import socket
import subprocess
from collections.abc import Sequence
from pathlib import Path

from rehearsal.names import REDIS_PORT, SOCKETS


class DataError(Exception):
    """A server refused what the AWS API had promised."""


def scram_verifier(password: str, salt: bytes | None = None, iterations: int = 4096) -> str:
    """What PostgreSQL stores of a password (RFC 5803), so that it never sees the password."""
    salt = salt if salt is not None else os.urandom(16)
    salted = hashlib.pbkdf2_hmac("sha256", password.encode(), salt, iterations)
    client = hmac.digest(salted, b"Client Key", "sha256")
    stored = hashlib.sha256(client).digest()
    server = hmac.digest(salted, b"Server Key", "sha256")
    encoded = [base64.b64encode(part).decode() for part in (salt, stored, server)]
    return f"SCRAM-SHA-256${iterations}:{encoded[0]}${encoded[1]}:{encoded[2]}"


def identifier(name: str) -> str:
    """A quoted SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


class PostgresServer:
    """The one PostgreSQL of the world; it can stand behind one DB instance at a time."""

    SUPERUSER = "rdsadmin"

    def __init__(self, folder: Path = Path(SOCKETS) / "postgresql") -> None:
        self._folder = folder
        self._instance: tuple[str, str, str] | None = None

    def create(self, instance: str, user: str, password: str, database: str) -> None:
        """Give an instance its master user and its database."""
        if self._instance is not None:
            raise DataError(
                f"the world has one PostgreSQL, and DB instance {self._instance[0]} uses it: "
                f"delete that one before {instance} is created"
            )
        role = identifier(user)
        self._run(
            "SELECT 'CREATE ROLE rds_superuser NOLOGIN CREATEDB CREATEROLE' "
            "WHERE to_regrole('rds_superuser') IS NULL \\gexec",
            "GRANT pg_monitor, pg_signal_backend TO rds_superuser;",
            f"CREATE ROLE {role} LOGIN CREATEDB CREATEROLE IN ROLE rds_superuser "
            f"PASSWORD '{scram_verifier(password)}';",
            f"CREATE DATABASE {identifier(database)} OWNER {role};",
        )
        self._instance = (instance, user, database)

    def set_password(self, instance: str, password: str) -> None:
        """Change the master user's password."""
        if self._instance and self._instance[0] == instance:
            verifier = scram_verifier(password)
            self._run(f"ALTER ROLE {identifier(self._instance[1])} PASSWORD '{verifier}';")

    def delete(self, instance: str) -> None:
        """Drop everything that the instance's users made."""
        if not self._instance or self._instance[0] != instance:
            return
        for database in self._query(
            "SELECT datname FROM pg_database WHERE NOT datistemplate AND datname <> 'postgres'"
        ):
            self._run(f"DROP DATABASE {identifier(database)} WITH (FORCE);")
        for role in self._query(
            "SELECT rolname FROM pg_roles WHERE rolname !~ '^(pg_|rdsadmin$|rds_superuser$)'"
        ):
            self._run(f"DROP OWNED BY {identifier(role)};", f"DROP ROLE {identifier(role)};")
        self._instance = None

    def _query(self, statement: str) -> list[str]:
        return self._run(statement + ";").splitlines()

    def _run(self, *statements: str) -> str:
        done = subprocess.run(
            [
                "psql", "--no-psqlrc", "--quiet", "--tuples-only", "--no-align",
                "--set=ON_ERROR_STOP=1", "-h", str(self._folder), "-U", self.SUPERUSER, "postgres",
            ],
            input="\n".join(statements),
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )  # fmt: skip
        if done.returncode:
            raise DataError(f"PostgreSQL: {done.stderr.strip()}")
        return done.stdout


class RedisServer:
    """The one Redis of the world; it can stand behind one replication group at a time."""

    ADMINISTRATOR = "rehearsal"
    # ElastiCache withholds what would let a client reconfigure the service.
    WITHHELD = (
        "-acl|setuser", "-acl|deluser", "-acl|load", "-acl|save", "-bgrewriteaof", "-bgsave",
        "-config", "-debug", "-failover", "-migrate", "-module", "-psync", "-replicaof", "-save",
        "-shutdown", "-slaveof", "-sync",
    )  # fmt: skip

    def __init__(self, password: Path, path: Path = Path(SOCKETS) / "redis.sock") -> None:
        self._password = password
        self._path = path
        self._group: str | None = None

    def create(self, group: str, tokens: Sequence[str], tls: bool) -> None:
        """Open the group's port, with TLS or without, for who has one of the tokens."""
        if self._group is not None:
            raise DataError(
                f"the world has one Redis, and replication group {self._group} uses it: "
                f"delete that one before {group} is created"
            )
        ports = ("0", str(REDIS_PORT)) if tls else (str(REDIS_PORT), "0")
        self._run(self._login(tokens), ["CONFIG", "SET", "port", ports[0], "tls-port", ports[1]])
        self._group = group

    def set_tokens(self, group: str, tokens: Sequence[str], optional: bool = False) -> None:
        """Change which tokens are taken; without any, or if optional, nobody is asked."""
        if self._group == group:
            self._run(self._login([] if optional else tokens))

    def delete(self, group: str) -> None:
        """Close the port and forget the data."""
        if self._group != group:
            return
        self._run(
            ["ACL", "SETUSER", "default", "reset"],
            ["CONFIG", "SET", "port", "0", "tls-port", "0"],
            ["CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"],
            ["FLUSHALL"],
        )
        self._group = None

    def _login(self, tokens: Sequence[str]) -> list[str]:
        who = [f">{token}" for token in tokens] or ["nopass"]
        return ["ACL", "SETUSER", "default", "reset", "on", *who, "~*", "&*", "+@all",
                *self.WITHHELD]  # fmt: skip

    def _run(self, *commands: Sequence[str]) -> None:
        login = ["AUTH", self.ADMINISTRATOR, self._password.read_text()]
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
            client.settimeout(10)
            client.connect(str(self._path))
            with client.makefile("rb") as answers:
                for command in (login, *commands):
                    client.sendall(encode(command))
                    answer = answers.readline()
                    if answer.startswith(b"-"):
                        # Redis's errors repeat no argument of AUTH or of ACL passwords.
                        name = " ".join(command[:2]) if command[0] != "AUTH" else "AUTH"
                        raise DataError(f"Redis: {name}: {answer.decode().strip()}")


def encode(command: Sequence[str]) -> bytes:
    """A command in Redis's protocol."""
    parts = [part.encode() for part in command]
    return b"*%d\r\n" % len(parts) + b"".join(b"$%d\r\n%s\r\n" % (len(p), p) for p in parts)
