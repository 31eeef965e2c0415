"""What asking reads from PostgreSQL: lexical search, texts, and words in their stems."""

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from rag.adapters import postgres
from rag.ask.filters import MOST_DOCUMENTS, Filter, Within
from rag.errors import FilterError
from rag.ingest.formats import kept_as

_STEMS = text(
    "SELECT lexeme, cardinality(positions) AS frequency"
    " FROM unnest(to_tsvector('english', CAST(:text AS text)))"
)
_LEXEMES = text(
    "SELECT n, tsvector_to_array(to_tsvector('english', t)) AS lexemes"
    " FROM unnest(CAST(:texts AS text[])) WITH ORDINALITY AS given(t, n) ORDER BY n"
)
# BM25 (k1 1.2, b 0.75) by the index of revision 0002, in two steps whose work is bounded, however
# many chunks share a word. First the entries of the stems that weigh most: all of them, until
# `budget` postings are read, and of each further stem the `least` ones where it counts most. Then
# the best of these by all stems of the question, exactly.
_BM25 = """
WITH size AS (
    SELECT CAST(chunks AS float8) AS chunks, length / greatest(CAST(chunks AS float8), 1) AS average
    FROM totals WHERE id = 1
), asked AS (
    SELECT stem, found.chunks AS depth,
        frequency * ln(1 + (size.chunks - found.chunks + 0.5) / (found.chunks + 0.5)) AS weight
    FROM unnest(CAST(:stems AS text[]), CAST(:frequencies AS int[])) AS given(stem, frequency)
    JOIN stems AS found USING (stem) CROSS JOIN size
){likely}
SELECT chunk_id, score FROM likely JOIN entries ON number = likely.entry CROSS JOIN size
CROSS JOIN LATERAL (
    SELECT sum(weight * frequency / (frequency + 1.2 * (0.25 + length / average * 0.75))) AS score
    FROM postings JOIN asked ON asked.stem = postings.stem WHERE postings.entry = number
) AS exact
WHERE score IS NOT NULL ORDER BY score DESC, chunk_id LIMIT :limit
"""
_LIKELY = """, heavy AS (
    SELECT stem, weight,
        greatest(:budget - sum(depth) OVER (ORDER BY weight DESC, stem) + depth, :least) AS depth
    FROM asked ORDER BY weight DESC, stem LIMIT :heavy
), likely AS (
    SELECT entry FROM heavy CROSS JOIN LATERAL (
        SELECT entry, impact FROM postings {within} postings.stem = heavy.stem
        ORDER BY impact DESC LIMIT heavy.depth
    ) AS best
    GROUP BY entry ORDER BY sum(weight * impact) DESC, entry LIMIT :likely
)
"""
# Within a few documents each of their chunks is scored. Within many, the postings are read in the
# same order, and those of other documents are passed over before the limits count.
_FEW = """, likely AS (
    SELECT number AS entry FROM chunks JOIN entries ON chunk_id = chunks.id
    WHERE document_id = ANY(CAST(:documents AS text[]))
)
"""
_MANY = """
    JOIN entries ON number = entry JOIN chunks ON chunks.id = chunk_id
    WHERE (document_id IN (SELECT unnest(CAST(:documents AS text[])))) <> :outside AND
"""
_SEARCH = text(_BM25.format(likely=_LIKELY.format(within="WHERE")))
_SEARCH_FEW = text(_BM25.format(likely=_FEW))
_SEARCH_MANY = text(_BM25.format(likely=_LIKELY.format(within=_MANY)))
_FEW_CHUNKS = 5000
_BOUNDS = {"budget": 30_000, "least": 200, "heavy": 64}
_TEXTS = text(
    "SELECT c.id, c.document_id, c.page, c.heading, c.text, d.content_type, d.filename,"
    " c.start_char, c.end_char"
    " FROM chunks c JOIN documents d ON d.id = c.document_id"
    " WHERE d.status = 'ready' AND c.id = ANY(CAST(:ids AS text[]))"
)
_FREQUENCIES = text(
    "SELECT given.stem, coalesce(stems.chunks, 0) AS chunks"
    " FROM unnest(CAST(:stems AS text[])) AS given(stem) LEFT JOIN stems USING (stem)"
)
_SIZE = text("SELECT chunks FROM totals")
_WITHIN = text(
    "SELECT id, chunks FROM documents WHERE status = 'ready'"
    " AND (CAST(:ids AS text[]) IS NULL OR id = ANY(CAST(:ids AS text[])))"
    " AND (CAST(:types AS text[]) IS NULL OR"
    " (content_type = ANY(CAST(:types AS text[]))) <> :outside) ORDER BY id LIMIT :limit"
)


