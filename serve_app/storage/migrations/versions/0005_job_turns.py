"""Owners take turns where jobs wait: whose job was claimed longest ago is next."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table; nobody has had a turn."""
    op.create_table(
        "job_turns",
        sa.Column("owner", sa.String(64), primary_key=True),
        sa.Column("turn", sa.BigInteger(), nullable=False),
    )


def downgrade() -> None:
    """Drop the table."""
    op.drop_table("job_turns")
