"""Stored responses: what the Responses API keeps.

A response belongs to an owner; for anyone else there is none. One that is made in the background
has a job in the queue until it ends. Of a response's content, only the status matters here.

Whoever changes both a job and its response locks the job first.
"""

import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import and_, delete, exists, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from serve_app.storage.database import Database
from serve_app.storage.object_rows import StoredObject
from serve_app.storage.objects import ObjectStore
from serve_app.storage.response_rows import (
    COLUMNS,
    StoredResponse,
    chain_query,
    to_response,
    to_values,
)
from serve_app.storage.sweeping import sweep_forever
from serve_app.storage.tables import OBJECTS, RESPONSES
from serve_app.storage.tables import RESPONSE_EVENTS as EVENTS
from serve_app.storage.tables import RESPONSE_ITEMS as ITEMS
from wire.errors import InvalidRequestError, NotFoundError
from wire.ids import is_id
from wire.limits import MAX_RESPONSE_CHAIN

Item = dict[str, Any]

JOB = "response"
"""The kind of the jobs of responses; a job has the id of its response."""
UNFINISHED = ("queued", "in_progress")
SWEEP_S = 3600
SWEPT_AT_ONCE = 500
"""Others may write in between."""


class ResponseStore:
    """The stored responses of a database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, response: StoredResponse, events: Sequence[tuple[int, bytes]] = ()) -> None:
        """Keep a new response with its first events, and a job for it if it waits to be made."""
        async with self._database.transaction(), self._database.writing() as connection:
            await connection.execute(insert(RESPONSES).values(to_values(response)))
            await _insert_events(connection, response.id, events)
            await _insert_items(connection, response.id, response.input, response.body)
            if response.background and response.status in UNFINISHED:
                await ObjectStore(self._database).add(_job_of(response))

    async def begin(self, owner: str, response_id: str) -> StoredResponse:
        """Return a response that is in progress from now on.

        Raises:
            NotFoundError: the owner has none of this id, or none any more.
        """
        async with self._database.writing() as connection:
            response = await self._find(connection, owner, response_id)
            if response.status != "queued":
                return response
            started = {"status": "in_progress", "body": {**response.body, "status": "in_progress"}}
            await connection.execute(
                update(RESPONSES).where(RESPONSES.c.id == response_id).values(**started)
            )
        return replace(response, **started)

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
            InvalidRequestError: there are more than ``MAX_RESPONSE_CHAIN``.
        """
        async with self._database.reading() as connection:
            last = await self._find(connection, owner, response_id)
            if last.previous_response_id is None:
                return [last]
            rows = (
                await connection.execute(chain_query(owner, response_id, MAX_RESPONSE_CHAIN))
            ).all()
        # PostgreSQL lets others delete it between the two reads.
        responses = [to_response(row) for row in rows] or [last]
        missing = responses[0].previous_response_id
        if missing is not None and len(responses) > MAX_RESPONSE_CHAIN:
            raise InvalidRequestError(
                f"Response '{response_id}' follows {MAX_RESPONSE_CHAIN} others or more. "
                "Begin anew with the items that still matter.",
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
        events: Sequence[tuple[int, bytes]] = (),
    ) -> bool:
        """End a response that has not ended, and add its last events; False if it has.

        Its job ends with it. Of a cancel and a completion at the same time, one gets True.
        """
        unfinished = and_(RESPONSES.c.id == response_id, RESPONSES.c.status.in_(UNFINISHED))
        ended = {"status": status, "body": body, "request": None}
        async with self._database.writing() as connection:
            await _delete_job(connection, response_id)
            change = update(RESPONSES).where(unfinished).values(**ended)
            if not (await connection.execute(change)).rowcount:
                return False
            await _insert_events(connection, response_id, events)
            await _insert_items(connection, response_id, (), body)
        return True

    async def find_item(self, owner: str, item_id: str) -> Item | None:
        """Return an item of the newest response of the owner that has it, or None."""
        query = (
            select(RESPONSES.c.input, RESPONSES.c.body)
            .join(ITEMS, ITEMS.c.response_id == RESPONSES.c.id)
            .where(
                ITEMS.c.item_id == item_id,
                RESPONSES.c.owner == owner,
                RESPONSES.c.expires_at > time.time(),
            )
            .order_by(ITEMS.c.number.desc())
            .limit(1)
        )
        async with self._database.reading() as connection:
            row = (await connection.execute(query)).one_or_none()
        if row is None:
            return None
        items: list[Item] = [*row.input, *row.body["output"]]
        return next(item for item in items if item["id"] == item_id)

    async def delete(self, owner: str, response_id: str) -> None:
        """Delete a response, its events and its job.

        Raises:
            NotFoundError: the owner has none of this id.
        """
        async with self._database.writing() as connection:
            await self._find(connection, owner, response_id)
            await _delete_job(connection, response_id)
            await connection.execute(delete(RESPONSES).where(RESPONSES.c.id == response_id))

    async def add_events(self, response_id: str, events: Sequence[tuple[int, bytes]]) -> bool:
        """Keep numbered events of a stream; False if the response has ended or is gone."""
        query = select(RESPONSES.c.status).where(RESPONSES.c.id == response_id).with_for_update()
        async with self._database.writing() as connection:
            status = (await connection.execute(query)).scalar_one_or_none()
            if status not in UNFINISHED:
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
        async with self._database.writing() as connection:
            await connection.execute(
                delete(OBJECTS).where(OBJECTS.c.kind == JOB, OBJECTS.c.expires_at <= time.time())
            )
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


async def _insert_items(
    connection: AsyncConnection, response_id: str, given: Sequence[Item], body: Item
) -> None:
    """Add items to those that are found by their ids."""
    ids = [item["id"] for item in (*given, *body.get("output", ()))]
    if rows := [{"response_id": response_id, "item_id": each} for each in ids if is_id(each)]:
        await connection.execute(insert(ITEMS), rows)


async def _delete_job(connection: AsyncConnection, response_id: str) -> None:
    job = and_(OBJECTS.c.id == response_id, OBJECTS.c.kind == JOB)
    await connection.execute(delete(OBJECTS).where(job))


def _job_of(response: StoredResponse) -> StoredObject:
    return StoredObject(
        response.id,
        JOB,
        response.owner,
        {},
        status="queued",
        expires_at=response.expires_at,
        created_at=response.created_at,
    )


def _not_found(response_id: str) -> NotFoundError:
    return NotFoundError(f"Response with id {response_id[:100]!r} not found.")
