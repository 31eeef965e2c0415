"""Versions of documents in PostgreSQL: the one that waits, and those that were replaced."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict
from sqlalchemy import delete, func, insert, literal, select
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from rag import cursor
from rag.adapters import postgres
from rag.documents.schemas import ChunkPage, Document, DocumentVersion, Passage
from rag.tables import chunks, documents, loose_files, old_chunks, versions

_TEXTS = ("id", "ordinal", "page", "start_char", "end_char", "heading", "text")


class Waiting(BaseModel):
    """A version that is to take the place of the one that counts. sha256: the name of its file."""

    model_config = ConfigDict(from_attributes=True)

    version: int
    sha256: str
    filename: str
    content_type: str
    bytes: int
    source_tag: str | None
    created_at: datetime

    @property
    def digest(self) -> str:
        """The checksum of the file."""
        return self.sha256.rpartition("/")[2]


class VersionRepository:
    """All errors are DependencyError('postgres'). Changes are made in a caller's transaction."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def waiting(
        self, document_id: str, connection: AsyncConnection | None = None
    ) -> Waiting | None:
        """The version of a document that waits."""
        query = select(versions).where(
            versions.c.document_id == document_id, versions.c.state == "waiting"
        )
        async with self._within(connection) as own:
            row = (await own.execute(query)).one_or_none()
        return Waiting.model_validate(row) if row else None

    async def put(
        self, connection: AsyncConnection, document_id: str, values: dict[str, Any]
    ) -> None:
        """Note the version that waits, in place of another one."""
        await self.drop(connection, document_id)
        made = insert(versions).values(document_id=document_id, state="waiting", **values)
        await connection.execute(made)

    async def drop(self, connection: AsyncConnection, document_id: str) -> None:
        """Forget the version that waits; its file is loose then."""
        await connection.execute(
            delete(versions).where(
                versions.c.document_id == document_id, versions.c.state == "waiting"
            )
        )

    async def archive(self, connection: AsyncConnection, document: Document) -> None:
        """Keep what a document says now, before another version takes its place."""
        name = select(documents.c.sha256).where(documents.c.id == document.id).scalar_subquery()
        await connection.execute(
            insert(versions).values(
                document_id=document.id,
                version=document.version,
                state="replaced",
                sha256=name,
                filename=document.filename,
                content_type=document.content_type,
                bytes=document.bytes,
                pages=document.pages,
                chunks=document.chunks,
                created_at=document.version_at or document.created_at,
                replaced_at=func.now(),
            )
        )
        kept = select(
            chunks.c.document_id,
            literal(document.version).label("version"),
            *(chunks.c[name] for name in _TEXTS),
        ).where(chunks.c.document_id == document.id)
        names = ["document_id", "version", *_TEXTS]
        await connection.execute(insert(old_chunks).from_select(names, kept))

    async def prune(self, connection: AsyncConnection, document_id: str, keep: int) -> None:
        """Forget all replaced versions but the newest ones."""
        own = (versions.c.document_id == document_id) & (versions.c.state == "replaced")
        newest = select(versions.c.version).where(own)
        newest = newest.order_by(versions.c.version.desc()).limit(keep)
        await connection.execute(delete(versions).where(own, versions.c.version.not_in(newest)))

    async def forget(self, connection: AsyncConnection, document_id: str) -> None:
        """Forget all versions of a document that is deleted."""
        await connection.execute(delete(versions).where(versions.c.document_id == document_id))

    async def listed(self, document: Document) -> list[DocumentVersion]:
        """All versions that are known, the newest first."""
        query = select(versions).where(versions.c.document_id == document.id)
        async with self._within(None) as own:
            rows = (await own.execute(query)).all()
        found = [DocumentVersion.model_validate(row, from_attributes=True) for row in rows]
        current = DocumentVersion(
            **document.model_dump(
                include={"version", "sha256", "filename", "content_type", "bytes"}
                | {"pages", "chunks"}
            ),
            state="current",
            created_at=document.version_at or document.created_at,
        )
        return sorted([current, *found], key=lambda each: -each.version)

    async def passages(
        self, document_id: str, version: int, after: str | None, limit: int
    ) -> ChunkPage | None:
        """Chunks of a replaced version in reading order; None where they are not kept."""
        known = select(versions.c.version).where(
            versions.c.document_id == document_id,
            versions.c.version == version,
            versions.c.state == "replaced",
        )
        query = (
            select(old_chunks)
            .where(old_chunks.c.document_id == document_id, old_chunks.c.version == version)
            .order_by(old_chunks.c.ordinal)
            .limit(limit + 1)
        )
        if after:
            beyond = cursor.beyond("chunks", after, old_chunks.c.ordinal, old_chunks.c.id)
            query = query.where(beyond)
        async with self._within(None) as own:
            if (await own.execute(known)).one_or_none() is None:
                return None
            rows = (await own.execute(query)).all()
        last = rows[limit - 1] if len(rows) > limit else None
        return ChunkPage(
            items=[Passage.model_validate(row, from_attributes=True) for row in rows[:limit]],
            next_cursor=cursor.encode("chunks", last.ordinal, last.id) if last else None,
        )

    async def holder(self, connection: AsyncConnection, name: str) -> str | None:
        """The id of the document that has a file, or whose next version has it."""
        for query in (
            select(documents.c.id).where(documents.c.sha256 == name),
            select(versions.c.document_id).where(
                versions.c.sha256 == name, versions.c.state == "waiting"
            ),
        ):
            if found := (await connection.execute(query)).scalar():
                return str(found)
        return None

    async def loosen(self, connection: AsyncConnection, name: str, content_id: str) -> None:
        """Note that a file may be nobody's."""
        made = upsert(loose_files).values(name=name, content_id=content_id)
        await connection.execute(
            made.on_conflict_do_update(index_elements=["name"], set_={"noted_at": func.now()})
        )

    async def tighten(self, connection: AsyncConnection, name: str) -> None:
        """Note that a file is a document's, or gone."""
        await connection.execute(delete(loose_files).where(loose_files.c.name == name))

    async def loose(self, limit: int = 100) -> Sequence[tuple[str, str]]:
        """Files that may be nobody's, the oldest first, and the ids that order who writes them."""
        waits = select(versions.c.version).where(
            versions.c.sha256 == loose_files.c.name, versions.c.state == "waiting"
        )
        query = select(loose_files.c.name, loose_files.c.content_id).where(~waits.exists())
        async with self._within(None) as own:
            rows = await own.execute(query.order_by(loose_files.c.noted_at).limit(limit))
            return [(row.name, row.content_id) for row in rows]

    @asynccontextmanager
    async def _within(self, connection: AsyncConnection | None) -> AsyncIterator[AsyncConnection]:
        if connection is not None:
            yield connection
            return
        async with postgres.transaction(self._engine) as own:
            yield own


def switched(waiting: Waiting) -> dict[str, Any]:
    """The columns of a document whose waiting version takes its place."""
    values: dict[str, Any] = {
        "sha256": waiting.sha256,
        "filename": waiting.filename,
        "content_type": waiting.content_type,
        "bytes": waiting.bytes,
        "version": waiting.version,
        "version_at": func.now(),
    }
    return values | ({"source_tag": waiting.source_tag} if waiting.source_tag else {})
