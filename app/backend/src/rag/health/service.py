"""Readiness: every dependency that the next request needs, looked at together."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Collection, Mapping
from datetime import UTC, datetime

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncEngine

from rag.adapters import postgres
from rag.adapters.protocols import Embedder
from rag.errors import DependencyError, RagError
from rag.health.schemas import Check, Status
from rag.jobs.load import QueueLoad
from rag.metrics import Metrics
from rag.tables import schema_revision
from rag.vectors.standing import MismatchError

_STORES = {"postgres", "redis", "s3", "milvus"}
Probe = Callable[[], Awaitable[None]]
_EXISTS = text("SELECT to_regclass(:name)::text")


class DegradedError(Exception):
    """What a probe raises when something is wrong and requests work all the same."""


class Readiness:
    """Runs all checks at once, each with a deadline; results are shared for a short time."""

    def __init__(
        self, probes: Mapping[str, Probe], metrics: Metrics, *, timeout: float, keep: float
    ) -> None:
        """`timeout`: seconds per check; `keep`: seconds for which a result is good."""
        self._probes = probes
        self._metrics = metrics
        self._timeout = timeout
        self._keep = keep
        self._lock = asyncio.Lock()
        self._checks: dict[str, Check] = {}
        self._good_until = 0.0
        self.draining = False
        """Set when the process is about to end: not ready, whatever the checks say."""

    async def checks(self) -> dict[str, Check]:
        """The state of every dependency, at most `keep` seconds old."""
        async with self._lock:
            if time.monotonic() >= self._good_until:
                results = await asyncio.gather(
                    *(self._check(name, probe) for name, probe in self._probes.items())
                )
                self._checks = dict(zip(self._probes, results, strict=True))
                self._good_until = time.monotonic() + self._keep
            return self._checks

    async def _check(self, name: str, probe: Probe) -> Check:
        start = time.perf_counter()
        output = ""
        status: Status = "fail"
        try:
            async with asyncio.timeout(self._timeout):
                await probe()
        except TimeoutError:
            output = f"no answer within {self._timeout:g} s"
            if name not in _STORES:
                # It asks stores for what it tells: the check of the silent one fails, and names it.
                output, status = f"not known: {output}", "warn"
        except DegradedError as error:
            output, status = str(error), "warn"
        except RagError as error:
            output = error.detail.removeprefix(f"{name}: ")
        except Exception as error:  # a check must never break the report of the others
            output = f"unexpected {type(error).__name__}"
        self._metrics.dependency_up.labels(name).set(0 if output else 1)
        return Check(
            status=status if output else "pass",
            latency=round((time.perf_counter() - start) * 1000, 1),
            output=output,
            time=datetime.now(UTC),
            component_type="datastore" if name in _STORES else "component",
        )


async def check_postgres(engine: AsyncEngine, head: str, earlier: Collection[str | None]) -> None:
    """Raise unless the database answers and its schema is not one of the `earlier` ones."""
    try:
        async with engine.connect() as connection:
            exists = await connection.scalar(_EXISTS, {"name": schema_revision.name})
            found = (
                await connection.scalar(select(schema_revision.c.version_num)) if exists else None
            )
    except postgres.FAILURES as error:
        raise postgres.failure(error) from error
    if found in earlier:
        have = f"at revision {found}" if found else "not migrated"
        raise DependencyError(
            "postgres", f"the schema is {have}, this program needs {head} (python -m rag.migrate)"
        )


def schema_check(engine: AsyncEngine, head: str, earlier: Collection[str | None]) -> Probe:
    """The check of the database and its schema."""

    async def check() -> None:
        await check_postgres(engine, head, earlier)

    return check


async def check_worker(load: QueueLoad, missing: Status, warn_seconds: float) -> None:
    """Raise unless a worker lives, and jobs do not wait for longer than so many seconds.

    missing: whether readiness fails or warns without a worker; questions work without one.
    """
    try:
        now = await load.now()
    except DependencyError as error:
        raise DegradedError(f"not known: {error.detail}") from error
    if now.workers == 0:
        found = f"no worker was seen lately; {now.queued} documents wait"
        raise DegradedError(found) if missing == "warn" else DependencyError("worker", found)
    if now.age > warn_seconds:
        raise DegradedError(f"the oldest job has waited for {now.age:.0f} s")


async def check_embedder(embedder: Embedder, standing: Probe) -> None:
    """Raise MismatchError unless the index holds vectors of this model, all of them.

    standing: tells that. A server that embeds is asked nothing: its last answer tells.
    """
    try:
        await standing()
    except MismatchError:
        raise
    except DependencyError as error:
        raise DegradedError(f"not known: {error.detail}") from error
    if embedder.failing:
        raise DegradedError(embedder.failing)
