"""The real PostgreSQL behind RDS: users, passwords, databases.

Passwords reach the server as verifiers, never as an argument or in its log.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import subprocess
from pathlib import Path

from rehearsal.aws.servers import DataError
from rehearsal.names import SOCKETS


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
