"""PostgreSQL: the engine, its TLS, and what its errors mean."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import asyncpg
from sqlalchemy import event
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import NullPool

from rag.adapters import postgres_spans
from rag.errors import DependencyError
from rag.tls import postgres_context

FAILURES = (SQLAlchemyError, OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError)
"""Everything that a failing database makes our calls raise."""


_context = lru_cache(maxsize=4)(postgres_context)


def engine(
    database_url: Callable[[], str], timeout: float, *, pool_size: int = 10, ca: str | None = None
) -> AsyncEngine:
    """An engine for a plain `postgresql://` URL; nothing connects yet.

    `database_url` is asked for each new connection: after a rotation of the password open
    connections go on and new ones have the new one. `timeout`: seconds for a connection and for
    a statement; `pool_size` 0 means no pool. `ca`: PEM text of the authorities that are trusted.
    """
    pool: dict[str, Any] = {"poolclass": NullPool}
    if pool_size:
        pool = {
            "pool_size": pool_size,
            "max_overflow": 0,
            "pool_timeout": timeout,
            "pool_pre_ping": True,
            "pool_recycle": 1800,
        }
    made = create_async_engine("postgresql+asyncpg://", hide_parameters=True, **pool)

    @event.listens_for(made.sync_engine, "do_connect")
    def _with_the_url_of_now(
        _dialect: object, _record: object, _args: object, arguments: dict[str, Any]
    ) -> None:
        arguments.update(_arguments(database_url(), timeout, ca))

    postgres_spans.trace(made.sync_engine)
    return made


@asynccontextmanager
async def transaction(made: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    """A transaction; what fails in the database is a DependencyError."""
    try:
        async with made.begin() as connection:
            yield connection
    except FAILURES as error:
        raise failure(error) from error


def _arguments(database_url: str, timeout: float, ca: str | None) -> dict[str, Any]:
    """What asyncpg connects with."""
    parts = urlsplit(database_url)
    options = dict(parse_qsl(parts.query))
    return {
        "user": unquote(parts.username) if parts.username else None,
        "password": unquote(parts.password) if parts.password else None,
        "host": parts.hostname,
        "port": parts.port or 5432,
        "database": unquote(parts.path.strip("/")),
        "ssl": _context(options.get("sslmode", "prefer"), options.get("sslrootcert"), ca),
        "timeout": min(timeout, float(options.get("connect_timeout", timeout))),
        "command_timeout": timeout,
        "server_settings": {
            "application_name": options.get("application_name", "rag-backend"),
            # Compiling a statement takes longer than any of ours; a cost guessed high asks for it.
            "jit": "off",
        },
    }


def cause_of(error: BaseException) -> BaseException | None:
    """The driver's own error behind SQLAlchemy's."""
    cause: BaseException | None = error.orig if isinstance(error, DBAPIError) else error
    return getattr(cause, "__cause__", None) or cause


def failure(error: BaseException) -> DependencyError:
    """The error which tells what is wrong with the database, without any text of ours."""
    if isinstance(error, PoolTimeoutError):
        return DependencyError("postgres", "all connections are busy")
    cause = cause_of(error)
    if isinstance(cause, TimeoutError):
        return DependencyError("postgres", "no answer in time")
    if isinstance(cause, asyncpg.PostgresError):
        # The server's own words without its detail, which may quote a row.
        return DependencyError("postgres", f"{type(cause).__name__}: {cause.args[0]}")
    if isinstance(cause, OSError):
        return DependencyError("postgres", f"cannot connect: {cause.strerror or cause}")
    return DependencyError("postgres", type(cause).__name__)
