r"""The tables, as the newest migration leaves them. Only the stores of this package use them.

JSON columns are text that the database checks and does not look into: PostgreSQL's ``jsonb`` would
reorder keys and refuse ``\u0000``, and SQLite has nothing like it.
"""

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from serve_app.storage.ids import MAX_ID_CHARS

METADATA = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    }
)
_ID = String(MAX_ID_CHARS)
_OWNER = String(64)
_DOCUMENT = JSON(none_as_null=True)

RESPONSES = Table(
    "responses",
    METADATA,
    Column("id", _ID, primary_key=True),
    Column("owner", _OWNER, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("status", String(16), nullable=False),
    Column("model", Text, nullable=False),
    Column("body", _DOCUMENT, nullable=False),
    Column("input", _DOCUMENT, nullable=False),
    # No foreign keys: a response outlives the one that it follows, and its conversation.
    Column("previous_response_id", _ID),
    Column("conversation_id", _ID),
    Column("background", Boolean, nullable=False),
    Column("request", _DOCUMENT),
    Column("expires_at", BigInteger, nullable=False),
    Column("holder", _ID),
    Column("lease_until", Float(53)),
    Index(None, "expires_at"),
    Index(None, "previous_response_id"),
    # Claims look for queued and running work, which is next to nothing among all that is finished.
    Index(None, "status", "created_at"),
)

RESPONSE_EVENTS = Table(
    "response_events",
    METADATA,
    Column("response_id", _ID, ForeignKey("responses.id", ondelete="CASCADE"), primary_key=True),
    Column("sequence_number", Integer, primary_key=True),
    Column("event", LargeBinary, nullable=False),
)

CONVERSATIONS = Table(
    "conversations",
    METADATA,
    Column("id", _ID, primary_key=True),
    Column("owner", _OWNER, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("metadata", _DOCUMENT, nullable=False),
    Column("next_position", BigInteger, nullable=False),
)

CONVERSATION_ITEMS = Table(
    "conversation_items",
    METADATA,
    Column(
        "conversation_id", _ID, ForeignKey("conversations.id", ondelete="CASCADE"), primary_key=True
    ),
    Column("id", _ID, primary_key=True),
    Column("position", BigInteger, nullable=False),
    Column("body", _DOCUMENT, nullable=False),
    UniqueConstraint("conversation_id", "position"),
)
