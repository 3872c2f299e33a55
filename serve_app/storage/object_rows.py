"""A stored object, and its row in the database."""

from dataclasses import dataclass, field, fields
from time import time
from typing import Any

from sqlalchemy.engine import Row

from serve_app.storage.tables import OBJECTS
from wire.answers import Answer


@dataclass(frozen=True, slots=True)
class StoredObject:
    """One of OpenAI's objects (an assistant, a thread, a run, a file …) and its state here."""

    id: str
    kind: str
    """OpenAI's ``object``, like ``thread.message``."""
    owner: str
    body: dict[str, Any]
    """OpenAI's object, as clients see it."""
    parent_id: str | None = None
    """The object that it ends with: the thread of a message, the run of a step."""
    status: str | None = None
    """As in ``body``, of objects that somebody works on."""
    state: dict[str, Any] | None = None
    """What only those who work on it need."""
    expires_at: int | None = None
    """Unix time from which on nobody finds it; None: it stays."""
    created_at: int = field(default_factory=lambda: int(time()))
    """Unix time."""


def store_answer(
    owner: str,
    answer: Answer,
    *,
    parent_id: str | None = None,
    state: dict[str, Any] | None = None,
    expires_at: int | None = None,
) -> StoredObject:
    """Return a new object whose columns repeat what its body contains."""
    body = answer.model_dump(mode="json")
    return StoredObject(
        id=body["id"],
        kind=body["object"],
        owner=owner,
        body=body,
        parent_id=parent_id,
        status=body.get("status"),
        state=state,
        expires_at=expires_at,
        created_at=body["created_at"],
    )


COLUMNS = tuple(OBJECTS.c[each.name] for each in fields(StoredObject))


def to_object(row: Row[Any]) -> StoredObject:
    """Return the object of a row that begins with ``COLUMNS``."""
    return StoredObject(*row[: len(COLUMNS)])


def to_values(stored: StoredObject) -> dict[str, Any]:
    """Return the columns of an object."""
    return {column.name: getattr(stored, column.name) for column in COLUMNS}
