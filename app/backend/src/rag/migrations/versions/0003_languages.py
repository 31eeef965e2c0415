"""The language of each document, and stems by the rules of a chunk's language.

Programs of revisions 0001 and 0002 go on: what they write is indexed as English, as before.
"""

from collections.abc import Iterator
from typing import TypeVar

import sqlalchemy as sa
from alembic import op

from rag.languages.detect import DEFAULT, Detector
from rag.languages.words import searchable

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_Row = TypeVar("_Row", bound=tuple[str, ...])

# Chinese, Japanese, Korean and the like quote English words: those are stemmed.
_CONFIGURATIONS = {
    **{
        "ar": "arabic",
        "ca": "catalan",
        "da": "danish",
        "de": "german",
        "el": "greek",
        "en": "english",
        "es": "spanish",
        "eu": "basque",
        "fi": "finnish",
        "fr": "french",
        "ga": "irish",
        "hi": "hindi",
        "hu": "hungarian",
        "hy": "armenian",
        "id": "indonesian",
        "it": "italian",
        "lt": "lithuanian",
        "ne": "nepali",
        "nl": "dutch",
        "no": "norwegian",
        "pt": "portuguese",
        "ro": "romanian",
        "ru": "russian",
        "sr": "serbian",
        "sv": "swedish",
        "ta": "tamil",
        "tr": "turkish",
        "yi": "yiddish",
    },
    **dict.fromkeys(("ja", "km", "ko", "lo", "my", "th", "zh"), "english"),
}
_CASES = " ".join(
    f"WHEN '{code}' THEN 'pg_catalog.{name}'::regconfig" for code, name in _CONFIGURATIONS.items()
)
# Accents go after stemming, which needs them, so that questions may leave them out. In Vietnamese
# they are all that many words differ in.
_FUNCTIONS = {
    "stemming_of(language text)": f"""
CREATE FUNCTION stemming_of(language text) RETURNS regconfig
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE language {_CASES} ELSE 'pg_catalog.simple'::regconfig END
$$""",
    "without_accents(word text)": r"""
CREATE FUNCTION without_accents(word text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE WHEN word ~ '^[\u0020-\u007e]*$' THEN word ELSE translate(
        normalize(regexp_replace(normalize(word, NFD), '[\u0300-\u036f]', '', 'g'), NFC),
        'ıøłđ', 'iold'
    ) END
$$""",
    "stems_of(words text, language text)": """
CREATE FUNCTION stems_of(words text, language text)
RETURNS TABLE (stem text, positions smallint[]) LANGUAGE sql IMMUTABLE PARALLEL SAFE
SET search_path FROM CURRENT AS $$
    SELECT CASE language WHEN 'vi' THEN lexeme ELSE without_accents(lexeme) END, positions
    FROM unnest(to_tsvector(stemming_of(language), words))
$$""",
    # As index_chunks() of revision 0002, for texts in the form that words.py gives them.
    "index_texts(ids text[], texts text[], languages text[])": """
CREATE FUNCTION index_texts(ids text[], texts text[], languages text[]) RETURNS void
LANGUAGE sql SET search_path FROM CURRENT AS $$
    WITH given AS (
        SELECT * FROM unnest(ids, texts, languages) AS each(id, words, language)
        WHERE NOT EXISTS (SELECT FROM entries WHERE chunk_id = each.id)
    ), read AS (
        SELECT id, language, stem, sum(cardinality(positions)) AS frequency
        FROM given LEFT JOIN LATERAL stems_of(words, language) ON true
        GROUP BY id, language, stem
    ), made AS (
        INSERT INTO entries (chunk_id, length, language)
        SELECT id, coalesce(sum(frequency), 0), language
        FROM read GROUP BY id, language ORDER BY id
        RETURNING number, chunk_id, length
    )
    INSERT INTO postings (entry, impact, frequency, stem)
    SELECT number, frequency / (frequency + 1.2 * (0.25 + CAST(length AS float8) / 100 * 0.75)),
        least(frequency, 32767), stem
    FROM read JOIN made ON chunk_id = id
    WHERE stem IS NOT NULL
    ORDER BY number, stem
$$""",
}
# Of chunks that are in the index: their stems anew.
_REPLACE = sa.text("""
WITH given AS (
    SELECT number, words, language
    FROM unnest(CAST(:ids AS text[]), CAST(:texts AS text[]), CAST(:languages AS text[]))
        AS each(id, words, language)
    JOIN entries ON chunk_id = each.id
), read AS (
    SELECT number, stem, sum(cardinality(positions)) AS frequency
    FROM given CROSS JOIN LATERAL stems_of(words, language) GROUP BY number, stem
), sized AS (
    SELECT number, coalesce(sum(frequency), 0) AS length
    FROM given LEFT JOIN read USING (number) GROUP BY number
), measured AS (
    UPDATE entries SET length = sized.length FROM sized WHERE entries.number = sized.number
)
INSERT INTO postings (entry, impact, frequency, stem)
SELECT number, frequency / (frequency + 1.2 * (0.25 + CAST(length AS float8) / 100 * 0.75)),
    least(frequency, 32767), stem
FROM read JOIN sized USING (number)
""")
_FORGET = sa.text(
    "DELETE FROM postings USING entries"
    " WHERE entry = number AND chunk_id = ANY (CAST(:ids AS text[]))"
)
_AT_ONCE = 250


