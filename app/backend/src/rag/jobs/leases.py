"""Jobs as a worker holds them: by a lease that it must prolong, under a name of its own."""

import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import ColumnElement, delete, func, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from rag.adapters import postgres
from rag.jobs.schemas import Reason
from rag.tables import jobs, workers

KINDS = ("ingest", "reindex", "replace", "import", "list")
"""Kinds of jobs that this program can run; a later one may queue others beside it."""
_NOW = func.clock_timestamp()
_RELEASED = {"lease": None, "lease_until": None, "worker": None, "stage": None}


@dataclass(slots=True)
class Leased:
    """A job in a worker's hands. `stage` and `progress` (0 to 1) tell how far it is."""

    id: str
    kind: str
    document_id: str
    attempts: int
    max_attempts: int
    lease: str
    trace: str | None = None
    stage: str = "fetch"
    progress: float = 0.0
    settled: bool = False
    """Whether its end is noted, so that the lease is over as it should be."""

    @property
    def is_last(self) -> bool:
        """Whether no attempt follows this one."""
        return self.attempts >= self.max_attempts

    def reach(self, stage: str, progress: float) -> None:
        """Note how far it is; the worker's next heartbeat tells it."""
        self.stage, self.progress = stage, progress


@dataclass(frozen=True, slots=True)
class Timing:
    """lease: seconds for which a job is a worker's; backoff: seconds before the second attempt."""

    lease: float
    backoff: float
    longest_backoff: float = 300.0

    def pause(self, attempts: int) -> timedelta:
        """How long to wait after so many attempts: twice as long each time."""
        seconds = self.backoff * 2.0 ** min(attempts - 1, 20)
        return timedelta(seconds=min(seconds, self.longest_backoff))


@dataclass(frozen=True, slots=True)
class WorkerIdentity:
    """Who runs jobs. id: unlike any other process's; version: of the program."""

    id: str
    queue: str
    version: str
    concurrency: int


