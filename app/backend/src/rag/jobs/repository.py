"""Jobs in PostgreSQL, as clients see and change them."""

import uuid
from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import ColumnElement, Row, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from rag import cursor, tracing
from rag.access.scope import Scope
from rag.adapters import postgres
from rag.jobs.schemas import Job, JobPage, Kind, Reason, State
from rag.tables import jobs, workers

_SORT = "-created"
_LIVE = jobs.c.state.in_(("queued", "running"))
_PRIORITY = {"ingest": 0, "replace": 0, "list": 4, "import": 5, "reindex": 10}
"""Documents that someone waits for come before those that can be found already."""
_CANCELLED = {"lease": None, "lease_until": None, "worker": None, "stage": None}


@dataclass(frozen=True, slots=True)
class Load:
    """How much a queue holds. age: seconds that its oldest job, which may run, has waited."""

    queued: int
    bytes: int
    running: int
    age: float
    workers: int


class JobRepository:
    """All errors are DependencyError('postgres')."""

    def __init__(self, engine: AsyncEngine, *, queue: str, max_attempts: int) -> None:
        """queue: where new jobs go."""
        self._engine = engine
        self.queue = queue
        self.max_attempts = max_attempts

    async def add(
        self,
        connection: AsyncConnection,
        kind: Kind,
        document_id: str,
        filename: str,
        size: int,
        *,
        tenant: str,
        collection: str,
    ) -> Job:
        """Queue a job; the transaction that makes it holds the document's lock."""
        values = {
            "tenant": tenant,
            "collection": collection,
            "id": uuid.uuid4().hex,
            "kind": kind,
            "queue": self.queue,
            "document_id": document_id,
            "filename": filename,
            "bytes": size,
            "priority": _PRIORITY[kind],
            "max_attempts": self.max_attempts,
            "trace": tracing.carrier(),
        }
        made = await connection.execute(insert(jobs).values(**values).returning(jobs))
        return Job.model_validate(made.one())

    async def get(self, scope: Scope, job_id: str) -> Job | None:
        """A job of the scope, or None."""
        query = select(jobs).where(jobs.c.id == job_id, _within(scope))
        async with postgres.transaction(self._engine) as connection:
            row = (await connection.execute(query)).one_or_none()
        return Job.model_validate(row) if row else None

    async def many(self, ids: Collection[str]) -> dict[str, Job]:
        """Those of the jobs that exist, by id: of whomever, so that one look serves all."""
        async with postgres.transaction(self._engine) as connection:
            rows = (await connection.execute(select(jobs).where(jobs.c.id.in_(ids)))).all()
        return {row.id: Job.model_validate(row) for row in rows}

    async def live(self, document_id: str, connection: AsyncConnection | None = None) -> Job | None:
        """The job that waits or runs for a document."""
        query = select(jobs).where(jobs.c.document_id == document_id, _LIVE)
        if connection is None:
            async with postgres.transaction(self._engine) as own:
                row = (await own.execute(query)).one_or_none()
        else:
            row = (await connection.execute(query)).one_or_none()
        return Job.model_validate(row) if row else None

    async def lock(self, connection: AsyncConnection, job_id: str) -> Job | None:
        """A job that nobody else changes until the transaction ends."""
        query = select(jobs).where(jobs.c.id == job_id).with_for_update()
        row = (await connection.execute(query)).one_or_none()
        return Job.model_validate(row) if row else None

    async def cancel(self, connection: AsyncConnection, document_id: str, detail: str) -> bool:
        """End the document's live job, whoever runs it; false without one."""
        reason = Reason(type="urn:rag:problem:cancelled", status=409, detail=detail)
        done = await connection.execute(
            update(jobs)
            .where(jobs.c.document_id == document_id, _LIVE)
            .values(
                state="cancelled",
                reason=reason.model_dump(exclude={"title"}),
                finished_at=func.now(),
                updated_at=func.clock_timestamp(),
                **_CANCELLED,
            )
        )
        return bool(done.rowcount)

    async def point(
        self, connection: AsyncConnection, job_id: str, *, document_id: str, filename: str
    ) -> None:
        """Note which document a job that has ended was about, and what its file is called."""
        values = {"document_id": document_id, "filename": filename}
        await connection.execute(update(jobs).where(jobs.c.id == job_id).values(values))

    async def renew(self, connection: AsyncConnection, job_id: str) -> Job:
        """Queue an ended job again, with all its attempts."""
        done = await connection.execute(
            update(jobs)
            .where(jobs.c.id == job_id)
            .values(
                state="queued",
                queue=self.queue,
                attempts=0,
                max_attempts=self.max_attempts,
                trace=tracing.carrier(),
                reason=None,
                progress=0,
                run_at=func.now(),
                started_at=None,
                finished_at=None,
                updated_at=func.clock_timestamp(),
            )
            .returning(jobs)
        )
        return Job.model_validate(done.one())

    async def page(
        self,
        scope: Scope,
        *,
        state: State | None,
        kind: Kind | None,
        document_id: str | None,
        import_id: str | None = None,
        after: str | None,
        limit: int,
    ) -> JobPage:
        """Jobs that fit, the newest first. Raises InvalidRequestError for a wrong cursor."""
        query = select(jobs).order_by(jobs.c.created_at.desc(), jobs.c.id.desc()).limit(limit + 1)
        query = query.where(_within(scope))
        for column, wanted in (
            (jobs.c.state, state),
            (jobs.c.kind, kind),
            (jobs.c.document_id, document_id),
            (jobs.c.import_id, import_id),
        ):
            query = query.where(column == wanted) if wanted else query
        if after:
            query = query.where(cursor.beyond(_SORT, after, jobs.c.created_at, jobs.c.id))
        async with postgres.transaction(self._engine) as connection:
            rows = (await connection.execute(query)).all()
        return JobPage(
            items=[Job.model_validate(row) for row in rows[:limit]],
            next_cursor=_after(rows[limit - 1]) if len(rows) > limit else None,
        )

    async def load(self, alive: float) -> Load:
        """The queue's load; a worker is there that was seen so many seconds ago or later."""
        waiting = (jobs.c.state == "queued") & jobs.c.kind.in_(("ingest", "replace", "import"))
        ready = (jobs.c.state == "queued") & (jobs.c.run_at <= func.now())
        age = func.extract("epoch", func.now() - func.min(jobs.c.run_at).filter(ready))
        query = select(
            func.count().filter(waiting),
            func.coalesce(func.sum(jobs.c.bytes).filter(waiting), 0),
            func.count().filter(jobs.c.state == "running"),
            func.coalesce(age, 0),
        ).where(_LIVE, jobs.c.queue == self.queue)
        since = func.now() - timedelta(seconds=alive)
        living = select(func.count()).where(
            workers.c.queue == self.queue, workers.c.seen_at >= since
        )
        async with postgres.transaction(self._engine) as connection:
            row = (await connection.execute(query)).one()
            count = int((await connection.execute(living)).scalar_one())
        return Load(int(row[0]), int(row[1]), int(row[2]), max(0.0, float(row[3])), count)


def _within(scope: Scope) -> ColumnElement[bool]:
    own = jobs.c.tenant == scope.tenant
    return own if scope.collections is None else own & jobs.c.collection.in_(scope.collections)


def _after(row: Row[tuple[object, ...]]) -> str:
    return cursor.encode(_SORT, row.created_at, row.id)
