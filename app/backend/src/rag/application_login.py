"""The application's own login in PostgreSQL: it reads and writes rows, and nothing else.

Made by the migration, which logs in as the owner of the tables; the server never does.
"""

import base64
import hashlib
import hmac
import os
from collections.abc import Callable
from urllib.parse import unquote, urlsplit

import asyncpg
import structlog
from sqlalchemy import Connection, inspect, select, text
from sqlalchemy.ext.asyncio import AsyncEngine

from rag.adapters import postgres
from rag.tables import schema_revision

log = structlog.get_logger(__name__)

_ITERATIONS = 4096
_WRONG_LOGIN = (asyncpg.InvalidPasswordError, asyncpg.InvalidAuthorizationSpecificationError)


def verifier(password: str, salt: bytes | None = None) -> str:
    """What PostgreSQL keeps of a password (RFC 5803): it logs statements that define roles."""
    salt = salt if salt is not None else os.urandom(16)
    salted = hashlib.pbkdf2_hmac("sha256", password.encode(), salt, _ITERATIONS)
    stored = hashlib.sha256(hmac.digest(salted, b"Client Key", "sha256")).digest()
    server = hmac.digest(salted, b"Server Key", "sha256")
    encoded = [base64.b64encode(part).decode() for part in (salt, stored, server)]
    return f"SCRAM-SHA-256${_ITERATIONS}:{encoded[0]}${encoded[1]}:{encoded[2]}"


async def works(application_url: Callable[[], str], timeout: float, ca: str | None) -> bool:
    """Whether the database takes this login; other failures are raised."""
    engine: AsyncEngine = postgres.engine(application_url, timeout, pool_size=0, ca=ca)
    try:
        async with engine.connect():
            return True
    except postgres.FAILURES as error:
        if refused(error):
            return False
        # The password was right; what it may do is granted next.
        if isinstance(postgres.cause_of(error), asyncpg.InsufficientPrivilegeError):
            return True
        raise
    finally:
        await engine.dispose()


async def revision(application_url: str, timeout: float, ca: str | None) -> str | None:
    """The revision of the schema as the application sees it; None where it sees none."""
    engine: AsyncEngine = postgres.engine(lambda: application_url, timeout, pool_size=0, ca=ca)
    try:
        async with engine.connect() as connection:
            found = await connection.scalar(select(schema_revision.c.version_num))
            return str(found) if found else None
    except postgres.FAILURES:
        return None
    finally:
        await engine.dispose()


def refused(error: BaseException) -> bool:
    """Whether the database does not take the login."""
    return isinstance(postgres.cause_of(error), _WRONG_LOGIN)


def ensure(connection: Connection, application_url: str, password_is_known: bool) -> None:
    """Make the login if it is missing, and give it exactly what it needs.

    `connection`: of the owner, inside the migration's transaction and lock, so that tables which
    a migration made are covered.
    """
    parts = urlsplit(application_url)
    name, password = unquote(parts.username or ""), unquote(parts.password or "")
    owner, database = connection.execute(text("SELECT current_user, current_database()")).one()
    if name == owner:
        log.warning("login.shared", reason="the application's login is the owner of the tables")
        return
    quote = connection.dialect.identifier_preparer.quote_identifier
    role = quote(name)
    known = connection.execute(text("SELECT 1 FROM pg_roles WHERE rolname = :name"), {"name": name})
    if known.first() is None:
        # A verifier has no quote in it.
        connection.exec_driver_sql(f"CREATE ROLE {role} LOGIN PASSWORD '{verifier(password)}'")
        log.info("login.made", login=name)
    elif not password_is_known:
        connection.exec_driver_sql(f"ALTER ROLE {role} LOGIN PASSWORD '{verifier(password)}'")
        log.info("login.password_changed", login=name)
    revisions = {schema_revision.name, "alembic_version"} & set(
        inspect(connection).get_table_names()
    )
    everything = f"ON DATABASE {quote(database)}"
    for statement in (
        f"ALTER ROLE {role} NOCREATEDB NOCREATEROLE",
        f"REVOKE CREATE, TEMPORARY {everything} FROM PUBLIC",
        "REVOKE CREATE ON SCHEMA public FROM PUBLIC",
        f"GRANT CONNECT {everything} TO {role}",
        f"GRANT USAGE ON SCHEMA public TO {role}",
        f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {role}",
        f"GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {role}",
        *(f"REVOKE INSERT, UPDATE, DELETE ON {name} FROM {role}" for name in revisions),
        "ALTER DEFAULT PRIVILEGES IN SCHEMA public "
        f"GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {role}",
        f"ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT USAGE, SELECT ON SEQUENCES TO {role}",
    ):
        connection.exec_driver_sql(statement)