class LeaseRepository:
    """What workers ask of the table of jobs. All errors are DependencyError('postgres').

    Times are the database's alone: clocks of machines differ.
    """

    def __init__(self, engine: AsyncEngine, timing: Timing) -> None:
        self._engine = engine
        self._timing = timing

    async def claim(self, worker: WorkerIdentity) -> Leased | None:
        """Take the next job of the queue, if there is one; two workers never get the same."""
        following = (
            select(jobs.c.id)
            .where(jobs.c.state == "queued", jobs.c.queue == worker.queue, jobs.c.kind.in_(KINDS))
            .where(jobs.c.run_at <= func.now())
            .order_by(jobs.c.priority, jobs.c.run_at)
            .limit(1)
            .with_for_update(skip_locked=True)
            .scalar_subquery()
        )
        statement = (
            update(jobs)
            .where(jobs.c.id == following)
            .values(
                state="running",
                worker=worker.id,
                lease=uuid.uuid4().hex,
                lease_until=_NOW + timedelta(seconds=self._timing.lease),
                attempts=jobs.c.attempts + 1,
                started_at=func.coalesce(jobs.c.started_at, func.now()),
                stage="fetch",
                progress=0,
                updated_at=_NOW,
            )
            .returning(
                *(jobs.c.id, jobs.c.kind, jobs.c.document_id),
                *(jobs.c.attempts, jobs.c.max_attempts, jobs.c.lease, jobs.c.trace),
            )
        )
        async with postgres.transaction(self._engine) as connection:
            row = (await connection.execute(statement)).one_or_none()
        return Leased(*row) if row else None

    async def beat(self, worker: WorkerIdentity, held: Sequence[Leased]) -> set[str]:
        """Say that the worker lives, prolong its leases; returns those that it still has."""
        seen = upsert(workers).values(
            id=worker.id,
            queue=worker.queue,
            version=worker.version,
            concurrency=worker.concurrency,
        )
        seen = seen.on_conflict_do_update(index_elements=["id"], set_={"seen_at": _NOW})
        mine = jobs.c.lease.in_([job.lease for job in held]) & (jobs.c.state == "running")
        async with postgres.transaction(self._engine) as connection:
            await connection.execute(seen)
            if not held:
                return set()
            kept = set((await connection.scalars(select(jobs.c.lease).where(mine))).all())
            for job in held:
                # A job that is being written down is locked, and needs no lease for that.
                free = select(jobs.c.id).where(mine, jobs.c.lease == job.lease)
                await connection.execute(
                    update(jobs)
                    .where(jobs.c.id.in_(free.with_for_update(skip_locked=True)))
                    .values(
                        lease_until=_NOW + timedelta(seconds=self._timing.lease),
                        stage=job.stage,
                        progress=job.progress,
                        updated_at=_NOW,
                    )
                )
        return kept

    async def hold(self, connection: AsyncConnection, job: Leased) -> bool:
        """Lock the job until the transaction ends; false when the lease is lost."""
        query = select(jobs.c.id).where(_mine(job)).with_for_update()
        return (await connection.execute(query)).one_or_none() is not None

    async def succeed(self, connection: AsyncConnection, job: Leased) -> None:
        """Note that the job is done."""
        await self._end(connection, job, "succeeded", None)

    async def cancel(self, connection: AsyncConnection, job: Leased, reason: Reason) -> None:
        """Note that the job has nothing left to do."""
        await self._end(connection, job, "cancelled", reason)

    async def fail(self, connection: AsyncConnection, job: Leased, reason: Reason) -> bool:
        """Note that the job failed for good; false when the lease is lost."""
        return await self._end(connection, job, "failed", reason)

    async def postpone(self, connection: AsyncConnection, job: Leased, reason: Reason) -> None:
        """Put the job back, for another attempt after a pause."""
        await connection.execute(
            update(jobs)
            .where(_mine(job))
            .values(
                state="queued",
                run_at=_NOW + self._timing.pause(job.attempts),
                reason=reason.model_dump(exclude={"title"}),
                progress=0,
                updated_at=_NOW,
                **_RELEASED,
            )
        )

    async def become(
        self,
        connection: AsyncConnection,
        job: Leased,
        kind: str,
        *,
        document_id: str,
        filename: str,
        size: int,
    ) -> None:
        """Make a job that the transaction holds one of another kind, on another document."""
        values = {"kind": kind, "document_id": document_id, "filename": filename, "bytes": size}
        changed = update(jobs).where(_mine(job)).values(**values, updated_at=_NOW)
        await connection.execute(changed)
        job.kind, job.document_id = kind, document_id

    async def begin_anew(self, connection: AsyncConnection, job: Leased) -> None:
        """Count the attempts of a job that got on from the first one again."""
        await connection.execute(update(jobs).where(_mine(job)).values(attempts=1))
        job.attempts = 1

    async def pause(self, job: Leased, seconds: float) -> None:
        """Put a job back that has to wait for others: that is no attempt."""
        async with postgres.transaction(self._engine) as connection:
            await connection.execute(
                update(jobs)
                .where(_mine(job))
                .values(
                    state="queued",
                    attempts=jobs.c.attempts - 1,
                    run_at=_NOW + timedelta(seconds=seconds),
                    updated_at=_NOW,
                    **_RELEASED,
                )
            )

    async def give_back(self, held: Collection[Leased]) -> None:
        """Put jobs back as if they had not been begun: the worker ends."""
        async with postgres.transaction(self._engine) as connection:
            await connection.execute(
                update(jobs)
                .where(jobs.c.lease.in_([job.lease for job in held]), jobs.c.state == "running")
                .values(
                    state="queued",
                    attempts=jobs.c.attempts - 1,
                    run_at=func.now(),
                    progress=0,
                    updated_at=_NOW,
                    **_RELEASED,
                )
            )

    async def abandoned(self, connection: AsyncConnection, queue: str) -> list[Leased]:
        """Lock and return the jobs whose lease is over: their worker is gone."""
        query = (
            select(
                *(jobs.c.id, jobs.c.kind, jobs.c.document_id),
                *(jobs.c.attempts, jobs.c.max_attempts, jobs.c.lease),
            )
            .where(jobs.c.state == "running", jobs.c.queue == queue, jobs.c.lease_until < _NOW)
            .limit(50)
            .with_for_update(skip_locked=True)
        )
        return [Leased(*row) for row in (await connection.execute(query)).all()]

    async def leave(self, worker: WorkerIdentity) -> None:
        """Note that the worker has ended."""
        async with postgres.transaction(self._engine) as connection:
            await connection.execute(delete(workers).where(workers.c.id == worker.id))

    async def tidy(self, keep_days: float) -> None:
        """Forget jobs that ended so long ago, and workers that were not seen for an hour."""
        old = (
            select(jobs.c.id)
            .where(jobs.c.created_at < func.now() - timedelta(days=keep_days))
            .where(jobs.c.state.not_in(("queued", "running")))
            .limit(1000)
        )
        async with postgres.transaction(self._engine) as connection:
            await connection.execute(delete(jobs).where(jobs.c.id.in_(old)))
            gone = workers.c.seen_at < func.now() - timedelta(hours=1)
            await connection.execute(delete(workers).where(gone))

    async def _end(
        self, connection: AsyncConnection, job: Leased, state: str, reason: Reason | None
    ) -> bool:
        done = await connection.execute(
            update(jobs)
            .where(_mine(job))
            .values(
                state=state,
                reason=reason.model_dump(exclude={"title"}) if reason else None,
                progress=1 if state == "succeeded" else jobs.c.progress,
                finished_at=_NOW,
                updated_at=_NOW,
                **_RELEASED,
            )
        )
        return bool(done.rowcount)


def _mine(job: Leased) -> ColumnElement[bool]:
    return (jobs.c.id == job.id) & (jobs.c.lease == job.lease) & (jobs.c.state == "running")
