"""Bring the database's schema to this program's version: `python -m rag.migrate`.

It logs in as the tables' owner, and makes the login that the server has (application_login.py).

Several replicas may start it at once: an advisory lock lets one work while the others
wait, and all of it is one transaction, so that nothing is ever half migrated.
"""

import asyncio
import sys
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

import structlog
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect, text
from sqlalchemy.ext.asyncio import AsyncEngine

from rag import application_login, logs
from rag.adapters import postgres
from rag.errors import DependencyError
from rag.live import Live
from rag.settings import MigrationSettings, load
from rag.tables import schema_revision

log = structlog.get_logger(__name__)

_LOCK = 0x7261672D  # any number, the same for all replicas


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    return config


def _scripts() -> ScriptDirectory:
    return ScriptDirectory.from_config(_config())


def head() -> str:
    """The revision which this program works with."""
    found = _scripts().get_current_head()
    if found is None:
        raise RuntimeError("there are no migrations beside rag/migrate.py")
    return found


def earlier() -> frozenset[str | None]:
    """Where a schema is too old for this program; one that is later has all that it needs."""
    return frozenset(
        {None, *(script.revision for script in _scripts().walk_revisions())} - {head()}
    )


@dataclass(frozen=True)
class Login:
    """The application's login: its URL, and whether the database takes it already."""

    url: str
    works: bool


def context_of(connection: Connection) -> MigrationContext:
    """Where the schema of a database is."""
    return MigrationContext.configure(connection, opts={"version_table": schema_revision.name})


def _adopt(connection: Connection) -> None:
    """Know where a schema is that a program of revision 0001 made.

    Its own note of that stays as it is: such programs are ready only while they find it.
    """
    known = inspect(connection)
    if known.has_table("alembic_version") and not known.has_table(schema_revision.name):
        context_of(connection).stamp(_scripts(), "0001")


def _upgrade(connection: Connection, login: Login | None) -> tuple[str | None, str | None]:
    _adopt(connection)
    before = context_of(connection).get_current_revision()
    config = _config()
    config.attributes["connection"] = connection
    if before in earlier():
        command.upgrade(config, "head")
    if login:
        application_login.ensure(connection, login.url, login.works)
    return before, context_of(connection).get_current_revision()


async def upgrade(
    engine: AsyncEngine,
    timeout: float,
    login: Callable[[], Awaitable[Login | None]],
    is_done: Callable[[], Awaitable[bool]],
) -> tuple[str | None, str | None]:
    """Migrate to the head under the lock; returns the revisions before and after.

    Waits up to `timeout` seconds for the database to answer and for the lock. `login` is asked
    under the lock: another replica may just have made it. `is_done` is asked where the owner's
    login is refused: its password was changed, and there may be nothing to do for it.
    """
    deadline = time.monotonic() + timeout
    while True:
        try:
            async with engine.begin() as connection:
                left = max(1, int((deadline - time.monotonic()) * 1000))
                await connection.execute(text(f"SET LOCAL lock_timeout = {left}"))
                await connection.execute(text(f"SELECT pg_advisory_xact_lock({_LOCK})"))
                return await connection.run_sync(_upgrade, await login())
        except postgres.FAILURES as error:
            reason = postgres.failure(error)
            if application_login.refused(error) and await is_done():
                log.warning("migrate.owner_refused", reason=reason.detail)
                return head(), head()
            if time.monotonic() + 1 >= deadline:
                raise reason from error
            log.warning("migrate.waiting", reason=reason.detail)
            await asyncio.sleep(1)


async def _main() -> int:
    settings = load(MigrationSettings)
    logs.configure(settings.log_level, settings.secrets())
    timeout = settings.migrate_timeout_seconds
    live, ca = Live(settings), settings.database_ca
    engine = postgres.engine(live.database_url, timeout, pool_size=0, ca=ca)

    async def login() -> Login | None:
        if (secret := live.now().application_database_url) is None:
            return None
        url = secret.get_secret_value()
        return Login(url, await application_login.works(lambda: url, timeout, ca))

    async def is_done() -> bool:
        secret = live.now().application_database_url
        url = secret.get_secret_value() if secret else ""
        return bool(url) and await application_login.revision(url, timeout, ca) not in earlier()

    try:
        before, after = await upgrade(engine, timeout, login, is_done)
    except DependencyError as error:
        log.error("migrate.failed", reason=error.detail, waited_s=timeout)
        return 1
    finally:
        await engine.dispose()
    log.info("migrate.done", before=before, after=after, changed=before != after)
    return 0


if __name__ == "__main__":
    sys.exit(asyncio.run(_main()))
