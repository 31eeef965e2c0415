"""Documents and chunks in PostgreSQL."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from sqlalchemy import delete, func, insert, select, text, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from rag.adapters import postgres
from rag.documents.schemas import Document, Status
from rag.ingest.chunk import Chunk
from rag.languages.detect import DEFAULT
from rag.languages.words import searchable
from rag.tables import chunks, corpus, documents

# A statement has a deadline, and a large document many stems: its chunks go into the index, and out
# of it, in parts.
_INDEX = text(
    "SELECT index_texts(CAST(:ids AS text[]), CAST(:texts AS text[]), CAST(:languages AS text[]))"
)
_AT_ONCE = 250


def chunk_id(document_id: str, ordinal: int) -> str:
    """The id of a chunk, here and in the vector index."""
    return f"{document_id}-{ordinal:05d}"


class DocumentRepository:
    """All errors are DependencyError('postgres')."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    @asynccontextmanager
    async def _begin(self) -> AsyncIterator[AsyncConnection]:
        try:
            async with self._engine.begin() as connection:
                yield connection
        except postgres.FAILURES as error:
            raise postgres.failure(error) from error

    @asynccontextmanager
    async def exclusive(self, document_id: str) -> AsyncIterator[None]:
        """Let one process at a time change a document; a dead process lets go by dying."""
        key = int(document_id[:15], 16)
        async with self._begin() as connection:
            await connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": key})
            yield

    async def get(self, document_id: str) -> Document | None:
        """A document, or None."""
        async with self._begin() as connection:
            query = select(documents).where(documents.c.id == document_id)
            row = (await connection.execute(query)).one_or_none()
        return Document.model_validate(row) if row else None

    async def ready(self, limit: int, after: str) -> list[Document]:
        """At most `limit` documents that can be found, by id, behind the id `after`."""
        query = (
            select(documents)
            .where(documents.c.status == "ready", documents.c.id > after)
            .order_by(documents.c.id)
            .limit(limit)
        )
        async with self._begin() as connection:
            rows = (await connection.execute(query)).all()
        return [Document.model_validate(row) for row in rows]

    async def start(self, values: dict[str, Any]) -> None:
        """Note that a document is being taken in, for the first time or again."""
        statement = upsert(documents).values(**values, status="processing")
        statement = statement.on_conflict_do_update(
            index_elements=[documents.c.id],
            set_={
                "status": "processing",
                "error": None,
                "attempts": documents.c.attempts + 1,
                "pages": statement.excluded.pages,
                "embedding_model": statement.excluded.embedding_model,
                "updated_at": func.now(),
            },
        )
        async with self._begin() as connection:
            await connection.execute(statement)

    async def finish(
        self,
        document_id: str,
        found: Sequence[Chunk],
        language: str | None = None,
        languages: Sequence[str | None] = (),
    ) -> None:
        """Make a document and its chunks findable, in one transaction.

        language: the document's; languages: those of its chunks. None: unknown.
        """
        spoken = [each or DEFAULT for each in languages] or [DEFAULT] * len(found)
        # So long a text takes a while, and others wait for the loop.
        texts = await asyncio.to_thread(_searchable, found, spoken)
        rows = [
            {
                "id": chunk_id(document_id, chunk.ordinal),
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
        async with self._begin() as connection:
            await self._clear(connection, document_id)
            await connection.execute(insert(chunks), rows)
            for start in range(0, len(rows), _AT_ONCE):
                part = slice(start, start + _AT_ONCE)
                ids = [row["id"] for row in rows[part]]
                given = {"ids": ids, "texts": texts[part], "languages": spoken[part]}
                await connection.execute(_INDEX, given)
            await self._set(connection, document_id, "ready", chunks=len(rows), language=language)
            await self._changed(connection)

    async def fail(self, document_id: str, reason: str) -> None:
        """Note why a document was not taken in; it has no chunks then."""
        async with self._begin() as connection:
            await self._clear(connection, document_id)
            await self._set(connection, document_id, "failed", error=reason, chunks=0)

    async def hide(self, document_id: str) -> None:
        """Take a document out of every answer, before its parts are removed."""
        async with self._begin() as connection:
            await self._clear(connection, document_id)
            await self._set(connection, document_id, "deleting", chunks=0)
            await self._changed(connection)

    async def remove(self, document_id: str) -> None:
        """Delete a document with its chunks."""
        async with self._begin() as connection:
            await connection.execute(delete(documents).where(documents.c.id == document_id))

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


def _searchable(found: Sequence[Chunk], languages: Sequence[str]) -> list[str]:
    """The texts of chunks, in the form in which their words are looked up."""
    return [
        searchable(f"{chunk.heading} {chunk.text}", language)
        for chunk, language in zip(found, languages, strict=True)
    ]
