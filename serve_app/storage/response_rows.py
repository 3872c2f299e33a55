"""A stored response, and how rows of the database become one."""

from dataclasses import dataclass, fields
from typing import Any

from sqlalchemy import Select, literal, select
from sqlalchemy.engine import Row

from serve_app.storage.tables import RESPONSES


@dataclass(frozen=True, slots=True)
class StoredResponse:
    """A response and what it was made from."""

    id: str
    owner: str
    created_at: int
    """Unix time."""
    status: str
    """As in ``body``: ``queued`` and ``in_progress`` can still change, all others cannot."""
    model: str
    body: dict[str, Any]
    """OpenAI's response object."""
    input: list[dict[str, Any]]
    """The input items of this turn only, each with an id."""
    previous_response_id: str | None
    conversation_id: str | None
    background: bool
    """Whether it is made by a job, and not while the client waits."""
    request: dict[str, Any] | None
    """What the model is sent; None once the response has ended."""
    expires_at: int
    """Unix time from which on it is no longer found."""


COLUMNS = tuple(RESPONSES.c[field.name] for field in fields(StoredResponse))


def to_response(row: Row[Any]) -> StoredResponse:
    """Return the response of a row of ``COLUMNS``."""
    return StoredResponse(*row)


def to_values(response: StoredResponse) -> dict[str, Any]:
    """Return the columns of a response."""
    return {column.name: getattr(response, column.name) for column in COLUMNS}


def chain_query(owner: str, response_id: str, most: int) -> Select[Any]:
    """Return the query of a response and up to ``most`` before it, the first first."""
    chain = (
        select(RESPONSES.c.id, RESPONSES.c.previous_response_id, literal(0).label("distance"))
        .where(RESPONSES.c.id == response_id, RESPONSES.c.owner == owner)
        .cte("chain", recursive=True)
    )
    before = RESPONSES.alias("before")
    chain = chain.union_all(
        select(before.c.id, before.c.previous_response_id, chain.c.distance + 1).where(
            before.c.id == chain.c.previous_response_id,
            before.c.owner == owner,
            chain.c.distance < most,
        )
    )
    return (
        select(*COLUMNS).join(chain, chain.c.id == RESPONSES.c.id).order_by(chain.c.distance.desc())
    )
