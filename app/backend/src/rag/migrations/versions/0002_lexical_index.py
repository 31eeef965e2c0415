"""An inverted index of the chunks' stems, for BM25, kept by triggers.

Programs of revision 0001 go on working with it: what they write is indexed, too.
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

# `impact` is BM25's weight (k1 1.2, b 0.75) for an average of 100 stems. It only preselects: a
# question weighs with the true average.
_FUNCTIONS = {
    "index_chunks(ids text[])": """
CREATE FUNCTION index_chunks(ids text[]) RETURNS void
LANGUAGE sql SET search_path FROM CURRENT AS $$
    WITH read AS (
        SELECT c.id, w.lexeme, cardinality(w.positions) AS frequency
        FROM chunks c LEFT JOIN LATERAL unnest(c.words) w ON true
        WHERE c.id = ANY (ids) AND NOT EXISTS (SELECT FROM entries WHERE chunk_id = c.id)
    ), made AS (
        INSERT INTO entries (chunk_id, length)
        SELECT id, coalesce(sum(frequency), 0) FROM read GROUP BY id ORDER BY id
        RETURNING number, chunk_id, length
    )
    INSERT INTO postings (entry, impact, frequency, stem)
    SELECT number, frequency / (frequency + 1.2 * (0.25 + CAST(length AS float8) / 100 * 0.75)),
        frequency, lexeme
    FROM read JOIN made ON chunk_id = id
    WHERE lexeme IS NOT NULL
    ORDER BY number, lexeme
$$""",
    "count_stems(names text[], counts bigint[], size bigint, total bigint)": """
CREATE FUNCTION count_stems(names text[], counts bigint[], size bigint, total bigint)
RETURNS void LANGUAGE sql SET search_path FROM CURRENT AS $$
    UPDATE totals SET chunks = chunks + size, length = length + total;
    INSERT INTO stems SELECT * FROM unnest(names, counts)
    ON CONFLICT (stem) DO UPDATE SET chunks = stems.chunks + excluded.chunks;
    DELETE FROM stems WHERE stem = ANY (names) AND chunks = 0
$$""",
    "forget_chunks(ids text[])": """
CREATE FUNCTION forget_chunks(ids text[]) RETURNS void
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
    numbers bigint[]; names text[]; counts bigint[]; total bigint;
BEGIN
    WITH gone AS (DELETE FROM entries WHERE chunk_id = ANY (ids) RETURNING number, length)
    SELECT array_agg(number), sum(length) INTO numbers, total FROM gone;
    IF numbers IS NULL THEN RETURN; END IF;
    WITH gone AS (DELETE FROM postings WHERE entry = ANY (numbers) RETURNING stem)
    SELECT array_agg(stem), array_agg(-n) INTO names, counts
    FROM (SELECT stem, count(*) AS n FROM gone GROUP BY stem) counted;
    PERFORM count_stems(names, counts, -cardinality(numbers), -total);
END $$""",
    "count_document(document text)": """
CREATE FUNCTION count_document(document text) RETURNS void
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
    numbers bigint[]; names text[]; counts bigint[]; total bigint;
BEGIN
    SELECT array_agg(e.number), sum(e.length) INTO numbers, total
    FROM chunks c JOIN entries e ON e.chunk_id = c.id WHERE c.document_id = document;
    IF numbers IS NULL THEN RETURN; END IF;
    SELECT array_agg(stem), array_agg(n) INTO names, counts FROM (
        SELECT stem, count(*) AS n FROM postings WHERE entry = ANY (numbers) GROUP BY stem
    ) counted;
    PERFORM count_stems(names, counts, cardinality(numbers), total);
END $$""",
    "follow_status()": """
CREATE FUNCTION follow_status() RETURNS trigger
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
    ids text[] := ARRAY(SELECT id FROM chunks WHERE document_id = NEW.id ORDER BY ordinal);
