"""Tenants and collections of documents, and keys of programs.

Programs of revision 0004 know none of it: they take documents into the default tenant and
collection.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go to this revision."""
    moment = sa.DateTime(timezone=True)
    for table in ("documents", "jobs"):
        for name in ("tenant", "collection"):
            # A constant default: no row is written for it.
            column = sa.Column(name, sa.Text, nullable=False, server_default="default")
            op.add_column(table, column)
        op.create_index(op.f(f"ix_{table}_tenant"), table, ["tenant", "created_at", "id"])
    op.create_table(
        "api_keys",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("digest", sa.LargeBinary, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("tenant", sa.Text, nullable=False),
        sa.Column("role", sa.Text, nullable=False),
        sa.Column("collections", ARRAY(sa.Text)),
        sa.Column("requests_per_minute", JSONB),
        sa.Column("max_upload_bytes", sa.BigInteger),
        sa.Column("created_at", moment, nullable=False, server_default=sa.func.now()),
        sa.Column("created_by", sa.Text, nullable=False),
        sa.Column("expires_at", moment),
        sa.Column("last_used_at", moment),
        sa.Column("revoked_at", moment),
        sa.CheckConstraint("role IN ('reader', 'writer', 'admin')", name=op.f("ck_api_keys_role")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_keys")),
    )
    op.create_index(op.f("ix_api_keys_tenant"), "api_keys", ["tenant", "created_at", "id"])


def downgrade() -> None:
    """Go back to one tenant: fails where there are documents of others, which all would see."""
    foreign = "SELECT count(*) FROM documents WHERE tenant <> 'default' OR collection <> 'default'"
    if op.get_bind().scalar(sa.text(foreign)):
        raise RuntimeError("there are documents of other tenants or collections: delete them first")
    op.drop_table("api_keys")
    for table in ("jobs", "documents"):
        op.drop_index(op.f(f"ix_{table}_tenant"), table)
        for name in ("collection", "tenant"):
            op.drop_column(table, name)
