"""What asking reads from PostgreSQL: lexical search, texts, and words in their stems."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from rag.adapters import postgres
from rag.ingest.formats import kept_as

_LEXEMES = text(
    "SELECT n, tsvector_to_array(to_tsvector('english', t)) AS lexemes"
    " FROM unnest(CAST(:texts AS text[])) WITH ORDINALITY AS given(t, n) ORDER BY n"
)
# A query of any of the words: a question's words rarely stand all in one passage.
_SEARCH = text(
    "SELECT c.id FROM chunks c JOIN documents d ON d.id = c.document_id,"
    " to_tsquery('simple', :query) q"
    " WHERE d.status = 'ready' AND c.words @@ q"
    " ORDER BY ts_rank_cd(c.words, q, 1) DESC, c.id LIMIT :limit"
)
_TEXTS = text(
    "SELECT c.id, c.document_id, c.page, c.heading, c.text, d.content_type"
    " FROM chunks c JOIN documents d ON d.id = c.document_id"
    " WHERE d.status = 'ready' AND c.id = ANY(CAST(:ids AS text[]))"
)
# Counting stops early: beyond the cap a word is simply common.
_FREQUENCIES = text(
    "SELECT w, (SELECT count(*) FROM (SELECT 1 FROM chunks"
    " WHERE words @@ to_tsquery('simple', q) LIMIT :cap) hits)"
    " FROM unnest(CAST(:words AS text[]), CAST(:queries AS text[])) AS given(w, q)"
)
_SIZE = text("SELECT count(*) FROM (SELECT 1 FROM chunks LIMIT :cap) c")
_CAP = 5000


@dataclass(frozen=True, slots=True)
class Passage:
    """A chunk as it was found."""

    chunk_id: str
    document_id: str
    page: int
    heading: str
    text: str
    headings: bool


class SearchRepository:
    """All errors are DependencyError('postgres')."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    @asynccontextmanager
    async def _connect(self) -> AsyncIterator[AsyncConnection]:
        try:
            async with self._engine.connect() as connection:
                yield connection
        except postgres.FAILURES as error:
            raise postgres.failure(error) from error

    async def version(self) -> int:
        """The version of the corpus."""
        async with self._connect() as connection:
            return int((await connection.execute(text("SELECT version FROM corpus"))).scalar_one())

    async def lexemes(self, texts: Sequence[str]) -> list[frozenset[str]]:
        """The stems of each text's content words."""
        async with self._connect() as connection:
            rows = (await connection.execute(_LEXEMES, {"texts": list(texts)})).all()
        return [frozenset(row.lexemes) for row in rows]

    async def search(self, lexemes: Sequence[str], limit: int) -> list[str]:
        """Ids of the chunks which hold any of the stems, best first."""
        if not lexemes:
            return []
        parameters = {"query": " | ".join(map(_quoted, lexemes)), "limit": limit}
        async with self._connect() as connection:
            return [row.id for row in await connection.execute(_SEARCH, parameters)]

    async def passages(self, ids: Sequence[str]) -> list[Passage]:
        """The passages of `ids` which still exist, in that order."""
        async with self._connect() as connection:
            rows = (await connection.execute(_TEXTS, {"ids": list(ids)})).all()
        found = {row.id: _passage(row) for row in rows}
        return [found[item] for item in ids if item in found]

    async def frequencies(self, lexemes: Sequence[str]) -> tuple[dict[str, int], int]:
        """In how many chunks each stem stands, and how many chunks there are (capped)."""
        words = list(lexemes)
        parameters = {"words": words, "queries": [*map(_quoted, words)], "cap": _CAP}
        async with self._connect() as connection:
            rows = (await connection.execute(_FREQUENCIES, parameters)).all()
            size = int((await connection.execute(_SIZE, {"cap": _CAP})).scalar_one())
        return {row[0]: int(row[1]) for row in rows}, size


def _quoted(lexeme: str) -> str:
    """A stem as tsquery takes it, whatever characters are in it."""
    escaped = lexeme.replace("\\", "\\\\").replace("'", "''")
    return f"'{escaped}'"


def _passage(row: Row[tuple[object, ...]]) -> Passage:
    headings = kept_as(row.content_type).headings
    return Passage(row.id, row.document_id, row.page, row.heading, row.text, headings)
