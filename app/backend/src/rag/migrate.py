"""Bring the database's schema to this program's version: `python -m rag.migrate`.

Several replicas may start it at once: an advisory lock lets one work while the others
wait, and all of it is one transaction, so that nothing is ever half migrated.
"""

import asyncio
import sys
import time
from pathlib import Path

import structlog
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import AsyncEngine

from rag import logs
from rag.adapters import postgres
from rag.errors import DependencyError
from rag.live import Live
from rag.settings import MigrationSettings, load

log = structlog.get_logger(__name__)

_LOCK = 0x7261672D  # any number, the same for all replicas


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    return config


def head() -> str:
    """The revision which this program works with."""
    revision = ScriptDirectory.from_config(_config()).get_current_head()
    if revision is None:
        raise RuntimeError("there are no migrations beside rag/migrate.py")
    return revision


def _upgrade(connection: Connection) -> tuple[str | None, str | None]:
    before = MigrationContext.configure(connection).get_current_revision()
    config = _config()
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
    return before, MigrationContext.configure(connection).get_current_revision()


async def upgrade(engine: AsyncEngine, timeout: float) -> tuple[str | None, str | None]:
    """Migrate to the head under the lock; returns the revisions before and after.

    Waits up to `timeout` seconds for the database to answer and for the lock.
    """
    deadline = time.monotonic() + timeout
    while True:
        try:
            async with engine.begin() as connection:
                left = max(1, int((deadline - time.monotonic()) * 1000))
                await connection.execute(text(f"SET LOCAL lock_timeout = {left}"))
                await connection.execute(text(f"SELECT pg_advisory_xact_lock({_LOCK})"))
                return await connection.run_sync(_upgrade)
        except postgres.FAILURES as error:
            reason = postgres.failure(error)
            if time.monotonic() + 1 >= deadline:
                raise reason from error
            log.warning("migrate.waiting", reason=reason.detail)
            await asyncio.sleep(1)


async def _main() -> int:
    settings = load(MigrationSettings)
    logs.configure(settings.log_level, settings.secrets())
    timeout = settings.migrate_timeout_seconds
    engine = postgres.engine(Live(settings).database_url, timeout, pool_size=0)
    try:
        before, after = await upgrade(engine, timeout)
    except DependencyError as error:
        log.error("migrate.failed", reason=error.detail, waited_s=timeout)
        return 1
    finally:
        await engine.dispose()
    log.info("migrate.done", before=before, after=after, changed=before != after)
    return 0


if __name__ == "__main__":
    sys.exit(asyncio.run(_main()))
