"""Responses with their events, and conversations with their items."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

ID = sa.String(80)


def upgrade() -> None:
    """Make the first tables."""
    op.create_table(
        "responses",
        sa.Column("id", ID, nullable=False),
        sa.Column("owner", sa.String(64), nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("model", sa.Text, nullable=False),
        sa.Column("body", sa.JSON, nullable=False),
        sa.Column("input", sa.JSON, nullable=False),
        sa.Column("previous_response_id", ID),
        sa.Column("conversation_id", ID),
        sa.Column("background", sa.Boolean, nullable=False),
        sa.Column("request", sa.JSON),
        sa.Column("expires_at", sa.BigInteger, nullable=False),
        sa.Column("holder", ID),
        sa.Column("lease_until", sa.Float(53)),
        sa.PrimaryKeyConstraint("id", name="pk_responses"),
    )
    for columns in (["expires_at"], ["previous_response_id"], ["status", "created_at"]):
        op.create_index("_".join(["ix_responses", *columns]), "responses", columns)
    op.create_table(
        "response_events",
        sa.Column("response_id", ID, nullable=False),
        sa.Column("sequence_number", sa.Integer, nullable=False),
        sa.Column("event", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("response_id", "sequence_number", name="pk_response_events"),
        sa.ForeignKeyConstraint(
            ["response_id"],
            ["responses.id"],
            ondelete="CASCADE",
            name="fk_response_events_response_id",
        ),
    )
    op.create_table(
        "conversations",
        sa.Column("id", ID, nullable=False),
        sa.Column("owner", sa.String(64), nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("metadata", sa.JSON, nullable=False),
        sa.Column("next_position", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_conversations"),
    )
    op.create_table(
        "conversation_items",
        sa.Column("conversation_id", ID, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.Column("position", sa.BigInteger, nullable=False),
        sa.Column("body", sa.JSON, nullable=False),
        sa.PrimaryKeyConstraint("conversation_id", "id", name="pk_conversation_items"),
        sa.ForeignKeyConstraint(
            ["conversation_id"],
            ["conversations.id"],
            ondelete="CASCADE",
            name="fk_conversation_items_conversation_id",
        ),
        sa.UniqueConstraint(
            "conversation_id", "position", name="uq_conversation_items_conversation_id_position"
        ),
    )


def downgrade() -> None:
    """Remove them, with all that is in them."""
    for table in ("conversation_items", "conversations", "response_events", "responses"):
        op.drop_table(table)
