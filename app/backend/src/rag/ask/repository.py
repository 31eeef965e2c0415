"""What asking reads from PostgreSQL: lexical search, texts, and words in their stems."""

from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from rag.access.scope import Scope
from rag.access.space import reach_of
from rag.adapters import postgres
from rag.adapters.protocols import MARK, Reach
from rag.ask.filters import MOST_DOCUMENTS, Filter, Within
from rag.ask.terms import Place, Terms, terms
from rag.errors import FilterError
from rag.ingest.formats import kept_as
from rag.languages.asking import content
from rag.languages.detect import DEFAULT
from rag.languages.words import searchable

_ALL = Filter()
_STEMS = text(
    "SELECT language, stem, positions"
    " FROM unnest(CAST(:languages AS text[]), CAST(:texts AS text[])) AS given(language, words)"
    " CROSS JOIN LATERAL stems_of(words, language)"
)
_LEXEMES = text(
    "SELECT n, ARRAY(SELECT stem FROM stems_of(words, language)) AS lexemes"
    " FROM unnest(CAST(:texts AS text[]), CAST(:languages AS text[]))"
    " WITH ORDINALITY AS given(words, language, n) ORDER BY n"
)
# Stems that begin as a term does, of a length that an ending makes.
_RELATED = text("""
SELECT term, near.stem FROM unnest(
    CAST(:terms AS text[]), CAST(:beginnings AS text[]), CAST(:longest AS int[])
) AS given(term, beginning, longest) CROSS JOIN LATERAL (
    SELECT stem FROM stems WHERE stem >= beginning AND stem < beginning || U&'\\FFFD'
    ORDER BY stem LIMIT 400
) AS near WHERE length(near.stem) <= longest AND near.stem <> term
""")
# From one language to the next, whatever the number of chunks is.
_LANGUAGES = text("""
WITH RECURSIVE found AS (
    SELECT min(language) AS language FROM entries
    UNION ALL
    SELECT (SELECT min(e.language) FROM entries e WHERE e.language > found.language)
    FROM found WHERE found.language IS NOT NULL
)
SELECT language FROM found WHERE language IS NOT NULL
""")
# BM25 (k1 1.2, b 0.75) by the index of revision 0002, in two steps whose work is bounded, however
# many chunks share a word. First the entries of the stems that weigh most: all of them, until
# `budget` postings are read, and of each further stem the `least` ones where it counts most. Then
# the best of these by all stems of the question, exactly. Languages stem a word differently: the
# stems of other languages are one term, as rare as all of them together. The question's own stem is
# as rare as it is: German reads `keeper` as `keep`, which English texts have everywhere.
_BM25 = """
WITH size AS (
    SELECT CAST(chunks AS float8) AS chunks, length / greatest(CAST(chunks AS float8), 1) AS average
    FROM totals WHERE id = 1
), asked AS (
    SELECT stem, depth,
        frequency * ln(1 + (size.chunks - among + 0.5) / (among + 0.5)) AS weight
    FROM (
        SELECT stem, frequency, found.chunks AS depth,
            CASE WHEN stem = term THEN found.chunks ELSE
                least(sum(found.chunks) OVER (PARTITION BY term), size.chunks) END AS among
        FROM unnest(
            CAST(:stems AS text[]), CAST(:terms AS text[]), CAST(:frequencies AS float8[])
        ) AS given(stem, term, frequency)
        JOIN stems AS found USING (stem) CROSS JOIN size
    ) AS counted CROSS JOIN size
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
# Of a tenant, or of some of its collections: the ids of chunks tell.
_REACHED = f"""(
    left(chunk_id, :digits) = ANY(CAST(:beginnings AS text[]))
    OR (:plain AND left(chunk_id, 1) <> '{MARK}')
) AND
"""
_OWN = f"JOIN entries ON number = entry WHERE {_REACHED}"
_SEARCH = text(_BM25.format(likely=_LIKELY.format(within="WHERE")))
_SEARCH_FEW = text(_BM25.format(likely=_FEW))
_SEARCH_MANY = text(_BM25.format(likely=_LIKELY.format(within=_MANY)))
_SEARCH_OWN = text(_BM25.format(likely=_LIKELY.format(within=_OWN)))
_SEARCH_OWN_MANY = text(_BM25.format(likely=_LIKELY.format(within=_MANY + _REACHED)))
_FEW_CHUNKS = 5000
_BOUNDS = {"budget": 30_000, "least": 200, "heavy": 64}
_TEXTS = text(
    "SELECT c.id, c.document_id, c.page, c.heading, c.text, d.content_type, d.filename,"
    " c.start_char, c.end_char, d.version, coalesce(e.language, 'en') AS language"
    " FROM chunks c JOIN documents d ON d.id = c.document_id"
    " LEFT JOIN entries e ON e.chunk_id = c.id"
    " WHERE d.status = 'ready' AND c.id = ANY(CAST(:ids AS text[]))"
    " AND d.tenant = :tenant AND (CAST(:collections AS text[]) IS NULL"
    " OR d.collection = ANY(CAST(:collections AS text[])))"
)
_BEFORE = text(
    "SELECT c.id, b.text FROM chunks c JOIN chunks b"
    " ON b.document_id = c.document_id AND b.ordinal = c.ordinal - 1"
    " WHERE c.id = ANY(CAST(:ids AS text[]))"
)
_OPENINGS = text(
    "SELECT document_id, heading || ' ' || split_part(ltrim(text), E'\\n', 1) AS opening"
    " FROM chunks WHERE ordinal = 0 AND document_id = ANY(CAST(:documents AS text[]))"
)
_HELD = text(
    "SELECT DISTINCT c.document_id, p.stem FROM chunks c JOIN entries e ON e.chunk_id = c.id"
    " JOIN postings p ON p.entry = e.number"
    " WHERE c.document_id = ANY(CAST(:documents AS text[]))"
    " AND p.stem = ANY(CAST(:stems AS text[]))"
)
_LONGEST_OPENING = 200
_FREQUENCIES = text(
    "SELECT term, sum(coalesce(stems.chunks, 0)) AS chunks"
    " FROM unnest(CAST(:stems AS text[]), CAST(:terms AS text[])) AS given(stem, term)"
    " LEFT JOIN stems USING (stem) GROUP BY term"
)
_SIZE = text("SELECT chunks FROM totals")
_WITHIN = text(
    "SELECT id, chunks FROM documents WHERE status = 'ready' AND tenant = :tenant"
    " AND (CAST(:collections AS text[]) IS NULL OR collection = ANY(CAST(:collections AS text[])))"
    " AND (CAST(:ids AS text[]) IS NULL OR id = ANY(CAST(:ids AS text[])))"
    " AND (CAST(:types AS text[]) IS NULL OR"
    " (content_type = ANY(CAST(:types AS text[]))) <> :outside) ORDER BY id LIMIT :limit"
)
_TENANTS = text("SELECT min(tenant), max(tenant) FROM documents")
# A ready document has a chunk at least, so that more rows than this tell nothing more.
_OWN_DOCUMENTS = text(
    "SELECT id, chunks FROM documents WHERE status = 'ready' AND tenant = :tenant"
    " AND (CAST(:collections AS text[]) IS NULL OR collection = ANY(CAST(:collections AS text[])))"
    " LIMIT :limit"
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
    language: str = DEFAULT
    """By whose rules its words are stemmed."""
    version: int = 1
    """The version of the document that has it."""


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

    async def languages(self) -> list[str]:
        """By the rules of which languages the documents' words are stemmed."""
        async with self._connect() as connection:
            return list((await connection.execute(_LANGUAGES)).scalars())

    async def lexemes(
        self, texts: Sequence[str], languages: Sequence[str] | None = None
    ) -> list[frozenset[str]]:
        """The stems of each text's content words, in its own language; by default in English."""
        spoken = languages if languages is not None else [DEFAULT] * len(texts)
        given = [searchable(each, own) for each, own in zip(texts, spoken, strict=True)]
        async with self._connect() as connection:
            asked = {"texts": given, "languages": list(spoken)}
            rows = (await connection.execute(_LEXEMES, asked)).all()
        return [frozenset(row.lexemes) for row in rows]

    async def stems(
        self, question: str, language: str | None = DEFAULT, among: Collection[str] = ()
    ) -> Terms:
        """The terms of a question, whose language is None when it is unsure.

        among: the languages that documents are in.
        """
        own = language or DEFAULT
        spoken = sorted({own, *among})
        asked = content(question, language)
        given = {"languages": spoken, "texts": [searchable(asked, each) for each in spoken]}
        async with self._connect() as connection:
            rows = (await connection.execute(_STEMS, given)).all()
            found = terms(
                [Place(row.language, row.stem, row.positions) for row in rows], own, language
            )
            if not (endings := found.endings()):
                return found
            rows = (await connection.execute(_RELATED, endings)).all()
        return found.joined_by((row.stem, row.term) for row in rows)

    async def within(self, scope: Scope, wanted: Filter = _ALL) -> Within | None:
        """The ready documents of a scope that pass a filter; None: all documents do.

        Raises FilterError if neither they nor the others are few enough to be named.
        """
        if wanted.empty:
            return await self._own(scope)
        if (found := await self._named(scope, wanted, outside=False)) is not None:
            return found
        if (others := await self._named(scope, wanted, outside=True)) is not None:
            return replace(others, reach=reach_of(scope))
        raise FilterError(
            f"more than {MOST_DOCUMENTS} documents pass the filter, and as many do not:"
            " name document_ids or other content_types"
        )

    async def _own(self, scope: Scope) -> Within | None:
        async with self._connect() as connection:
            if scope.collections is None:
                first, last = (await connection.execute(_TENANTS)).one()
                if first == last and first in (None, scope.tenant):
                    return None
            given = {**_scoped(scope), "limit": _FEW_CHUNKS + 1}
            rows = (await connection.execute(_OWN_DOCUMENTS, given)).all()
        size = sum(row.chunks for row in rows)
        named = tuple(row.id for row in rows) if size <= _FEW_CHUNKS else None
        return Within(named, size, outside=False, reach=reach_of(scope))

    async def _named(self, scope: Scope, wanted: Filter, *, outside: bool) -> Within | None:
        given = {
            **_scoped(scope),
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
        self, stems: Terms, limit: int, within: Within | None = None
    ) -> list[tuple[str, float]]:
        """(id, BM25) of the chunks which fit the stems and their counts, best first."""
        if not stems:
            return []
        spelled = stems.spelled()
        given: dict[str, object] = {
            "stems": [stem for stem, _term in spelled],
            "terms": [term for _stem, term in spelled],
            "frequencies": [stems[term] for _stem, term in spelled],
        }
        limits = {**_BOUNDS, "likely": max(300, 2 * limit)}
        statement = _SEARCH
        if within and within.documents is not None:
            given["documents"] = list(within.documents)
            if not within.outside and within.chunks <= _FEW_CHUNKS:
                statement, limits = _SEARCH_FEW, {}
            else:
                statement = _SEARCH_OWN_MANY if within.reach else _SEARCH_MANY
                given["outside"] = within.outside
        elif within:
            statement = _SEARCH_OWN
        if within and within.reach and statement is not _SEARCH_FEW:
            given |= _reached(within.reach)
        async with self._connect() as connection:
            rows = await connection.execute(statement, {**given, **limits, "limit": limit})
            return [(row.chunk_id, float(row.score)) for row in rows]

    async def passages(self, scope: Scope, ids: Sequence[str]) -> list[Passage]:
        """The passages of `ids` which still exist and are in the scope, in that order."""
        given = {"ids": list(ids), **_scoped(scope)}
        async with self._connect() as connection:
            rows = (await connection.execute(_TEXTS, given)).all()
        found = {row.id: _passage(row) for row in rows}
        return [found[item] for item in ids if item in found]

    async def frequencies(self, stems: Terms) -> tuple[dict[str, int], int]:
        """In how many chunks each term stands, and how many chunks there are."""
        spelled = stems.spelled()
        given = {
            "stems": [stem for stem, _term in spelled],
            "terms": [term for _stem, term in spelled],
        }
        async with self._connect() as connection:
            rows = (await connection.execute(_FREQUENCIES, given)).all()
            size = int((await connection.execute(_SIZE)).scalar_one())
        return {row.term: int(row.chunks) for row in rows}, size

    async def before(self, ids: Sequence[str]) -> dict[str, str]:
        """The text before each of the chunks `ids`, which is the chunk before it; not the first."""
        async with self._connect() as connection:
            rows = (await connection.execute(_BEFORE, {"ids": list(ids)})).all()
        return {row.id: str(row.text) for row in rows}

    async def openings(self, documents: Collection[str]) -> dict[str, str]:
        """The first line of each of `documents`, which often is its title."""
        async with self._connect() as connection:
            given = {"documents": list(documents)}
            rows = (await connection.execute(_OPENINGS, given)).all()
        return {row.document_id: str(row.opening)[:_LONGEST_OPENING] for row in rows}

    async def held(
        self, documents: Collection[str], stems: Collection[str]
    ) -> dict[str, frozenset[str]]:
        """Which of `stems` stand anywhere in each of `documents`."""
        if not stems:
            return {}
        given = {"documents": list(documents), "stems": list(stems)}
        async with self._connect() as connection:
            rows = (await connection.execute(_HELD, given)).all()
        found: dict[str, set[str]] = {}
        for row in rows:
            found.setdefault(row.document_id, set()).add(row.stem)
        return {document: frozenset(held) for document, held in found.items()}


def _scoped(scope: Scope) -> dict[str, object]:
    named = list(scope.collections) if scope.collections is not None else None
    return {"tenant": scope.tenant, "collections": named}


def _reached(reach: Reach) -> dict[str, object]:
    digits = len(reach.beginnings[0]) if reach.beginnings else 1
    return {"beginnings": list(reach.beginnings), "digits": digits, "plain": reach.plain}


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
        row.language,
        row.version,
    )
