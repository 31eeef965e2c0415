"""Documents and chunks in PostgreSQL."""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Row,
    Select,
    Text,
    delete,
    func,
    insert,
    or_,
    select,
    text,
    true,
    update,
)
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from rag import cursor
from rag.access.scope import Scope
from rag.access.space import lock_of
from rag.adapters import postgres
from rag.documents.metadata import meant
from rag.documents.schemas import (
    ChunkPage,
    Collection,
    Document,
    DocumentPage,
    Passage,
    Sort,
    Status,
)
from rag.errors import BusyError
from rag.ingest.chunk import Chunk
from rag.languages.detect import DEFAULT
from rag.languages.words import searchable
from rag.tables import chunks, corpus, documents, jobs

# A statement has a deadline, and a large document many stems: its chunks go into the index, and out
# of it, in parts.
_INDEX = text(
    "SELECT index_texts(CAST(:ids AS text[]), CAST(:texts AS text[]), CAST(:languages AS text[]))"
)
_AT_ONCE = 250
_LOCK = text("SELECT pg_try_advisory_xact_lock(:key)")
_LOCK_PAUSE_SECONDS = 0.1
# The server lets go of a lock whose holder's machine is gone without a word.
_NOT_FOR_EVER = text("SET LOCAL idle_in_transaction_session_timeout = '60s'")
_SORTED: dict[str, ColumnElement[Any]] = {
    "created": documents.c.created_at,
    "name": func.lower(documents.c.filename, type_=Text),
    "bytes": documents.c.bytes,
}


