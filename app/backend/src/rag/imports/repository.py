"""Imports and their jobs in PostgreSQL."""

import uuid
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, Row, delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from rag import cursor
from rag.access.scope import Scope
from rag.adapters import postgres
from rag.documents.intake import Place
from rag.documents.metadata import Value
from rag.imports.schemas import Counts, Import, ImportPage, S3Place
from rag.jobs.schemas import Job, Reason
from rag.tables import documents, imports, jobs

_SORT = "-created"
_LIVE = ("queued", "running")
_PRIORITY = {"list": 4, "import": 5}
"""Between what someone waits for, and what can be found already."""


@dataclass(frozen=True, slots=True)
class Item:
    """A file to fetch: its name for people, where it is, and the state in which it was seen."""

    filename: str
    source: str
    tag: str | None = None


@dataclass(frozen=True, slots=True)
class Task:
    """What a job of an import has to know."""

    import_id: str
    place: Place
    metadata: dict[str, Value]
    most_bytes: int
    bucket: str | None
    prefix: str
    position: str
    found: int
    source: str


class ImportRepository:
    """All errors are DependencyError('postgres')."""

    def __init__(self, engine: AsyncEngine, *, queue: str, max_attempts: int) -> None:
        self._engine = engine
        self._queue = queue
        self._max_attempts = max_attempts

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[AsyncConnection]:
        """A transaction."""
        async with postgres.transaction(self._engine) as connection:
            yield connection

    async def add(
        self,
        place: Place,
        metadata: Mapping[str, Value],
        *,
        most_bytes: int,
        created_by: str,
        s3: S3Place | None,
        items: Sequence[Item],
    ) -> tuple[Import, list[Job]]:
        """Note an import with the jobs that begin it: one for each item, or one that lists."""
        own = uuid.uuid4().hex
        values = {
            "id": own,
            "tenant": place.tenant,
            "collection": place.collection,
            "bucket": s3.bucket if s3 else None,
            "prefix": s3.prefix if s3 else None,
            "metadata": dict(metadata),
            "most_bytes": most_bytes,
            "created_by": created_by,
            "found": len(items),
        }
        kind = "list" if s3 else "import"
        begun = [Item(f"s3://{s3.bucket}/{s3.prefix}"[:255], "")] if s3 else items
        async with self.begin() as connection:
            row = (
                await connection.execute(insert(imports).values(values).returning(imports))
            ).one()
            made = await self.queue(connection, own, place, kind, begun)
        return _import(row, Counts(queued=len(items)), live=True, reason=None), made

    async def queue(
        self,
        connection: AsyncConnection,
        import_id: str,
        place: Place,
        kind: str,
        items: Sequence[Item],
    ) -> list[Job]:
        """Queue a job for each item, in order."""
        rows = []
        for item in items:
            own = uuid.uuid4().hex
            rows.append(
                {
                    "id": own,
                    "kind": kind,
                    "queue": self._queue,
                    # Of no document, and unlike any other: each document has one live job.
                    "document_id": own,
                    "filename": item.filename,
                    "bytes": 0,
                    "priority": _PRIORITY[kind],
                    "max_attempts": self._max_attempts,
                    "tenant": place.tenant,
                    "collection": place.collection,
                    "import_id": import_id,
                    "source": item.source,
                    "source_tag": item.tag,
                }
            )
        if not rows:
            return []
        await connection.execute(insert(jobs), rows)
        made = await connection.execute(select(jobs).where(jobs.c.id.in_([r["id"] for r in rows])))
        found = {row.id: Job.model_validate(row) for row in made}
        return [found[str(row["id"])] for row in rows]

    async def task(self, job_id: str, connection: AsyncConnection | None = None) -> Task | None:
        """What a job has to do; None where its import is gone."""
        query = (select(imports, jobs.c.source).join(jobs, jobs.c.import_id == imports.c.id)).where(
            jobs.c.id == job_id
        )
        if connection is None:
            async with self.begin() as own:
                row = (await own.execute(query)).one_or_none()
        else:
            row = (await connection.execute(query.with_for_update(of=imports))).one_or_none()
        if row is None:
            return None
        return Task(
            import_id=row.id,
            place=Place(row.tenant, row.collection),
            metadata=row.metadata,
            most_bytes=row.most_bytes,
            bucket=row.bucket,
            prefix=row.prefix or "",
            position=row.position,
            found=row.found,
            source=row.source,
        )

    async def waiting(self) -> int:
        """Files of the queue that wait."""
        query = select(func.count()).where(
            jobs.c.queue == self._queue,
            jobs.c.state == "queued",
            jobs.c.kind.in_(("ingest", "replace", "import")),
        )
        async with self.begin() as connection:
            return int((await connection.execute(query)).scalar_one())

    async def tags(self, place: Place, keys: Collection[str]) -> dict[str, str | None]:
        """The states of sources from which the place's documents, which can be found, are."""
        query = select(documents.c.source_key, documents.c.source_tag).where(
            documents.c.source_key.in_(keys),
            documents.c.tenant == place.tenant,
            documents.c.collection == place.collection,
            documents.c.status.in_(("ready", "processing")),
        )
        async with self.begin() as connection:
            return {row.source_key: row.source_tag for row in await connection.execute(query)}

    async def advance(
        self, connection: AsyncConnection, import_id: str, position: str, found: int, skipped: int
    ) -> None:
        """Note how far the list of an import is."""
        await connection.execute(
            update(imports)
            .where(imports.c.id == import_id)
            .values(
                position=position,
                found=imports.c.found + found,
                skipped=imports.c.skipped + skipped,
            )
        )

    async def get(self, scope: Scope, import_id: str) -> Import | None:
        """An import of the scope, or None."""
        query = select(imports).where(imports.c.id == import_id, _within(scope))
        async with self.begin() as connection:
            rows = (await connection.execute(query)).all()
            found = await self._shown(connection, rows)
        return found[0] if found else None

    async def page(self, scope: Scope, after: str | None, limit: int) -> ImportPage:
        """Imports, the newest first. Raises InvalidRequestError for a wrong cursor."""
        query = select(imports).where(_within(scope)).limit(limit + 1)
        query = query.order_by(imports.c.created_at.desc(), imports.c.id.desc())
        if after:
            query = query.where(cursor.beyond(_SORT, after, imports.c.created_at, imports.c.id))
        async with self.begin() as connection:
            rows = (await connection.execute(query)).all()
            items = await self._shown(connection, rows[:limit])
        last = rows[limit - 1] if len(rows) > limit else None
        return ImportPage(
            items=items,
            next_cursor=cursor.encode(_SORT, last.created_at, last.id) if last else None,
        )

    async def live(self, import_id: str) -> list[str]:
        """Ids of its jobs that wait or run; first the one that makes others."""
        query = (
            select(jobs.c.id)
            .where(jobs.c.import_id == import_id, jobs.c.state.in_(_LIVE))
            .order_by(jobs.c.kind != "list")
        )
        async with self.begin() as connection:
            return list((await connection.scalars(query)).all())

    async def tidy(self, keep_days: float) -> None:
        """Forget imports of so long ago of which no job is left."""
        left = select(jobs.c.id).where(jobs.c.import_id == imports.c.id)
        old = imports.c.created_at < func.now() - timedelta(days=keep_days)
        async with self.begin() as connection:
            await connection.execute(delete(imports).where(old, ~left.exists()))

    async def _shown(self, connection: AsyncConnection, rows: Sequence[Row[Any]]) -> list[Import]:
        listing = jobs.c.kind == "list"
        query = (
            select(jobs.c.import_id, listing.label("listing"), jobs.c.state, func.count())
            .where(jobs.c.import_id.in_([row.id for row in rows]))
            .group_by(jobs.c.import_id, listing, jobs.c.state)
        )
        counts: dict[str, dict[str, int]] = {row.id: {} for row in rows}
        live: set[str] = set()
        for import_id, is_list, state, count in await connection.execute(query):
            live |= {import_id} if state in _LIVE else set()
            if not is_list:
                counts[import_id][state] = count
        lists = select(jobs.c.import_id, jobs.c.reason).where(
            jobs.c.import_id.in_([row.id for row in rows]), listing
        )
        reasons = {row.import_id: row.reason for row in await connection.execute(lists)}
        return [
            _import(
                row,
                Counts(**counts[row.id], skipped=row.skipped),
                live=row.id in live,
                reason=reasons.get(row.id),
            )
            for row in rows
        ]


def _import(row: Row[Any], counts: Counts, *, live: bool, reason: dict[str, Any] | None) -> Import:
    return Import(
        id=row.id,
        state="running" if live else "ended",
        s3=S3Place(bucket=row.bucket, prefix=row.prefix) if row.bucket else None,
        collection=row.collection,
        counts=counts,
        reason=Reason.model_validate(reason) if reason else None,
        created_at=row.created_at,
    )


def _within(scope: Scope) -> ColumnElement[bool]:
    own = imports.c.tenant == scope.tenant
    return own if scope.collections is None else own & imports.c.collection.in_(scope.collections)
