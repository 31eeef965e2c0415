"""Indexes and their documents in PostgreSQL."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Literal

from sqlalchemy import delete, func, insert, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from rag.adapters import postgres
from rag.tables import chunks, corpus, documents, embedded_documents, embedding_indexes

State = Literal["building", "active", "retired"]

_TURN = text("SELECT pg_try_advisory_xact_lock(hashtextextended(:name, 8))")
_ALONE = text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 8))")
# A chunk's id is that of its attempt, and five digits.
_PREFIX = "left(c.id, -5)"
_OWN = (
    " LEFT JOIN embedded_documents e"
    " ON e.alias = :alias AND e.model = :model AND e.document_id = d.id"
)
# What this model took in itself is in its index, unless that was begun anew.
_LACKING = (
    "FROM documents d JOIN chunks c ON c.document_id = d.id AND c.ordinal = 0"
    f"{_OWN} WHERE d.status = 'ready' AND (d.embedding_model <> :model OR e.prefix IS NOT NULL)"
    f" AND e.prefix IS DISTINCT FROM {_PREFIX}"
)
_MISSING = text(
    f"SELECT d.id, {_PREFIX} AS prefix, e.prefix IS NOT NULL AS known {_LACKING}"
    " AND d.id > :after ORDER BY d.id LIMIT :limit"
)
_COUNT = text(f"SELECT count(*) {_LACKING}")
_CLAIM = text(
    "INSERT INTO embedded_documents (alias, model, document_id, prefix, chunks)"
    " VALUES (:alias, :model, :id, '', 0)"
    " ON CONFLICT (alias, model, document_id) DO UPDATE SET prefix = '', chunks = 0"
)
_OWN_ANEW = text(
    "INSERT INTO embedded_documents (alias, model, document_id, prefix, chunks)"
    " SELECT :alias, :model, id, '', 0 FROM documents WHERE embedding_model = :model"
)
_GONE = text(
    "SELECT e.document_id FROM embedded_documents e WHERE e.alias = :alias AND e.model = :model"
    " AND NOT EXISTS (SELECT 1 FROM documents d WHERE d.id = e.document_id AND d.status = 'ready')"
    " ORDER BY e.document_id LIMIT :limit"
)
_NOTED = text(
    "SELECT coalesce(sum(chunks), 0) FROM embedded_documents"
    " WHERE alias = :alias AND model = :model"
)
_TAKEN_IN = (
    f"FROM documents d{_OWN}"
    " WHERE d.status = 'ready' AND d.embedding_model = :model AND e.prefix IS NULL"
)
_TAKEN = text(f"SELECT coalesce(sum(d.chunks), 0) {_TAKEN_IN}")
_FOREIGN = (
    select(documents.c.embedding_model)
    .where(documents.c.status == "ready")
    .order_by(documents.c.id)
    .limit(1)
)


@dataclass(frozen=True, slots=True)
class Kept:
    """An index: `collection` of the vector database has the vectors that `model` made."""

    model: str
    collection: str
    state: State


@dataclass(frozen=True, slots=True)
class Lacking:
    """A document that an index lacks. known: whether the index may have older vectors of it."""

    id: str
    prefix: str
    known: bool


@dataclass(frozen=True, slots=True)
class Text:
    """A chunk, with what is embedded of it."""

    id: str
    page: int
    ordinal: int
    context: str


class IndexRepository:
    """The indexes behind one alias. All errors are DependencyError('postgres')."""

    def __init__(self, engine: AsyncEngine, alias: str) -> None:
        self._engine = engine
        self._alias = alias

    async def all(self, connection: AsyncConnection | None = None) -> list[Kept]:
        """Every index of the alias."""
        table = embedding_indexes.c
        query = select(table.model, table.collection, table.state).where(table.alias == self._alias)
        if connection is None:
            async with postgres.transaction(self._engine) as own:
                rows = (await own.execute(query)).all()
        else:
            rows = (await connection.execute(query)).all()
        return [Kept(row.model, row.collection, row.state) for row in rows]

    @asynccontextmanager
    async def alone(self) -> AsyncIterator[AsyncConnection]:
        """A transaction in which nobody else changes which indexes there are."""
        async with postgres.transaction(self._engine) as connection:
            await connection.execute(_ALONE, {"name": f"indexes of {self._alias}"})
            yield connection

    @asynccontextmanager
    async def turn(self, model: str) -> AsyncIterator[bool]:
        """Whether this process, and no other, may fill the model's index until the end."""
        async with postgres.transaction(self._engine) as connection:
            name = f"{self._alias} by {model}"
            yield bool((await connection.execute(_TURN, {"name": name})).scalar_one())

    async def foreign(self, connection: AsyncConnection, model: str) -> str | None:
        """A model other than this one that made vectors of documents; None if there is none."""
        query = _FOREIGN.where(documents.c.embedding_model != model)
        found = await connection.scalar(query)
        return str(found) if found else None

    async def add(
        self, connection: AsyncConnection, model: str, collection: str, state: State
    ) -> None:
        """Note a new index."""
        moment = func.now() if state == "active" else None
        values = {"alias": self._alias, "model": model, "collection": collection, "state": state}
        await connection.execute(insert(embedding_indexes).values(**values, activated_at=moment))

    async def place(self, connection: AsyncConnection, model: str, collection: str) -> None:
        """Note that an index is in another collection now."""
        await connection.execute(
            update(embedding_indexes)
            .where(embedding_indexes.c.alias == self._alias, embedding_indexes.c.model == model)
            .values(collection=collection)
        )

    async def begin_anew(self, connection: AsyncConnection, model: str, collection: str) -> None:
        """Fill an index from nothing, in this collection."""
        await self.place(connection, model, collection)
        table = embedded_documents.c
        await connection.execute(
            delete(embedded_documents).where(table.alias == self._alias, table.model == model)
        )
        await connection.execute(_OWN_ANEW, self._of(model))

    async def activate(self, connection: AsyncConnection, model: str) -> None:
        """Make an index the one of new programs; the one before stays as it is, retired."""
        table = embedding_indexes.c
        own = table.alias == self._alias
        await connection.execute(
            update(embedding_indexes).where(own, table.state == "active").values(state="retired")
        )
        await connection.execute(
            update(embedding_indexes)
            .where(own, table.model == model)
            .values(state="active", activated_at=func.now())
        )
        await connection.execute(update(corpus).values(version=corpus.c.version + 1))

    async def version(self) -> int:
        """The version of the corpus."""
        async with postgres.transaction(self._engine) as connection:
            return int((await connection.execute(select(corpus.c.version))).scalar_one())

    async def missing(self, model: str, after: str, limit: int) -> list[Lacking]:
        """Ready documents that the index lacks, by their ids."""
        given = self._of(model) | {"after": after, "limit": limit}
        async with postgres.transaction(self._engine) as connection:
            rows = (await connection.execute(_MISSING, given)).all()
        return [Lacking(row.id, row.prefix, row.known) for row in rows]

    async def count_missing(self, model: str) -> int:
        """How many ready documents the index lacks."""
        async with postgres.transaction(self._engine) as connection:
            return int((await connection.execute(_COUNT, self._of(model))).scalar_one())

    async def texts(self, document_id: str, prefix: str) -> list[Text]:
        """The document's chunks; none where it was changed meanwhile."""
        table = chunks.c
        query = (
            select(table.id, table.page, table.ordinal, table.heading, table.text)
            .where(table.document_id == document_id, table.id.startswith(prefix, autoescape=True))
            .order_by(table.ordinal)
        )
        async with postgres.transaction(self._engine) as connection:
            rows = (await connection.execute(query)).all()
        return [
            Text(row.id, row.page, row.ordinal, in_context(row.heading, row.text)) for row in rows
        ]

    async def claim(self, model: str, document_id: str) -> None:
        """Note that the document's vectors are about to be written."""
        async with postgres.transaction(self._engine) as connection:
            await connection.execute(_CLAIM, self._of(model) | {"id": document_id})

    async def note(self, model: str, document_id: str, prefix: str, count: int) -> None:
        """Note which vectors of a document the index has."""
        table = embedded_documents.c
        async with postgres.transaction(self._engine) as connection:
            await connection.execute(
                update(embedded_documents)
                .where(table.alias == self._alias, table.model == model)
                .where(table.document_id == document_id)
                .values(prefix=prefix, chunks=count)
            )

    async def gone(self, model: str, limit: int) -> Sequence[str]:
        """Ids of documents of which the index may have vectors, and which nobody can find."""
        async with postgres.transaction(self._engine) as connection:
            found = await connection.execute(_GONE, self._of(model) | {"limit": limit})
            return list(found.scalars())

    async def forget(self, model: str, document_id: str) -> None:
        """Note that the index has nothing of a document."""
        table = embedded_documents.c
        async with postgres.transaction(self._engine) as connection:
            await connection.execute(
                delete(embedded_documents)
                .where(table.alias == self._alias, table.model == model)
                .where(table.document_id == document_id)
            )

    async def expected(self, model: str) -> int:
        """How many vectors the index has."""
        async with postgres.transaction(self._engine) as connection:
            noted = (await connection.execute(_NOTED, self._of(model))).scalar_one()
            taken = (await connection.execute(_TAKEN, self._of(model))).scalar_one()
        return int(noted) + int(taken)

    def _of(self, model: str) -> dict[str, object]:
        return {"alias": self._alias, "model": model}


def in_context(heading: str, words: str) -> str:
    """What is embedded of a chunk, as when it was taken in."""
    return f"{heading}\n{words}" if heading else words
