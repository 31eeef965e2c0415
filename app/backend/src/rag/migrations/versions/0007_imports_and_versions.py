"""Imports of files by their addresses, and versions of documents.

Programs of before know none of it, and go on: they take no job of a kind that they do not know, and
find the file and the text of a document's last version where they look for them. What they delete
takes its older versions along. A content that replaced another one is there under the id of its
document alone: uploaded to such a program once more, it is answered with 503.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0007"
# 0006 comes from elsewhere: this becomes its follower where both are.
down_revision = "0006"
branch_labels = None
depends_on = None

_MOMENT = sa.DateTime(timezone=True)
_KNOWN = sa.text("import_id IS NOT NULL")
_FETCHED = sa.text("source_key IS NOT NULL")


def upgrade() -> None:
    """Go to this revision."""
    # A constant default: no row is written for it.
    op.add_column("documents", sa.Column("version", sa.Integer, nullable=False, server_default="1"))
    op.add_column("documents", sa.Column("version_at", _MOMENT))
    for name in ("source", "source_key", "source_tag"):
        op.add_column("documents", sa.Column(name, sa.Text))
    op.create_index(
        op.f("ix_documents_source_key"), "documents", ["source_key"], postgresql_where=_FETCHED
    )
    for name in ("import_id", "source", "source_tag"):
        op.add_column("jobs", sa.Column(name, sa.Text))
    op.create_index(op.f("ix_jobs_import_id"), "jobs", ["import_id"], postgresql_where=_KNOWN)
    _make_imports()
    _make_versions()


def downgrade() -> None:
    """Go back to documents of one version each: the last one stays."""
    for table in ("loose_files", "old_chunks", "versions", "imports"):
        op.drop_table(table)
    op.execute("DELETE FROM jobs WHERE kind NOT IN ('ingest', 'reindex')")
    op.drop_index("ix_jobs_import_id")
    op.drop_index("ix_documents_source_key")
    for name in ("source_tag", "source", "import_id"):
        op.drop_column("jobs", name)
    for name in ("source_tag", "source_key", "source", "version_at", "version"):
        op.drop_column("documents", name)


def _make_imports() -> None:
    now = sa.func.now()
    op.create_table(
        "imports",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("tenant", sa.Text, nullable=False),
        sa.Column("collection", sa.Text, nullable=False),
        sa.Column("bucket", sa.Text),
        sa.Column("prefix", sa.Text),
        sa.Column("metadata", JSONB, nullable=False),
        sa.Column("most_bytes", sa.BigInteger, nullable=False),
        sa.Column("position", sa.Text, nullable=False, server_default=""),
        sa.Column("found", sa.Integer, nullable=False, server_default="0"),
        sa.Column("skipped", sa.Integer, nullable=False, server_default="0"),
        sa.Column("created_at", _MOMENT, nullable=False, server_default=now),
        sa.Column("created_by", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_imports")),
    )
    op.create_index(op.f("ix_imports_tenant"), "imports", ["tenant", "created_at", "id"])


def _make_versions() -> None:
    now = sa.func.now()
    op.create_table(
        "versions",
        sa.Column("document_id", sa.Text, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("sha256", sa.Text, nullable=False),
        sa.Column("filename", sa.Text, nullable=False),
        sa.Column("content_type", sa.Text, nullable=False),
        sa.Column("bytes", sa.BigInteger, nullable=False),
        sa.Column("pages", sa.Integer, nullable=False, server_default="0"),
        sa.Column("chunks", sa.Integer, nullable=False, server_default="0"),
        sa.Column("created_at", _MOMENT, nullable=False, server_default=now),
        sa.Column("replaced_at", _MOMENT),
        sa.Column("source_tag", sa.Text),
        sa.CheckConstraint("state IN ('waiting', 'replaced')", name=op.f("ck_versions_state")),
        sa.PrimaryKeyConstraint("document_id", "version", name=op.f("pk_versions")),
        sa.ForeignKeyConstraint(
            ["document_id"],
            ["documents.id"],
            name=op.f("fk_versions_document_id_documents"),
            ondelete="CASCADE",
        ),
    )
    op.create_index(op.f("ix_versions_sha256"), "versions", ["sha256"])
    op.create_table(
        "old_chunks",
        sa.Column("document_id", sa.Text, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("ordinal", sa.Integer, nullable=False),
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("page", sa.Integer, nullable=False),
        sa.Column("start_char", sa.Integer, nullable=False),
        sa.Column("end_char", sa.Integer, nullable=False),
        sa.Column("heading", sa.Text, nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("document_id", "version", "ordinal", name=op.f("pk_old_chunks")),
        sa.ForeignKeyConstraint(
            ["document_id", "version"],
            ["versions.document_id", "versions.version"],
            name=op.f("fk_old_chunks_document_id_versions"),
            ondelete="CASCADE",
        ),
    )
    op.create_table(
        "loose_files",
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("content_id", sa.Text, nullable=False),
        sa.Column("noted_at", _MOMENT, nullable=False, server_default=now),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_loose_files")),
    )
