"""Stored objects: assistants, threads, messages, runs, files, vector stores, batches.

An object belongs to an owner; for other keys it does not exist. Jobs are in ``jobs``.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from time import time
from typing import Any, Literal

from sqlalchemy import ColumnElement, delete, func, insert, or_, select, update
from sqlalchemy.engine import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from serve_app.storage.database import Database
from serve_app.storage.object_rows import COLUMNS, StoredObject, to_object, to_values
from serve_app.storage.tables import OBJECTS
from wire.errors import InvalidRequestError, NotFoundError, echo
from wire.ids import is_id

Change = Callable[[StoredObject], StoredObject]


@dataclass(frozen=True, slots=True)
class Cursor:
    """Which part of a list is wanted."""

    limit: int = 20
    order: Literal["asc", "desc"] = "desc"
    after: str | None = None
    before: str | None = None


class ObjectStore:
    """The stored objects of a database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, *objects: StoredObject) -> None:
        """Keep new objects, all or none; a parent before what belongs to it."""
        async with self._database.writing() as connection:
            for stored in objects:  # one by one: their numbers are their order
                await connection.execute(insert(OBJECTS).values(to_values(stored)))

    async def get(
        self, owner: str, kind: str, object_id: str, parent_id: str | None = None
    ) -> StoredObject:
        """Return an object.

        Raises:
            NotFoundError: the owner has none of this id, or its parent is another.
        """
        async with self._database.reading() as connection:
            return to_object(await _find(connection, owner, kind, object_id, parent_id))

    async def find(self, owner: str, kind: str, ids: Sequence[str]) -> dict[str, StoredObject]:
        """Return those of the objects that are there, by id."""
        if not ids:
            return {}
        mine = [is_live(), OBJECTS.c.owner == owner, OBJECTS.c.kind == kind]
        query = select(*COLUMNS).where(
            *mine, OBJECTS.c.id.in_([each for each in ids if is_id(each)])
        )
        async with self._database.reading() as connection:
            rows = (await connection.execute(query)).all()
        return {row.id: to_object(row) for row in rows}

    async def page(
        self,
        owner: str,
        kind: str,
        cursor: Cursor,
        parent_id: str | None = None,
        where: Sequence[ColumnElement[bool]] = (),
    ) -> tuple[list[StoredObject], bool]:
        """Return a part of the objects of a kind, and whether there are more behind it.

        Raises:
            InvalidRequestError: ``after`` or ``before`` is none of them.
        """
        number, ascends = OBJECTS.c.number, cursor.order == "asc"
        mine = [is_live(), OBJECTS.c.owner == owner, OBJECTS.c.kind == kind]
        if parent_id is not None:
            mine.append(OBJECTS.c.parent_id == parent_id)
        # Where a page ended may not be among what is asked for any more: its status has changed.
        within = [*mine, *where]
        nearest_last = cursor.before is not None and cursor.after is None
        async with self._database.reading() as connection:
            if cursor.after is not None:
                start = await _number(connection, mine, cursor.after, "after")
                within.append(number > start if ascends else number < start)
            if cursor.before is not None:
                end = await _number(connection, mine, cursor.before, "before")
                within.append(number < end if ascends else number > end)
            # Before an object are those next to it, not the first of all.
            upwards = ascends != nearest_last
            query = select(*COLUMNS).where(*within).order_by(number if upwards else number.desc())
            rows = (await connection.execute(query.limit(cursor.limit + 1))).all()
        objects = [to_object(row) for row in rows[: cursor.limit]]
        return objects[::-1] if nearest_last else objects, len(rows) > cursor.limit

    async def all(
        self, owner: str, kind: str, parent_id: str, statuses: Sequence[str] = ()
    ) -> list[StoredObject]:
        """Return all of a kind (and in one of the statuses) that belong to an object, in order."""
        query = (
            select(*COLUMNS)
            .where(OBJECTS.c.owner == owner, OBJECTS.c.kind == kind, is_live())
            .where(OBJECTS.c.parent_id == parent_id)
            .order_by(OBJECTS.c.number)
        )
        if statuses:
            query = query.where(OBJECTS.c.status.in_(statuses))
        async with self._database.reading() as connection:
            return [to_object(row) for row in (await connection.execute(query)).all()]

    async def count(self, owner: str, kind: str, parent_id: str) -> dict[str | None, int]:
        """Return how many of a kind belong to an object, by status."""
        query = (
            select(OBJECTS.c.status, func.count())
            .where(OBJECTS.c.owner == owner, OBJECTS.c.kind == kind, is_live())
            .where(OBJECTS.c.parent_id == parent_id)
            .group_by(OBJECTS.c.status)
        )
        async with self._database.reading() as connection:
            rows = (await connection.execute(query)).all()
        return {row[0]: row[1] for row in rows}

    async def change(
        self, owner: str, kind: str, object_id: str, change: Change, parent_id: str | None = None
    ) -> StoredObject:
        """Replace an object by what ``change`` makes of it, while nobody else changes it.

        ``change`` may raise to leave it as it is.

        Raises:
            NotFoundError: the owner has none of this id, or its parent is another.
        """
        async with self._database.writing() as connection:
            row = await _find(connection, owner, kind, object_id, parent_id, lock=True)
            changed = change(to_object(row))
            await connection.execute(
                update(OBJECTS).where(OBJECTS.c.id == object_id).values(to_values(changed))
            )
        return changed

    async def lock(self, owner: str, kind: str, object_id: str) -> StoredObject:
        """Return an object that nobody else changes before the caller's transaction ends.

        Raises:
            NotFoundError: the owner has none of this id.
        """
        async with self._database.writing() as connection:
            return to_object(await _find(connection, owner, kind, object_id, None, lock=True))

    async def put(self, *objects: StoredObject) -> None:
        """Replace objects by what they are here; those that are gone stay gone."""
        async with self._database.writing() as connection:
            for stored in objects:
                await connection.execute(
                    update(OBJECTS).where(OBJECTS.c.id == stored.id).values(to_values(stored))
                )

    async def merge(
        self,
        owner: str,
        kind: str,
        object_id: str,
        fields: dict[str, Any],
        parent_id: str | None = None,
    ) -> StoredObject:
        """Give an object other values in some fields of its body.

        Raises:
            NotFoundError: the owner has none of this id, or its parent is another.
        """

        def merged(stored: StoredObject) -> StoredObject:
            return replace(stored, body={**stored.body, **fields})

        return await self.change(owner, kind, object_id, merged, parent_id)

    async def delete(
        self, owner: str, kind: str, object_id: str, parent_id: str | None = None
    ) -> StoredObject:
        """Forget an object and what belongs to it; return what it was.

        Raises:
            NotFoundError: the owner has none of this id, or its parent is another.
        """
        async with self._database.writing() as connection:
            row = await _find(connection, owner, kind, object_id, parent_id, lock=True)
            await connection.execute(delete(OBJECTS).where(OBJECTS.c.id == object_id))
        return to_object(row)

    async def expired(self, kind: str, limit: int = 100) -> list[StoredObject]:
        """Return objects that nobody finds any more, of any owner, for who has to tidy up."""
        query = (
            select(*COLUMNS)
            .where(OBJECTS.c.kind == kind, OBJECTS.c.expires_at <= time())
            .order_by(OBJECTS.c.number)
            .limit(limit)
        )
        async with self._database.reading() as connection:
            return [to_object(row) for row in (await connection.execute(query)).all()]

    async def remove(self, object_id: str) -> None:
        """Forget an expired object and what belongs to it, if it is still there."""
        async with self._database.writing() as connection:
            await connection.execute(delete(OBJECTS).where(OBJECTS.c.id == object_id))


