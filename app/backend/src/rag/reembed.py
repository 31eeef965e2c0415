"""Make the vectors of another model: `python -m rag.reembed`.

It runs with the new model's configuration, beside programs with the old one, which go on serving.
All that it needs is in PostgreSQL. It may be ended and started again at any time.
"""

import asyncio
import os
import sys
from contextlib import AsyncExitStack

import structlog
from pydantic import Field

from rag import logs
from rag.errors import DependencyError
from rag.settings import Settings, load

log = structlog.get_logger(__name__)

_PATIENCE = 10
"""Failures in a row of a server after which it gives up; whoever started it may try again."""
_PAUSE_SECONDS = 1.0
_LONGEST_PAUSE_SECONDS = 30.0


class ReembedSettings(Settings):
    """reembed_collection: where the new vectors go; the platform's role makes it."""

    reembed_collection: str = Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")


async def _run(settings: ReembedSettings) -> int:
    from rag import migrate
    from rag.health.service import check_postgres
    from rag.vectors.change import Change, RefusedError
    from rag.world import open_world

    async with AsyncExitStack() as stack:
        world = await open_world(stack, settings)
        change = Change(
            world.vectors.repository,
            world.vectors.milvus,
            world.vectors.filling,
            world.embedder.model_id,
            settings.reembed_collection,
        )
        failures = 0
        while True:
            try:
                await check_postgres(world.engine, migrate.head(), migrate.earlier())
                await change.begin()
                done = False
                while not done:
                    while await change.fill():
                        failures = 0
                    done = await change.finish()
            except RefusedError as error:
                log.error("reembed.refused", reason=str(error))
                return 1
            except DependencyError as error:
                failures += 1
                log.warning("reembed.waits", reason=error.detail, failures=failures)
                if failures >= _PATIENCE:
                    return 1
                pause = min(_PAUSE_SECONDS * 2**failures, _LONGEST_PAUSE_SECONDS)
                await asyncio.sleep(pause)
            else:
                return 0


def main() -> int:
    """Read the configuration, and work until all is done: 0, or 1 where it can't be."""
    settings = load(ReembedSettings)
    os.environ.setdefault("GRPC_ENABLE_FORK_SUPPORT", "0")
    logs.configure(settings.log_level, settings.secrets())
    return asyncio.run(_run(settings))


if __name__ == "__main__":
    sys.exit(main())
