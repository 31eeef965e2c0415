"""PostgreSQL: the engine, its TLS, and what its errors mean."""

from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import asyncpg
from sqlalchemy import URL
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import NullPool

from rag.errors import DependencyError
from rag.tls import postgres_context

FAILURES = (SQLAlchemyError, OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError)
"""Everything that a failing database makes our calls raise."""


def engine(database_url: str, timeout: float, *, pool_size: int = 10) -> AsyncEngine:
    """An engine for a plain `postgresql://` URL; nothing connects yet.

    `timeout`: seconds for a connection and for a statement; `pool_size` 0 means no pool.
    """
    parts = urlsplit(database_url)
    options = dict(parse_qsl(parts.query))
    ssl = postgres_context(options.get("sslmode", "prefer"), options.get("sslrootcert"))
    url = URL.create(
        "postgresql+asyncpg",
        username=unquote(parts.username) if parts.username else None,
        password=unquote(parts.password) if parts.password else None,
        host=parts.hostname,
        port=parts.port or 5432,
        database=unquote(parts.path.strip("/")),
    )
    connect: dict[str, Any] = {
        "ssl": ssl,
        "timeout": min(timeout, float(options.get("connect_timeout", timeout))),
        "command_timeout": timeout,
        "server_settings": {"application_name": options.get("application_name", "rag-backend")},
    }
    if not pool_size:
        return create_async_engine(url, poolclass=NullPool, connect_args=connect)
    return create_async_engine(
        url,
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=timeout,
        pool_pre_ping=True,
        pool_recycle=1800,
        connect_args=connect,
        hide_parameters=True,
    )


def failure(error: BaseException) -> DependencyError:
    """The error which tells what is wrong with the database, without any text of ours."""
    if isinstance(error, PoolTimeoutError):
        return DependencyError("postgres", "all connections are busy")
    cause: BaseException | None = error.orig if isinstance(error, DBAPIError) else error
    cause = getattr(cause, "__cause__", None) or cause
    if isinstance(cause, TimeoutError):
        return DependencyError("postgres", "no answer in time")
    if isinstance(cause, asyncpg.PostgresError):
        # The server's own words without its detail, which may quote a row.
        return DependencyError("postgres", f"{type(cause).__name__}: {cause.args[0]}")
    if isinstance(cause, OSError):
        return DependencyError("postgres", f"cannot connect: {cause.strerror or cause}")
    return DependencyError("postgres", type(cause).__name__)