BEGIN
    IF NEW.status = 'ready' THEN
        PERFORM index_chunks(ids);
        PERFORM count_document(NEW.id);
    ELSE
        PERFORM forget_chunks(ids);
    END IF;
    RETURN NULL;
END $$""",
    "follow_deletion()": """
CREATE FUNCTION follow_deletion() RETURNS trigger
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    PERFORM forget_chunks(ARRAY(SELECT id FROM gone));
    RETURN NULL;
END $$""",
}
# Chunks before documents: in that order an upload locks them, too.
_TRIGGERS = {
    "follow_deletion": """
CREATE TRIGGER follow_deletion AFTER DELETE ON chunks REFERENCING OLD TABLE AS gone
FOR EACH STATEMENT EXECUTE FUNCTION follow_deletion()""",
    "follow_status": """
CREATE TRIGGER follow_status AFTER UPDATE OF status ON documents FOR EACH ROW
WHEN ((OLD.status = 'ready') <> (NEW.status = 'ready')) EXECUTE FUNCTION follow_status()""",
}


def upgrade() -> None:
    """Go to this revision. Uploads wait meanwhile; questions are answered on."""
    _make_tables()
    for statement in (*_FUNCTIONS.values(), *_TRIGGERS.values()):
        op.execute(statement)
    _index_ready_documents()


def downgrade() -> None:
    """Go back to the full text index alone."""
    op.execute("DROP TRIGGER follow_deletion ON chunks")
    op.execute("DROP TRIGGER follow_status ON documents")
    for function in reversed(_FUNCTIONS):
        op.execute(f"DROP FUNCTION {function}")
    for table in ("totals", "stems", "postings", "entries"):
        op.drop_table(table)


def _make_tables() -> None:
    op.create_table(
        "entries",
        sa.Column("number", sa.BigInteger, sa.Identity(always=True), nullable=False),
        sa.Column("chunk_id", sa.Text, nullable=False),
        sa.Column("length", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_entries")),
        sa.UniqueConstraint("chunk_id", name=op.f("uq_entries_chunk_id")),
    )
    op.create_table(
        "postings",
        sa.Column("entry", sa.BigInteger, autoincrement=False, nullable=False),
        sa.Column("impact", sa.REAL, nullable=False),
        sa.Column("frequency", sa.SmallInteger, nullable=False),
        sa.Column("stem", sa.Text(collation="C"), nullable=False),
        sa.PrimaryKeyConstraint("entry", "stem", name=op.f("pk_postings")),
    )
    op.create_index(
        op.f("ix_postings_stem"),
        "postings",
        ["stem", sa.text("impact DESC")],
        postgresql_include=["entry"],
    )
    op.create_table(
        "stems",
        sa.Column("stem", sa.Text(collation="C"), nullable=False),
        sa.Column("chunks", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("stem", name=op.f("pk_stems")),
        postgresql_with={"fillfactor": 70},
    )
    totals = op.create_table(
        "totals",
        sa.Column("id", sa.SmallInteger, autoincrement=False, nullable=False),
        sa.Column("chunks", sa.BigInteger, nullable=False),
        sa.Column("length", sa.BigInteger, nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_totals_single")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_totals")),
    )
    op.bulk_insert(totals, [{"id": 1, "chunks": 0, "length": 0}])


def _index_ready_documents() -> None:
    """Document by document, as a statement has a deadline; counted once, at the end."""
    connection = op.get_bind()
    ready = connection.scalars(sa.text("SELECT id FROM documents WHERE status = 'ready'")).all()
    statement = sa.text("SELECT index_chunks(ARRAY(SELECT id FROM chunks WHERE document_id = :id))")
    for document in ready:
        connection.execute(statement, {"id": document})
    op.execute("INSERT INTO stems SELECT stem, count(*) FROM postings GROUP BY stem")
    op.execute(
        "UPDATE totals SET (chunks, length)"
        " = (SELECT count(*), coalesce(sum(entries.length), 0) FROM entries)"
    )
    for table in ("entries", "postings", "stems"):
        op.execute(f"ANALYZE {table}")
