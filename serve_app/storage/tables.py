r"""The tables, as after the newest migration. Only the stores of this package use them.

JSON columns are text that the database only validates: PostgreSQL's ``jsonb`` would reorder keys
and refuse ``\u0000``, and SQLite has no such type.
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

from wire.ids import MAX_ID_CHARS

METADATA = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    }
)
_ID = String(MAX_ID_CHARS)
_NUMBER = BigInteger().with_variant(Integer, "sqlite")
"""SQLite increments only columns of this type."""
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
    Index(None, "expires_at"),
    Index(None, "previous_response_id"),
)

RESPONSE_EVENTS = Table(
    "response_events",
    METADATA,
    Column("response_id", _ID, ForeignKey("responses.id", ondelete="CASCADE"), primary_key=True),
    Column("sequence_number", Integer, primary_key=True),
    Column("event", LargeBinary, nullable=False),
)

RESPONSE_ITEMS = Table(
    "response_items",
    METADATA,
    # Clients choose ids of what they send, so an id may occur more than once.
    Column("number", _NUMBER, primary_key=True, autoincrement=True),
    Column("response_id", _ID, ForeignKey("responses.id", ondelete="CASCADE"), nullable=False),
    Column("item_id", _ID, nullable=False),
    Index(None, "response_id"),
    Index(None, "item_id"),
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

OBJECTS = Table(
    "objects",
    METADATA,
    # Orders objects of the same second; numbers of deleted objects are not reused.
    Column("number", _NUMBER, primary_key=True, autoincrement=True),
    Column("id", _ID, nullable=False, unique=True),
    Column("kind", String(32), nullable=False),
    Column("owner", _OWNER, nullable=False),
    Column("parent_id", _ID, ForeignKey("objects.id", ondelete="CASCADE")),
    Column("created_at", BigInteger, nullable=False),
    Column("status", String(32)),
    Column("body", _DOCUMENT, nullable=False),
    Column("state", _DOCUMENT),
    Column("expires_at", BigInteger),
    Column("holder", _ID),
    Column("lease_until", Float(53)),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Index(None, "owner", "kind", "number"),
    Index(None, "parent_id", "kind", "number"),
    Index(None, "expires_at"),
    Index(None, "lease_until"),
    # For claims: few of all objects are jobs that can be claimed.
    Index(None, "status", "kind", "number"),
    sqlite_autoincrement=True,
)

JOB_TURNS = Table(
    "job_turns",
    METADATA,
    Column("owner", _OWNER, primary_key=True),
    # Grows with every claim of a job: whose is lowest is next.
    Column("turn", BigInteger, nullable=False),
)

CHUNKS = Table(
    "chunks",
    METADATA,
    # Within a store, numbers grow in the order of commits, so that a reader continues after the
    # last one it has read. A row without a vector marks the removal of a document's earlier rows.
    Column("number", _NUMBER, primary_key=True, autoincrement=True),
    Column("store_id", _ID, ForeignKey("objects.id", ondelete="CASCADE"), nullable=False),
    Column("document_id", _ID, nullable=False),
    Column("position", Integer, nullable=False),
    Column("text", LargeBinary),  # PostgreSQL's own type takes no NUL
    Column("vector", LargeBinary),
    Column("created_at", BigInteger, nullable=False),
    Index(None, "store_id", "number"),
    Index(None, "store_id", "document_id"),
    sqlite_autoincrement=True,
)

BATCH_RESULTS = Table(
    "batch_results",
    METADATA,
    Column("batch_id", _ID, ForeignKey("objects.id", ondelete="CASCADE"), primary_key=True),
    # Of the input file, the first is 1.
    Column("line", Integer, primary_key=True, autoincrement=False),
    Column("ok", Boolean, nullable=False),
    # A line of the output or the error file.
    Column("body", LargeBinary, nullable=False),
)
