"""Jobs on documents, the workers that run them, and what clients note of documents.

Programs of revisions 0002 and 0003 know none of it, and lose nothing: a document that waits for its
job has the status `processing`, as one that they take in has.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go to this revision."""
    now = sa.func.now()
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "jobs",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("queue", sa.Text, nullable=False),
        sa.Column("document_id", sa.Text, nullable=False),
        sa.Column("filename", sa.Text, nullable=False),
        sa.Column("bytes", sa.BigInteger, nullable=False),
        sa.Column("state", sa.Text, nullable=False, server_default="queued"),
        sa.Column("priority", sa.SmallInteger, nullable=False, server_default="0"),
        sa.Column("attempts", sa.Integer, nullable=False, server_default="0"),
        sa.Column("max_attempts", sa.Integer, nullable=False),
        sa.Column("stage", sa.Text),
        sa.Column("progress", sa.REAL, nullable=False, server_default="0"),
        sa.Column("reason", JSONB),
        sa.Column("worker", sa.Text),
        sa.Column("lease", sa.Text),
        sa.Column("lease_until", moment),
        sa.Column("run_at", moment, nullable=False, server_default=now),
        sa.Column("created_at", moment, nullable=False, server_default=now),
        sa.Column("started_at", moment),
        sa.Column("finished_at", moment),
        sa.Column("updated_at", moment, nullable=False, server_default=now),
        sa.CheckConstraint(
            "state IN ('queued', 'running', 'succeeded', 'failed', 'cancelled')",
            name=op.f("ck_jobs_state"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_jobs")),
    )
    for name, columns, where in (
        ("ix_jobs_queued", ["queue", "priority", "run_at"], "state = 'queued'"),
        ("ix_jobs_running", ["queue"], "state = 'running'"),
        ("ix_jobs_created_at", ["created_at", "id"], None),
        ("ix_jobs_document_id", ["document_id"], None),
    ):
        condition = sa.text(where) if where else None
        op.create_index(op.f(name), "jobs", columns, postgresql_where=condition)
    op.create_index(
        op.f("uq_jobs_live"),
        "jobs",
        ["document_id"],
        unique=True,
        postgresql_where=sa.text("state IN ('queued', 'running')"),
    )
    op.create_table(
        "workers",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("queue", sa.Text, nullable=False),
        sa.Column("version", sa.Text, nullable=False),
        sa.Column("concurrency", sa.Integer, nullable=False),
        sa.Column("started_at", moment, nullable=False, server_default=now),
        sa.Column("seen_at", moment, nullable=False, server_default=now),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_workers")),
    )
    # A constant default: no row is written for it.
    empty = sa.text("'{}'::jsonb")
    op.add_column("documents", sa.Column("metadata", JSONB, nullable=False, server_default=empty))
    op.create_index(op.f("ix_documents_created_at"), "documents", ["created_at", "id"])
    op.create_index(
        op.f("ix_documents_metadata"),
        "documents",
        ["metadata"],
        postgresql_using="gin",
        postgresql_ops={"metadata": "jsonb_path_ops"},
    )


def downgrade() -> None:
    """Go back to documents without jobs."""
    op.drop_index("ix_documents_metadata")
    op.drop_index("ix_documents_created_at")
    op.drop_column("documents", "metadata")
    op.drop_table("workers")
    op.drop_table("jobs")
