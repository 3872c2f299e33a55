"""Objects: assistants, threads, messages, runs, files, vector stores, batches."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

ID = sa.String(80)
NUMBER = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "objects",
        sa.Column("number", NUMBER, nullable=False, autoincrement=True),
        sa.Column("id", ID, nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("owner", sa.String(64), nullable=False),
        sa.Column("parent_id", ID),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("status", sa.String(32)),
        sa.Column("body", sa.JSON, nullable=False),
        sa.Column("state", sa.JSON),
        sa.Column("expires_at", sa.BigInteger),
        sa.Column("holder", ID),
        sa.Column("lease_until", sa.Float(53)),
        sa.Column("attempts", sa.Integer, nullable=False, server_default="0"),
        sa.PrimaryKeyConstraint("number", name="pk_objects"),
        sa.UniqueConstraint("id", name="uq_objects_id"),
        sa.ForeignKeyConstraint(
            ["parent_id"], ["objects.id"], ondelete="CASCADE", name="fk_objects_parent_id"
        ),
        sqlite_autoincrement=True,
    )
    for columns in (
        ["owner", "kind", "number"],
        ["parent_id", "kind", "number"],
        ["expires_at"],
        ["lease_until"],
        ["status", "kind", "number"],
    ):
        op.create_index("_".join(["ix_objects", *columns]), "objects", columns)
    op.create_table(
        "chunks",
        sa.Column("number", NUMBER, nullable=False, autoincrement=True),
        sa.Column("store_id", ID, nullable=False),
        sa.Column("document_id", ID, nullable=False),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("text", sa.LargeBinary),
        sa.Column("vector", sa.LargeBinary),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_chunks"),
        sa.ForeignKeyConstraint(
            ["store_id"], ["objects.id"], ondelete="CASCADE", name="fk_chunks_store_id"
        ),
        sqlite_autoincrement=True,
    )
    for columns in (["store_id", "number"], ["store_id", "document_id"]):
        op.create_index("_".join(["ix_chunks", *columns]), "chunks", columns)
    op.create_table(
        "batch_results",
        sa.Column("batch_id", ID, nullable=False),
        sa.Column("line", sa.Integer, nullable=False, autoincrement=False),
        sa.Column("ok", sa.Boolean, nullable=False),
        sa.Column("body", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("batch_id", "line", name="pk_batch_results"),
        sa.ForeignKeyConstraint(
            ["batch_id"], ["objects.id"], ondelete="CASCADE", name="fk_batch_results_batch_id"
        ),
    )


def downgrade() -> None:
    """Remove them, with all that is in them."""
    op.drop_table("batch_results")
    op.drop_table("chunks")
    op.drop_table("objects")