class DocumentRepository:
    """All errors are DependencyError('postgres'). Changes are made in a caller's transaction."""

    def __init__(self, engine: AsyncEngine, *, patience: float) -> None:
        """patience: seconds that one waits for a document that someone else changes."""
        self._engine = engine
        self._patience = patience

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[AsyncConnection]:
        """A transaction."""
        async with postgres.transaction(self._engine) as connection:
            yield connection

    @asynccontextmanager
    async def exclusive(self, document_id: str) -> AsyncIterator[AsyncConnection]:
        """A transaction in which nobody else changes the document. Raises BusyError."""
        async with self.begin() as connection:
            await connection.execute(_NOT_FOR_EVER)
            await self.lock(connection, document_id)
            yield connection

    async def lock(self, connection: AsyncConnection, document_id: str) -> None:
        """Let nobody else change a further document in the transaction. Raises BusyError."""
        key = lock_of(document_id)
        deadline = time.monotonic() + self._patience
        while not (await connection.execute(_LOCK, {"key": key})).scalar_one():
            if time.monotonic() >= deadline:
                raise BusyError("the document is being changed; try later")
            await asyncio.sleep(_LOCK_PAUSE_SECONDS)

    async def by_file(
        self, name: str, connection: AsyncConnection | None = None
    ) -> Document | None:
        """The document with a file of this name, or None."""
        return await self._one(select(documents).where(documents.c.sha256 == name), connection)

    async def by_source(self, tenant: str, collection: str, key: str) -> Document | None:
        """The document that was imported from a source, the newest of several."""
        query = (
            select(documents)
            .where(
                documents.c.source_key == key,
                documents.c.tenant == tenant,
                documents.c.collection == collection,
                documents.c.status.in_(("ready", "failed")),
            )
            .order_by(documents.c.created_at.desc())
            .limit(1)
        )
        return await self._one(query, None)

    async def get(
        self, scope: Scope, document_id: str, connection: AsyncConnection | None = None
    ) -> Document | None:
        """A document of the scope, or None."""
        query = select(documents).where(documents.c.id == document_id, _within(scope))
        return await self._one(query, connection)

    async def known(
        self, document_id: str, connection: AsyncConnection | None = None
    ) -> Document | None:
        """A document of whomever, or None: for work that no request waits for."""
        return await self._one(select(documents).where(documents.c.id == document_id), connection)

    async def tenant(self, connection: AsyncConnection, document_id: str) -> str:
        """The tenant of a document that exists."""
        query = select(documents.c.tenant).where(documents.c.id == document_id)
        return str((await connection.execute(query)).scalar_one())

    async def _one(self, query: Select[Any], connection: AsyncConnection | None) -> Document | None:
        if connection is None:
            async with self.begin() as own:
                row = (await own.execute(query)).one_or_none()
        else:
            row = (await connection.execute(query)).one_or_none()
        return Document.model_validate(row) if row else None

    async def page(
        self,
        scope: Scope,
        *,
        status: Status | None,
        name: str | None,
        content_type: str | None,
        language: str | None,
        metadata: Sequence[str],
        sort: Sort,
        after: str | None,
        limit: int,
    ) -> DocumentPage:
        """Documents that fit; `name` is a part of theirs, `metadata` are conditions name:value.

        Raises InvalidRequestError for a wrong cursor or condition.
        """
        column, falling = _SORTED[sort.removeprefix("-")], sort.startswith("-")
        order = (column.desc(), documents.c.id.desc()) if falling else (column, documents.c.id)
        query = select(documents, column.label("key")).order_by(*order).limit(limit + 1)
        query = query.where(_within(scope))
        if status:
            query = query.where(documents.c.status == status)
        if content_type:
            query = query.where(documents.c.content_type == content_type)
        if language:
            query = query.where(documents.c.language == language)
        if name:
            query = query.where(documents.c.filename.icontains(name, autoescape=True))
        for condition in metadata:
            meanings = [documents.c.metadata.contains(each) for each in meant(condition)]
            query = query.where(or_(*meanings))
        if after:
            query = query.where(cursor.beyond(sort, after, column, documents.c.id))
        async with self.begin() as connection:
            rows = (await connection.execute(query)).all()
        last = rows[limit - 1] if len(rows) > limit else None
        return DocumentPage(
            items=[Document.model_validate(row) for row in rows[:limit]],
            next_cursor=cursor.encode(sort, last.key, last.id) if last else None,
        )

    async def passages(self, document_id: str, after: str | None, limit: int) -> ChunkPage:
        """Chunks in reading order. Raises InvalidRequestError for a wrong cursor."""
        query = (
            select(chunks)
            .where(chunks.c.document_id == document_id)
            .order_by(chunks.c.ordinal)
            .limit(limit + 1)
        )
        if after:
            query = query.where(cursor.beyond("chunks", after, chunks.c.ordinal, chunks.c.id))
        async with self.begin() as connection:
            rows = (await connection.execute(query)).all()
        last = rows[limit - 1] if len(rows) > limit else None
        return ChunkPage(
            items=[_passage(row) for row in rows[:limit]],
            next_cursor=cursor.encode("chunks", last.ordinal, last.id) if last else None,
        )

    async def start(self, connection: AsyncConnection, values: dict[str, Any]) -> Document:
        """Note that a document is being taken in, for the first time or again."""
        new = upsert(documents).values(**values, pages=0, status="processing")
        statement = new.on_conflict_do_update(
            index_elements=[documents.c.id],
            set_={
                "status": "processing",
                "error": None,
                "attempts": documents.c.attempts + 1,
                "embedding_model": new.excluded.embedding_model,
                "updated_at": func.now(),
            },
        ).returning(documents)
        return Document.model_validate((await connection.execute(statement)).one())

    async def collections(self, scope: Scope) -> list[Collection]:
        """The collections of the scope that have documents, by name."""
        name = documents.c.collection
        query = (
            select(name, func.count(), func.coalesce(func.sum(documents.c.chunks), 0))
            .where(_within(scope), documents.c.status != "deleting")
            .group_by(name)
            .order_by(name)
        )
        async with self.begin() as connection:
            rows = (await connection.execute(query)).all()
        return [Collection(name=row[0], documents=row[1], chunks=row[2]) for row in rows]

    async def change(
        self, scope: Scope, document_id: str, values: dict[str, Any]
    ) -> Document | None:
        """Set columns of a document; None where there is none."""
        statement = update(documents).where(documents.c.id == document_id, _within(scope))
        changed = statement.values(**values, updated_at=func.now()).returning(documents)
        async with self.begin() as connection:
            row = (await connection.execute(changed)).one_or_none()
        return Document.model_validate(row) if row else None

    async def note(
        self, connection: AsyncConnection, document_id: str, values: dict[str, Any]
    ) -> None:
        """Set columns of a document that are no change of it for its readers."""
        noted = update(documents).where(documents.c.id == document_id).values(**values)
        await connection.execute(noted)

    async def restart(self, connection: AsyncConnection, document_id: str) -> None:
        """Note that a document which failed is being taken in again."""
        await self._set(connection, document_id, "processing", error=None)

    async def finish(
        self,
        connection: AsyncConnection,
        document_id: str,
        prefix: str,
        found: Sequence[Chunk],
        languages: Sequence[str | None] = (),
        *,
        language: str | None = None,
        **values: Any,
    ) -> None:
        """Make these chunks the document's own, and the document findable.

        prefix: of the chunks' ids; language: the document's; languages: those of its chunks, None
        where unknown; values: further columns of the document.
        """
        spoken = [each or DEFAULT for each in languages] or [DEFAULT] * len(found)
        # So long a text takes a while, and others wait for the loop.
        texts = await asyncio.to_thread(_searchable, found, spoken)
        rows = [
            {
                "id": chunk_id(prefix, chunk),
                "document_id": document_id,
                "ordinal": chunk.ordinal,
                "page": chunk.page,
                "start_char": chunk.start,
                "end_char": chunk.end,
                "heading": chunk.heading,
                "text": chunk.text,
            }
            for chunk in found
        ]
        await self._clear(connection, document_id)
        # The index counts a document when it becomes ready: also one that is so already.
        await self._set(connection, document_id, "processing")
        await connection.execute(insert(chunks), rows)
        for start in range(0, len(rows), _AT_ONCE):
            part = slice(start, start + _AT_ONCE)
            ids = [row["id"] for row in rows[part]]
            given = {"ids": ids, "texts": texts[part], "languages": spoken[part]}
            await connection.execute(_INDEX, given)
        changed = {"chunks": len(rows), "language": language, **values}
        await self._set(connection, document_id, "ready", error=None, **changed)
        await self._changed(connection)

    async def fail(self, connection: AsyncConnection, document_id: str, reason: str) -> None:
        """Note why a document was not taken in; one that can be found stays so."""
        await connection.execute(
            update(documents)
            .where(documents.c.id == document_id, documents.c.status == "processing")
            .values(status="failed", error=reason, updated_at=func.now())
        )

    async def hide(self, connection: AsyncConnection, document_id: str) -> None:
        """Take a document out of every answer, before its parts are removed."""
        await self._clear(connection, document_id)
        await self._set(connection, document_id, "deleting", chunks=0)
        await self._changed(connection)

    async def remove(self, connection: AsyncConnection, document_id: str) -> None:
        """Delete a document with its chunks."""
        await connection.execute(delete(documents).where(documents.c.id == document_id))

    async def ready_without_job(self, scope: Scope, after: str, limit: int) -> Sequence[str]:
        """Ids, in order, of ready documents of the scope that nothing is being done with."""
        return await self._idle("ready", 0, after, limit, _within(scope))

    async def stuck(self, status: Status, seconds: float) -> Sequence[str]:
        """Ids of documents that nobody brought out of a passing status for so long."""
        return await self._idle(status, seconds, "", 100, true())

    async def _idle(
        self, status: Status, seconds: float, after: str, limit: int, which: ColumnElement[bool]
    ) -> Sequence[str]:
        busy = select(jobs.c.id).where(
            jobs.c.document_id == documents.c.id, jobs.c.state.in_(("queued", "running"))
        )
        query = (
            select(documents.c.id)
            .where(documents.c.status == status, documents.c.id > after, ~busy.exists(), which)
            .where(documents.c.updated_at <= func.now() - timedelta(seconds=seconds))
            .order_by(documents.c.id)
            .limit(limit)
        )
        async with self.begin() as connection:
            return (await connection.scalars(query)).all()

    async def _clear(self, connection: AsyncConnection, document_id: str) -> None:
        some = select(chunks.c.id).where(chunks.c.document_id == document_id).limit(_AT_ONCE)
        while (await connection.execute(delete(chunks).where(chunks.c.id.in_(some)))).rowcount:
            pass

    async def _set(
        self, connection: AsyncConnection, document_id: str, status: Status, **values: Any
    ) -> None:
        await connection.execute(
            update(documents)
            .where(documents.c.id == document_id)
            .values(status=status, updated_at=func.now(), **values)
        )

    async def _changed(self, connection: AsyncConnection) -> None:
        await connection.execute(update(corpus).values(version=corpus.c.version + 1))


def _within(scope: Scope) -> ColumnElement[bool]:
    own = documents.c.tenant == scope.tenant
    named = scope.collections
    return own if named is None else own & documents.c.collection.in_(named)


def chunk_id(prefix: str, chunk: Chunk) -> str:
    """The id of a chunk, here and in the vector index."""
    return f"{prefix}{chunk.ordinal:05d}"


def _searchable(found: Sequence[Chunk], languages: Sequence[str]) -> list[str]:
    """The texts of chunks, in the form in which their words are looked up."""
    return [
        searchable(f"{chunk.heading} {chunk.text}", language)
        for chunk, language in zip(found, languages, strict=True)
    ]


def _passage(row: Row[tuple[Any, ...]]) -> Passage:
    return Passage.model_validate(row, from_attributes=True)