@dataclass(frozen=True, slots=True)
class Passage:
    """A chunk as it was found; `text` is its page's text from `start` to `end`."""

    chunk_id: str
    document_id: str
    page: int
    heading: str
    text: str
    headings: bool
    filename: str = ""
    content_type: str = ""
    start: int = 0
    end: int = 0


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

    async def stems(self, question: str) -> dict[str, int]:
        """The stems of a question's content words, and how often each stands in it."""
        async with self._connect() as connection:
            rows = (await connection.execute(_STEMS, {"text": question})).all()
        return {row.lexeme: int(row.frequency) for row in rows}

    async def within(self, wanted: Filter) -> Within | None:
        """The ready documents that pass a filter; None: all of them do.

        Raises FilterError if neither they nor the others are few enough to be named.
        """
        if wanted.empty:
            return None
        if (found := await self._named(wanted, outside=False)) is not None:
            return found
        if (others := await self._named(wanted, outside=True)) is not None:
            return others
        raise FilterError(
            f"more than {MOST_DOCUMENTS} documents pass the filter, and as many do not:"
            " name document_ids or other content_types"
        )

    async def _named(self, wanted: Filter, *, outside: bool) -> Within | None:
        given = {
            "ids": list(wanted.document_ids) if wanted.document_ids else None,
            "types": list(wanted.content_types) if wanted.content_types else None,
            "outside": outside,
            "limit": MOST_DOCUMENTS + 1,
        }
        async with self._connect() as connection:
            rows = (await connection.execute(_WITHIN, given)).all()
        if len(rows) > MOST_DOCUMENTS:
            return None
        return Within(tuple(row.id for row in rows), sum(row.chunks for row in rows), outside)

    async def search(
        self, stems: Mapping[str, int], limit: int, within: Within | None = None
    ) -> list[tuple[str, float]]:
        """(id, BM25) of the chunks which fit the stems and their counts, best first."""
        if not stems:
            return []
        given: dict[str, object] = {"stems": list(stems), "frequencies": list(stems.values())}
        limits = {**_BOUNDS, "likely": max(300, 2 * limit)}
        statement = _SEARCH
        if within and not within.outside and within.chunks <= _FEW_CHUNKS:
            statement, limits = _SEARCH_FEW, {}
            given["documents"] = list(within.documents)
        elif within:
            statement = _SEARCH_MANY
            given |= {"documents": list(within.documents), "outside": within.outside}
        async with self._connect() as connection:
            rows = await connection.execute(statement, {**given, **limits, "limit": limit})
            return [(row.chunk_id, float(row.score)) for row in rows]

    async def passages(self, ids: Sequence[str]) -> list[Passage]:
        """The passages of `ids` which still exist, in that order."""
        async with self._connect() as connection:
            rows = (await connection.execute(_TEXTS, {"ids": list(ids)})).all()
        found = {row.id: _passage(row) for row in rows}
        return [found[item] for item in ids if item in found]

    async def frequencies(self, stems: Collection[str]) -> tuple[dict[str, int], int]:
        """In how many chunks each stem stands, and how many chunks there are."""
        async with self._connect() as connection:
            rows = (await connection.execute(_FREQUENCIES, {"stems": list(stems)})).all()
            size = int((await connection.execute(_SIZE)).scalar_one())
        return {row.stem: int(row.chunks) for row in rows}, size


def _passage(row: Row[tuple[object, ...]]) -> Passage:
    headings = kept_as(row.content_type).headings
    return Passage(
        row.id,
        row.document_id,
        row.page,
        row.heading,
        row.text,
        headings,
        row.filename,
        row.content_type,
        row.start_char,
        row.end_char,
    )
