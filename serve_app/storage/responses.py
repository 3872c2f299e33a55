"""Stored responses: what the Responses API keeps, and the queue of those made in the background.

A response belongs to an owner, and whoever else asks for it is told that there is none. Knows
nothing of what is in a response, but its status.
"""

import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import Select, and_, delete, exists, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from serve_app.storage.database import Database
from serve_app.storage.response_rows import (
    COLUMNS,
    StoredResponse,
    chain_query,
    to_response,
    to_values,
)
from serve_app.storage.sweeping import sweep_forever
from serve_app.storage.tables import RESPONSE_EVENTS as EVENTS
from serve_app.storage.tables import RESPONSES
from wire.errors import InvalidRequestError, NotFoundError
from wire.ids import is_id

UNFINISHED = ("queued", "in_progress")
MAX_CHAIN = 1000
"""Responses that a new one may follow. Their texts would not fit into any context."""
SWEEP_S = 3600
SWEPT_AT_ONCE = 500
"""Others may write in between."""


class ResponseStore:
    """The stored responses of a database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, response: StoredResponse) -> None:
        """Keep a new response."""
        async with self._database.writing() as connection:
            await connection.execute(insert(RESPONSES).values(to_values(response)))

    async def get(self, owner: str, response_id: str) -> StoredResponse:
        """Return a response.

        Raises:
            NotFoundError: the owner has none of this id, or none any more.
        """
        async with self._database.reading() as connection:
            return await self._find(connection, owner, response_id)

    async def chain(self, owner: str, response_id: str) -> list[StoredResponse]:
        """Return the responses that lead to this one, the first first and this one last.

        One that has expired is there as long as one that follows it has not.

        Raises:
            NotFoundError: this one, or one of those before it, is not there.
            InvalidRequestError: there are more than ``MAX_CHAIN``.
        """
        async with self._database.reading() as connection:
            last = await self._find(connection, owner, response_id)
            if last.previous_response_id is None:
                return [last]
            rows = (await connection.execute(chain_query(owner, response_id, MAX_CHAIN))).all()
        # PostgreSQL lets others delete it between the two reads.
        responses = [to_response(row) for row in rows] or [last]
        missing = responses[0].previous_response_id
        if missing is not None and len(responses) > MAX_CHAIN:
            raise InvalidRequestError(
                f"Response '{response_id}' follows {MAX_CHAIN} others or more. Begin anew with the "
                "items that still matter.",
                "previous_response_id",
            )
        if missing is not None:
            raise _not_found(missing)
        return responses

    async def finish(
        self,
        response_id: str,
        status: str,
        body: dict[str, Any],
        *,
        holder: str | None = None,
        events: Sequence[tuple[int, bytes]] = (),
    ) -> bool:
        """End a response that has not ended, and add its last events; False if it has.

        Of a cancel and a completion at the same time, one gets True. With a ``holder``, only that
        one may end it, as long as the claim is its.
        """
        unfinished = and_(RESPONSES.c.id == response_id, RESPONSES.c.status.in_(UNFINISHED))
        if holder is not None:
            unfinished = and_(unfinished, RESPONSES.c.holder == holder)
        ended = {"status": status, "body": body, "request": None, "holder": None}
        async with self._database.writing() as connection:
            change = update(RESPONSES).where(unfinished).values(**ended, lease_until=None)
            if not (await connection.execute(change)).rowcount:
                return False
            await _insert_events(connection, response_id, events)
        return True

    async def delete(self, owner: str, response_id: str) -> None:
        """Forget a response and its events.

        Raises:
            NotFoundError: the owner has none of this id.
        """
        async with self._database.writing() as connection:
            await self._find(connection, owner, response_id)
            await connection.execute(delete(RESPONSES).where(RESPONSES.c.id == response_id))

    async def claim(self, holder: str, lease_s: float) -> StoredResponse | None:
        """Take the oldest background response that nobody works on; None when there is none.

        It is in progress then, and nobody else's until ``lease_s`` seconds after the last ``keep``.
        """
        # Whoever is idle asks again and again, and only reads: on SQLite writers queue.
        async with self._database.reading() as connection:
            if not (await connection.execute(select(exists(self._free())))).scalar_one():
                return None
        async with self._database.writing() as connection:
            now = self._database.now()
            # SQLite knows no SKIP LOCKED and needs none: nobody else is writing.
            oldest = (
                self._free()
                .order_by(RESPONSES.c.created_at, RESPONSES.c.id)
                .limit(1)
                .with_for_update(skip_locked=True)
            )
            row = (await connection.execute(oldest)).one_or_none()
            if row is None:
                return None
            found = to_response(row)
            body = {**found.body, "status": "in_progress"}
            await connection.execute(
                update(RESPONSES)
                .where(RESPONSES.c.id == found.id)
                .values(status="in_progress", body=body, holder=holder, lease_until=now + lease_s)
            )
        return replace(found, status="in_progress", body=body)

    async def keep(self, response_id: str, holder: str, lease_s: float) -> str | None:
        """Renew a claim and return the status; None when the response is another's, or gone.

        A status other than ``in_progress`` is for the holder to stop its work.
        """
        async with self._database.writing() as connection:
            now = self._database.now()
            mine = and_(RESPONSES.c.id == response_id, RESPONSES.c.holder == holder)
            change = update(RESPONSES).where(mine).values(lease_until=now + lease_s)
            if (await connection.execute(change)).rowcount:
                return "in_progress"
            ended = select(RESPONSES.c.status).where(
                RESPONSES.c.id == response_id, RESPONSES.c.status.not_in(UNFINISHED)
            )
            return (await connection.execute(ended)).scalar_one_or_none()

    async def add_events(
        self,
        response_id: str,
        events: Sequence[tuple[int, bytes]],
        *,
        holder: str | None = None,
    ) -> bool:
        """Keep events of a stream, each with its sequence number; False if it has ended or is gone.

        With a ``holder``, False also when the claim is another's.
        """
        async with self._database.writing() as connection:
            row = (
                await connection.execute(
                    select(RESPONSES.c.status, RESPONSES.c.holder)
                    .where(RESPONSES.c.id == response_id)
                    .with_for_update()
                )
            ).one_or_none()
            if row is None or row.status not in UNFINISHED:
                return False
            if holder is not None and row.holder != holder:
                return False
            await _insert_events(connection, response_id, events)
        return True

    async def events(
        self, owner: str, response_id: str, after: int = -1
    ) -> list[tuple[int, bytes]]:
        """Return the events with a sequence number above ``after``, in order.

        Raises:
            NotFoundError: the owner has no response of this id.
        """
        async with self._database.reading() as connection:
            await self._find(connection, owner, response_id)
            rows = await connection.execute(
                select(EVENTS.c.sequence_number, EVENTS.c.event)
                .where(EVENTS.c.response_id == response_id, EVENTS.c.sequence_number > after)
                .order_by(EVENTS.c.sequence_number)
            )
            return [(row.sequence_number, row.event) for row in rows]

    async def sweep(self) -> int:
        """Delete what has expired and nothing follows any more; return how many."""
        later = RESPONSES.alias("later")
        followed = exists().where(later.c.previous_response_id == RESPONSES.c.id)
        total = 0
        while True:
            async with self._database.writing() as connection:
                expired = (
                    select(RESPONSES.c.id)
                    .where(RESPONSES.c.expires_at <= time.time(), ~followed)
                    .limit(SWEPT_AT_ONCE)
                )
                gone = delete(RESPONSES).where(RESPONSES.c.id.in_(expired))
                count = (await connection.execute(gone)).rowcount
            if not count:
                return total
            total += count

    async def sweep_forever(self) -> None:
        """Do so now and then, until cancelled."""
        await sweep_forever("responses", self.sweep, SWEEP_S)

    def _free(self) -> Select[Any]:
        """Return the query of the background responses that nobody works on."""
        abandoned = and_(
            RESPONSES.c.status == "in_progress",
            or_(RESPONSES.c.lease_until.is_(None), RESPONSES.c.lease_until <= self._database.now()),
        )
        return select(*COLUMNS).where(
            RESPONSES.c.background.is_(True),
            or_(RESPONSES.c.status == "queued", abandoned),
            RESPONSES.c.expires_at > time.time(),
        )

    async def _find(
        self, connection: AsyncConnection, owner: str, response_id: str
    ) -> StoredResponse:
        if is_id(response_id):
            query = select(*COLUMNS).where(
                RESPONSES.c.id == response_id,
                RESPONSES.c.owner == owner,
                RESPONSES.c.expires_at > time.time(),
            )
            row = (await connection.execute(query)).one_or_none()
            if row is not None:
                return to_response(row)
        raise _not_found(response_id)


async def _insert_events(
    connection: AsyncConnection, response_id: str, events: Sequence[tuple[int, bytes]]
) -> None:
    rows = [
        {"response_id": response_id, "sequence_number": number, "event": event}
        for number, event in events
    ]
    if rows:
        await connection.execute(insert(EVENTS), rows)


def _not_found(response_id: str) -> NotFoundError:
    return NotFoundError(f"Response with id {response_id[:100]!r} not found.")
