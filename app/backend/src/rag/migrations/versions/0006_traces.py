"""The trace that a job goes on with.

Programs of before read and write jobs without it.
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go to this revision."""
    op.add_column("jobs", sa.Column("trace", sa.Text))


def downgrade() -> None:
    """Go back to jobs that begin a trace of their own."""
    op.drop_column("jobs", "trace")