def is_live() -> ColumnElement[bool]:
    """Return the condition that an object has not expired."""
    return or_(OBJECTS.c.expires_at.is_(None), OBJECTS.c.expires_at > time())


async def _find(
    connection: AsyncConnection,
    owner: str,
    kind: str,
    object_id: str,
    parent_id: str | None,
    *,
    lock: bool = False,
) -> Row[Any]:
    if is_id(object_id):
        query = select(*COLUMNS).where(
            OBJECTS.c.id == object_id, OBJECTS.c.owner == owner, OBJECTS.c.kind == kind, is_live()
        )
        if parent_id is not None:
            query = query.where(OBJECTS.c.parent_id == parent_id)
        row = (await connection.execute(query.with_for_update() if lock else query)).one_or_none()
        if row is not None:
            return row
    raise NotFoundError(f"No {kind.rpartition('.')[2]} found with id {echo(object_id)}.")


async def _number(
    connection: AsyncConnection, mine: Sequence[ColumnElement[bool]], object_id: str, param: str
) -> int:
    if is_id(object_id):
        query = select(OBJECTS.c.number).where(*mine, OBJECTS.c.id == object_id)
        number = (await connection.execute(query)).scalar_one_or_none()
        if number is not None:
            return number
    raise InvalidRequestError(f"Invalid '{param}': no object with id {echo(object_id)}.", param)
