"""Items of responses are found by their ids.

Only those of responses that are added or finished from now on: others expire within 30 days.
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
ID = sa.String(80)


def upgrade() -> None:
    """Create the table and its indexes."""
    op.create_table(
        "response_items",
        sa.Column("number", NUMBER, primary_key=True, autoincrement=True),
        sa.Column(
            "response_id", ID, sa.ForeignKey("responses.id", ondelete="CASCADE"), nullable=False
        ),
        sa.Column("item_id", ID, nullable=False),
    )
    op.create_index("ix_response_items_response_id", "response_items", ["response_id"])
    op.create_index("ix_response_items_item_id", "response_items", ["item_id"])


def downgrade() -> None:
    """Drop the table."""
    op.drop_table("response_items")