def upgrade() -> None:
    """Go to this revision. Uploads wait meanwhile; questions are answered on."""
    for name, statement in _FUNCTIONS.items():
        if not name.startswith("index_texts"):
            op.execute(statement)
    op.execute("LOCK TABLE documents, chunks IN SHARE ROW EXCLUSIVE MODE")
    documents, chunks = _read_again()
    # Last, and short: from here on questions wait, too.
    op.add_column("documents", sa.Column("language", sa.Text))
    op.add_column("entries", sa.Column("language", sa.Text, nullable=False, server_default=DEFAULT))
    _note("documents", "id", documents)
    _note("entries", "chunk_id", chunks)
    op.create_index(op.f("ix_entries_language"), "entries", ["language"])
    op.execute(_FUNCTIONS["index_texts(ids text[], texts text[], languages text[])"])


def downgrade() -> None:
    """Go back to English for all."""
    connection = op.get_bind()
    others = connection.scalars(
        sa.text(
            "SELECT DISTINCT document_id FROM chunks JOIN entries ON chunk_id = chunks.id"
            " WHERE language <> 'en'"
        )
    ).all()
    chunks = "ARRAY(SELECT id FROM chunks WHERE document_id = :id ORDER BY ordinal)"
    for document in others:
        for step in (f"forget_chunks({chunks})", f"index_chunks({chunks})", "count_document(:id)"):
            connection.execute(sa.text(f"SELECT {step}"), {"id": document})
    for function in reversed(_FUNCTIONS):
        op.execute(f"DROP FUNCTION {function}")
    op.drop_index(op.f("ix_entries_language"), "entries")
    op.drop_column("entries", "language")
    op.drop_column("documents", "language")


def _read_again() -> tuple[dict[str, str], dict[str, str]]:
    """Index what is not plain English anew, document by document: a statement has a deadline.

    Returns the languages of documents, and of chunks that are not English.
    """
    connection = op.get_bind()
    ready = connection.scalars(sa.text("SELECT id FROM documents WHERE status = 'ready'")).all()
    if not ready:
        return {}, {}
    detector = Detector()
    documents: dict[str, str] = {}
    chunks: dict[str, str] = {}
    changed = False
    query = sa.text(
        "SELECT id, heading || ' ' || text AS text FROM chunks"
        " WHERE document_id = :id ORDER BY ordinal"
    )
    for document in ready:
        rows = connection.execute(query, {"id": document}).all()
        told = detector.document([row.text for row in rows])
        if told.language:
            documents[document] = told.language
        languages = [language or DEFAULT for language in told.chunks]
        others = [
            (row.id, searchable(row.text, language), language)
            for row, language in zip(rows, languages, strict=True)
            if language != DEFAULT or not row.text.isascii()
        ]
        for part in _parts(others):
            ids, texts, own = (list(each) for each in zip(*part, strict=True))
            connection.execute(_FORGET, {"ids": ids})
            connection.execute(_REPLACE, {"ids": ids, "texts": texts, "languages": own})
            changed = True
        chunks.update((chunk, own) for chunk, _text, own in others if own != DEFAULT)
    if changed:
        _count()
    return documents, chunks


def _count() -> None:
    op.execute("DELETE FROM stems")
    op.execute("INSERT INTO stems SELECT stem, count(*) FROM postings GROUP BY stem")
    op.execute(
        "UPDATE totals SET (chunks, length)"
        " = (SELECT count(*), coalesce(sum(entries.length), 0) FROM entries)"
    )
    for table in ("entries", "postings", "stems"):
        op.execute(f"ANALYZE {table}")


def _note(table: str, key: str, languages: dict[str, str]) -> None:
    statement = sa.text(
        f"UPDATE {table} SET language = told.language"  # noqa: S608 - names of ours
        " FROM unnest(CAST(:ids AS text[]), CAST(:languages AS text[])) AS told(id, language)"
        f" WHERE {table}.{key} = told.id"
    )
    for part in _parts(list(languages.items())):
        ids, own = (list(each) for each in zip(*part, strict=True))
        op.get_bind().execute(statement, {"ids": ids, "languages": own})


def _parts(rows: list[_Row]) -> Iterator[list[_Row]]:
    for start in range(0, len(rows), _AT_ONCE):
        yield rows[start : start + _AT_ONCE]
