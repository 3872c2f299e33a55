"""Responses in the background become jobs of the one queue.

Columns are dropped one by one: a copy of the table, which Alembic makes on SQLite by default, would
delete the events of all responses.
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

UNFINISHED = "background AND status IN ('queued', 'in_progress')"


def upgrade() -> None:
    """Add a job for each response that is not finished; nobody holds it."""
    op.execute(
        "INSERT INTO objects (id, kind, owner, created_at, status, body, expires_at) "
        "SELECT id, 'response', owner, created_at, 'queued', '{}', expires_at FROM responses "
        f"WHERE {UNFINISHED} ORDER BY created_at, id"
    )
    op.drop_index("ix_responses_status_created_at", "responses")
    op.execute("ALTER TABLE responses DROP COLUMN holder")
    op.execute("ALTER TABLE responses DROP COLUMN lease_until")


def downgrade() -> None:
    """Let responses be claimed by themselves again."""
    op.execute("ALTER TABLE responses ADD COLUMN holder VARCHAR(80)")
    op.add_column("responses", sa.Column("lease_until", sa.Float(53)))
    op.create_index("ix_responses_status_created_at", "responses", ["status", "created_at"])
    op.execute("DELETE FROM objects WHERE kind = 'response'")
