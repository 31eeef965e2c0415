"""The tables: PostgreSQL is the source of truth, everything else can be rebuilt from it."""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Computed,
    DateTime,
    ForeignKey,
    ForeignKeyConstraint,
    Identity,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    column,
    func,
    table,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, REAL, TSVECTOR

schema_revision = table("schema_revision", column("version_num"))
"""Alembic's table. `alembic_version`, if there, stays at 0001: what programs of then ask for."""

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_name)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)

documents = Table(
    "documents",
    metadata,
    Column("id", Text, primary_key=True),
    Column("sha256", Text, nullable=False, unique=True),
    Column("filename", Text, nullable=False),
    Column("content_type", Text, nullable=False),
    Column("bytes", BigInteger, nullable=False),
    Column("pages", Integer, nullable=False),
    Column("chunks", Integer, nullable=False, server_default="0"),
    Column("status", Text, nullable=False),
    Column("error", Text),
    Column("attempts", Integer, nullable=False, server_default="1"),
    Column("embedding_model", Text, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    Column("updated_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    Column("language", Text),
    Column("metadata", JSONB, nullable=False, server_default=text("'{}'::jsonb")),
    Column("tenant", Text, nullable=False, server_default="default"),
    Column("collection", Text, nullable=False, server_default="default"),
    Column("version", Integer, nullable=False, server_default="1"),
    Column("version_at", DateTime(timezone=True)),
    # Where it was imported from: as it is shown, and as what tells sources and their states apart.
    Column("source", Text),
    Column("source_key", Text),
    Column("source_tag", Text),
    Index(None, "source_key", postgresql_where=text("source_key IS NOT NULL")),
    Index(None, "tenant", "created_at", "id"),
    CheckConstraint("status IN ('processing', 'ready', 'failed', 'deleting')", name="status"),
    Index(None, "created_at", "id"),
    Index(
        None,
        "metadata",
        postgresql_using="gin",
        postgresql_ops={"metadata": "jsonb_path_ops"},
    ),
)

chunks = Table(
    "chunks",
    metadata,
    Column("id", Text, primary_key=True),
    Column("document_id", ForeignKey("documents.id", ondelete="CASCADE"), nullable=False),
    Column("ordinal", Integer, nullable=False),
    Column("page", Integer, nullable=False),
    Column("start_char", Integer, nullable=False),
    Column("end_char", Integer, nullable=False),
    Column("heading", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column(
        "words",
        TSVECTOR,
        Computed("to_tsvector('english'::regconfig, heading || ' ' || text)", persisted=True),
        nullable=False,
    ),
    UniqueConstraint("document_id", "ordinal"),
    # For programs of revision 0001 alone, until none is left that a rollout may bring back.
    Index(None, "words", postgresql_using="gin"),
)

corpus = Table(
    "corpus",
    metadata,
    Column("id", SmallInteger, primary_key=True, autoincrement=False),
    Column("version", BigInteger, nullable=False),
    CheckConstraint("id = 1", name="single"),
)
"""One row, whose version grows whenever what can be found changes: it keys the cache."""

# The lexical index holds the chunks of ready documents and no others. Triggers keep it (revision
# 0002), whoever changes documents and chunks; they are why it needs no foreign keys, whose checks
# would double the time that a document takes.
entries = Table(
    "entries",
    metadata,
    Column("number", BigInteger, Identity(always=True), primary_key=True),
    Column("chunk_id", Text, nullable=False, unique=True),
    Column("length", Integer, nullable=False),
    Column("language", Text, nullable=False, server_default="en", index=True),
)
"""A chunk in the lexical index. Its number is short, and `length` counts its stems.

`language`: by whose rules its words are stemmed, English where it is unknown (revision 0003).
"""

postings = Table(
    "postings",
    metadata,
    Column("entry", BigInteger, primary_key=True, autoincrement=False),
    Column("impact", REAL, nullable=False),
    Column("frequency", SmallInteger, nullable=False),
    Column("stem", Text(collation="C"), primary_key=True),
    Index(None, "stem", text("impact DESC"), postgresql_include=["entry"]),
)
"""How often a stem stands in a chunk. `impact` is its BM25 weight in a corpus of usual chunks."""

stems = Table(
    "stems",
    metadata,
    Column("stem", Text(collation="C"), primary_key=True),
    Column("chunks", BigInteger, nullable=False),
    # Every document changes the rows of common stems: room for that beside each of them.
    postgresql_with={"fillfactor": 70},
)
"""In how many chunks of the index a stem stands."""

totals = Table(
    "totals",
    metadata,
    Column("id", SmallInteger, primary_key=True, autoincrement=False),
    Column("chunks", BigInteger, nullable=False),
    Column("length", BigInteger, nullable=False),
    CheckConstraint("id = 1", name="single"),
)
"""One row: the size of the index. Who changes `stems` changes it first, so they wait in turn."""

_LIVE = text("state IN ('queued', 'running')")

jobs = Table(
    "jobs",
    metadata,
    Column("id", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("queue", Text, nullable=False),
    # No foreign key: a job tells what became of a document that is gone, and programs of revisions
    # 0002 and 0003 delete documents without a look at jobs.
    Column("document_id", Text, nullable=False),
    Column("filename", Text, nullable=False),
    Column("bytes", BigInteger, nullable=False),
    Column("state", Text, nullable=False, server_default="queued"),
    Column("priority", SmallInteger, nullable=False, server_default="0"),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("max_attempts", Integer, nullable=False),
    Column("stage", Text),
    Column("progress", REAL, nullable=False, server_default="0"),
    Column("reason", JSONB),
    Column("worker", Text),
    Column("lease", Text),
    Column("lease_until", DateTime(timezone=True)),
    Column("trace", Text),
    Column("run_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    Column("created_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    Column("started_at", DateTime(timezone=True)),
    Column("finished_at", DateTime(timezone=True)),
    Column("updated_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    Column("tenant", Text, nullable=False, server_default="default"),
    Column("collection", Text, nullable=False, server_default="default"),
    Column("import_id", Text),
    # What an import fetches, whole: it may hold a signature, and is not shown.
    Column("source", Text),
    Column("source_tag", Text),
    Index(None, "import_id", postgresql_where=text("import_id IS NOT NULL")),
    Index(None, "tenant", "created_at", "id"),
    CheckConstraint(
        "state IN ('queued', 'running', 'succeeded', 'failed', 'cancelled')", name="state"
    ),
    Index("uq_jobs_live", "document_id", unique=True, postgresql_where=_LIVE),
    Index(
        "ix_jobs_queued", "queue", "priority", "run_at", postgresql_where=text("state = 'queued'")
    ),
    Index("ix_jobs_running", "queue", postgresql_where=text("state = 'running'")),
    Index(None, "created_at", "id"),
    Index(None, "document_id"),
)
"""Work on documents, one live job each. `lease` is a name for one attempt that no other has.

`trace`: the W3C `traceparent` of the request that queued the job, with whose trace it goes on.
"""

workers = Table(
    "workers",
    metadata,
    Column("id", Text, primary_key=True),
    Column("queue", Text, nullable=False),
    Column("version", Text, nullable=False),
    Column("concurrency", Integer, nullable=False),
    Column("started_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    Column("seen_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
)
"""Processes that run jobs, and when each was last there."""

api_keys = Table(
    "api_keys",
    metadata,
    Column("id", Text, primary_key=True),
    Column("digest", LargeBinary, nullable=False),
    Column("name", Text, nullable=False),
    Column("tenant", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("collections", ARRAY(Text)),
    Column("requests_per_minute", JSONB(none_as_null=True)),
    Column("max_upload_bytes", BigInteger),
    Column("created_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    Column("created_by", Text, nullable=False),
    Column("expires_at", DateTime(timezone=True)),
    Column("last_used_at", DateTime(timezone=True)),
    Column("revoked_at", DateTime(timezone=True)),
    CheckConstraint("role IN ('reader', 'writer', 'admin')", name="role"),
    Index(None, "tenant", "created_at", "id"),
)
"""Keys of programs. `digest` is the SHA-256 of a secret that nobody but its owner has."""

embedding_indexes = Table(
    "embedding_indexes",
    metadata,
    Column("alias", Text, primary_key=True),
    Column("model", Text, primary_key=True),
    Column("collection", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    Column("activated_at", DateTime(timezone=True)),
    CheckConstraint("state IN ('building', 'active', 'retired')", name="state"),
    Index(
        "uq_embedding_indexes_active",
        "alias",
        unique=True,
        postgresql_where=text("state = 'active'"),
    ),
)
"""In which collection of the vector index a model's vectors are. alias: MILVUS_COLLECTION."""

embedded_documents = Table(
    "embedded_documents",
    metadata,
    Column("alias", Text, primary_key=True),
    Column("model", Text, primary_key=True),
    # No foreign key: what is left of a deleted document in an index is found by its row.
    Column("document_id", Text, primary_key=True),
    Column("prefix", Text, nullable=False),
    Column("chunks", Integer, nullable=False),
)
"""Documents that another model took in, and whose vectors an index has nevertheless.

`prefix`: of the ids of these chunks; empty while they are written.
"""

imports = Table(
    "imports",
    metadata,
    Column("id", Text, primary_key=True),
    Column("tenant", Text, nullable=False),
    Column("collection", Text, nullable=False),
    Column("bucket", Text),
    Column("prefix", Text),
    Column("metadata", JSONB, nullable=False),
    Column("most_bytes", BigInteger, nullable=False),
    Column("position", Text, nullable=False, server_default=""),
    Column("found", Integer, nullable=False, server_default="0"),
    Column("skipped", Integer, nullable=False, server_default="0"),
    Column("created_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    Column("created_by", Text, nullable=False),
    Index(None, "tenant", "created_at", "id"),
)
"""What clients asked to be fetched; each file has a job. `position`: the last key that was listed.

`found`: files that got a job; `skipped`: those that are there already, as they are.
"""

versions = Table(
    "versions",
    metadata,
    Column("document_id", ForeignKey("documents.id", ondelete="CASCADE"), primary_key=True),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("state", Text, nullable=False),
    Column("sha256", Text, nullable=False),
    Column("filename", Text, nullable=False),
    Column("content_type", Text, nullable=False),
    Column("bytes", BigInteger, nullable=False),
    Column("pages", Integer, nullable=False, server_default="0"),
    Column("chunks", Integer, nullable=False, server_default="0"),
    Column("created_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    Column("replaced_at", DateTime(timezone=True)),
    Column("source_tag", Text),
    CheckConstraint("state IN ('waiting', 'replaced')", name="state"),
    Index(None, "sha256"),
)
"""Versions of documents other than the one that counts: one that waits, and those before it.

`sha256` is the name of the file, as in `documents`.
"""

old_chunks = Table(
    "old_chunks",
    metadata,
    Column("document_id", Text, primary_key=True),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("ordinal", Integer, primary_key=True, autoincrement=False),
    Column("id", Text, nullable=False),
    Column("page", Integer, nullable=False),
    Column("start_char", Integer, nullable=False),
    Column("end_char", Integer, nullable=False),
    Column("heading", Text, nullable=False),
    Column("text", Text, nullable=False),
    ForeignKeyConstraint(
        ["document_id", "version"],
        ["versions.document_id", "versions.version"],
        ondelete="CASCADE",
    ),
)
"""The texts of versions that were replaced: no question finds them, and citations of then do."""

loose_files = Table(
    "loose_files",
    metadata,
    Column("name", Text, primary_key=True),
    Column("content_id", Text, nullable=False),
    Column("noted_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
)
"""Files in S3 that may be nobody's: of versions that wait, and of those that were replaced.

`content_id`: the id of a document with this content, whose lock orders who writes the file.
"""

feedback = Table(
    "feedback",
    metadata,
    Column("id", Text, primary_key=True),
    Column("tenant", Text, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    Column("created_by", Text, nullable=False),
    Column("verdict", Text, nullable=False),
    Column("note", Text),
    Column("question", Text),
    Column("answer", Text),
    Column("document_ids", ARRAY(Text), nullable=False),
    CheckConstraint("verdict IN ('up', 'down')", name="verdict"),
    Index(None, "tenant", "created_at", "id"),
)
"""What people think of answers; the texts only where they sent them along."""
