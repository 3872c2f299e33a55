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
    """The requested part of a list."""

    limit: int = 20
    order: Literal["asc", "desc"] = "desc"
    after: str | None = None
    before: str | None = None


class ObjectStore:
    """The stored objects of a database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, *objects: StoredObject) -> None:
        """Store new objects, all or none; a parent before its children."""
        async with self._database.writing() as connection:
            for stored in objects:  # one by one: their numbers give their order
                await connection.execute(insert(OBJECTS).values(to_values(stored)))

    async def get(
        self, owner: str, kind: str, object_id: str, parent_id: str | None = None
    ) -> StoredObject:
        """Return an object.

        Raises:
            NotFoundError: the owner has no such object, or its parent is another.
        """
        async with self._database.reading() as connection:
            return to_object(await _find(connection, owner, kind, object_id, parent_id))

    async def find(self, owner: str, kind: str, ids: Sequence[str]) -> dict[str, StoredObject]:
        """Return those of the objects that exist, by id."""
        if not ids:
            return {}
        conditions = [is_live(), OBJECTS.c.owner == owner, OBJECTS.c.kind == kind]
        query = select(*COLUMNS).where(
            *conditions, OBJECTS.c.id.in_([each for each in ids if is_id(each)])
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
        """Return a part of the objects of a kind, and whether more follow.

        Raises:
            InvalidRequestError: ``after`` or ``before`` is not one of them.
        """
        number, is_ascending = OBJECTS.c.number, cursor.order == "asc"
        conditions = [is_live(), OBJECTS.c.owner == owner, OBJECTS.c.kind == kind]
        if parent_id is not None:
            conditions.append(OBJECTS.c.parent_id == parent_id)
        # The object at which a page ended may not match ``where`` any more: its status has changed.
        within = [*conditions, *where]
        nearest_last = cursor.before is not None and cursor.after is None
        async with self._database.reading() as connection:
            if cursor.after is not None:
                start = await _find_number(connection, conditions, cursor.after, "after")
                within.append(number > start if is_ascending else number < start)
            if cursor.before is not None:
                end = await _find_number(connection, conditions, cursor.before, "before")
                within.append(number < end if is_ascending else number > end)
            # A page before an object has the nearest ones, not the first of the list.
            ascending = is_ascending != nearest_last
            query = select(*COLUMNS).where(*within).order_by(number if ascending else number.desc())
            rows = (await connection.execute(query.limit(cursor.limit + 1))).all()
        objects = [to_object(row) for row in rows[: cursor.limit]]
        return objects[::-1] if nearest_last else objects, len(rows) > cursor.limit

    async def all(
        self, owner: str, kind: str, parent_id: str, statuses: Sequence[str] = ()
    ) -> list[StoredObject]:
        """Return all children of a kind (and with one of the statuses) of an object, in order."""
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
        """Return how many children of a kind an object has, by status."""
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
        """Replace an object by the result of ``change``, under a lock.

        If ``change`` raises, the object stays unchanged.

        Raises:
            NotFoundError: the owner has no such object, or its parent is another.
        """
        async with self._database.writing() as connection:
            row = await _find(connection, owner, kind, object_id, parent_id, lock=True)
            changed = change(to_object(row))
            await connection.execute(
                update(OBJECTS).where(OBJECTS.c.id == object_id).values(to_values(changed))
            )
        return changed

    async def lock(self, owner: str, kind: str, object_id: str) -> StoredObject:
        """Return an object, locked until the caller's transaction ends.

        Raises:
            NotFoundError: the owner has no such object.
        """
        async with self._database.writing() as connection:
            return to_object(await _find(connection, owner, kind, object_id, None, lock=True))

    async def put(self, *objects: StoredObject) -> None:
        """Replace stored objects by these; deleted ones are not created again."""
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
        """Set some fields of an object's body.

        Raises:
            NotFoundError: the owner has no such object, or its parent is another.
        """

        def merge(stored: StoredObject) -> StoredObject:
            return replace(stored, body={**stored.body, **fields})

        return await self.change(owner, kind, object_id, merge, parent_id)

    async def delete(
        self, owner: str, kind: str, object_id: str, parent_id: str | None = None
    ) -> StoredObject:
        """Delete an object and its children; return it.

        Raises:
            NotFoundError: the owner has no such object, or its parent is another.
        """
        async with self._database.writing() as connection:
            row = await _find(connection, owner, kind, object_id, parent_id, lock=True)
            await connection.execute(delete(OBJECTS).where(OBJECTS.c.id == object_id))
        return to_object(row)

    async def find_expired(self, kind: str, limit: int = 100) -> list[StoredObject]:
        """Return expired objects of any owner, for deletion."""
        query = (
            select(*COLUMNS)
            .where(OBJECTS.c.kind == kind, OBJECTS.c.expires_at <= time())
            .order_by(OBJECTS.c.number)
            .limit(limit)
        )
        async with self._database.reading() as connection:
            return [to_object(row) for row in (await connection.execute(query)).all()]

    async def remove(self, object_id: str) -> None:
        """Delete an object and its children, if it exists."""
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


async def _find_number(
    connection: AsyncConnection,
    conditions: Sequence[ColumnElement[bool]],
    object_id: str,
    param: str,
) -> int:
    if is_id(object_id):
        query = select(OBJECTS.c.number).where(*conditions, OBJECTS.c.id == object_id)
        number = (await connection.execute(query)).scalar_one_or_none()
        if number is not None:
            return number
    raise InvalidRequestError(f"Invalid '{param}': no object with id {echo(object_id)}.", param)
