"""Whose model's vectors are in which collection of the vector index.

Programs of before know none of it: they search and write the alias, which stays where it is until a
change of model moves it.
"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go to this revision."""
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "embedding_indexes",
        sa.Column("alias", sa.Text, nullable=False),
        sa.Column("model", sa.Text, nullable=False),
        sa.Column("collection", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("created_at", moment, nullable=False, server_default=sa.func.now()),
        sa.Column("activated_at", moment),
        sa.CheckConstraint(
            "state IN ('building', 'active', 'retired')", name=op.f("ck_embedding_indexes_state")
        ),
        sa.PrimaryKeyConstraint("alias", "model", name=op.f("pk_embedding_indexes")),
    )
    op.create_index(
        op.f("uq_embedding_indexes_active"),
        "embedding_indexes",
        ["alias"],
        unique=True,
        postgresql_where=sa.text("state = 'active'"),
    )
    op.create_table(
        "embedded_documents",
        sa.Column("alias", sa.Text, nullable=False),
        sa.Column("model", sa.Text, nullable=False),
        sa.Column("document_id", sa.Text, nullable=False),
        sa.Column("prefix", sa.Text, nullable=False),
        sa.Column("chunks", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint(
            "alias", "model", "document_id", name=op.f("pk_embedded_documents")
        ),
    )


def downgrade() -> None:
    """Forget which model made which vectors."""
    op.drop_table("embedded_documents")
    op.drop_table("embedding_indexes")
