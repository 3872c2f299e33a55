"""Stored conversations: their metadata and their items, in the order in which they were added.

To anybody but its owner a conversation does not exist. Of an item only the id is read.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import delete, insert, select, update
from sqlalchemy.engine import Row
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from serve_app.storage.database import Database
from serve_app.storage.tables import CONVERSATION_ITEMS as ITEMS
from serve_app.storage.tables import CONVERSATIONS
from wire.errors import InvalidRequestError, NotFoundError
from wire.ids import is_id, new_id

Item = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Conversation:
    """A conversation without its items."""

    id: str
    owner: str
    created_at: int
    """Unix time."""
    metadata: dict[str, str]


class ConversationStore:
    """The conversations of a database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def create(
        self, owner: str, metadata: dict[str, str], items: Sequence[Item] = ()
    ) -> Conversation:
        """Store a new conversation and its first items, each with an id.

        Raises:
            InvalidRequestError: two of the items have the same id.
        """
        conversation = Conversation(new_id("conv"), owner, int(time.time()), metadata)
        async with self._database.writing() as connection:
            await connection.execute(
                insert(CONVERSATIONS).values(
                    id=conversation.id,
                    owner=owner,
                    created_at=conversation.created_at,
                    metadata=metadata,
                    next_position=len(items),
                )
            )
            await _insert(connection, conversation.id, 0, items)
        return conversation

    async def get(self, owner: str, conversation_id: str) -> Conversation:
        """Return a conversation.

        Raises:
            NotFoundError: the owner has none of this id.
        """
        async with self._database.reading() as connection:
            return _conversation(await _find(connection, owner, conversation_id))

    async def update(
        self, owner: str, conversation_id: str, metadata: dict[str, str]
    ) -> Conversation:
        """Replace the metadata.

        Raises:
            NotFoundError: the owner has none of this id.
        """
        async with self._database.writing() as connection:
            row = await _find(connection, owner, conversation_id, lock=True)
            await connection.execute(
                update(CONVERSATIONS)
                .where(CONVERSATIONS.c.id == conversation_id)
                .values(metadata=metadata)
            )
        return Conversation(row.id, row.owner, row.created_at, metadata)

    async def delete(self, owner: str, conversation_id: str) -> None:
        """Delete a conversation and its items.

        Raises:
            NotFoundError: the owner has none of this id.
        """
        async with self._database.writing() as connection:
            await _find(connection, owner, conversation_id, lock=True)
            await connection.execute(
                delete(CONVERSATIONS).where(CONVERSATIONS.c.id == conversation_id)
            )

    async def add_items(self, owner: str, conversation_id: str, items: Sequence[Item]) -> None:
        """Append items, each with an id: all of them, adjacent, or none.

        Raises:
            NotFoundError: the owner has no conversation of this id.
            InvalidRequestError: it has an item of this id already.
        """
        async with self._database.writing() as connection:
            # Other tasks that add items wait here until this transaction ends.
            row = await _find(connection, owner, conversation_id, lock=True)
            await connection.execute(
                update(CONVERSATIONS)
                .where(CONVERSATIONS.c.id == conversation_id)
                .values(next_position=row.next_position + len(items))
            )
            await _insert(connection, conversation_id, row.next_position, items)

    async def items(
        self,
        owner: str,
        conversation_id: str,
        *,
        limit: int,
        order: Literal["asc", "desc"] = "desc",
        after: str | None = None,
    ) -> tuple[list[Item], bool]:
        """Return up to ``limit`` items after ``after``, and whether there are more.

        Raises:
            NotFoundError: the owner has no conversation of this id, or it has no item ``after``.
        """
        position = ITEMS.c.position
        query = select(ITEMS.c.body).where(ITEMS.c.conversation_id == conversation_id)
        query = query.order_by(position if order == "asc" else position.desc())
        async with self._database.reading() as connection:
            await _find(connection, owner, conversation_id)
            if after is not None:
                start = (await _find_item(connection, conversation_id, after)).position
                query = query.where(position > start if order == "asc" else position < start)
            found = list((await connection.execute(query.limit(limit + 1))).scalars())
        return found[:limit], len(found) > limit

    async def all_items(self, owner: str, conversation_id: str) -> list[Item]:
        """Return the items in the order in which they were added.

        Raises:
            NotFoundError: the owner has no conversation of this id.
        """
        async with self._database.reading() as connection:
            await _find(connection, owner, conversation_id)
            query = (
                select(ITEMS.c.body)
                .where(ITEMS.c.conversation_id == conversation_id)
                .order_by(ITEMS.c.position)
            )
            return list((await connection.execute(query)).scalars())

    async def item(self, owner: str, conversation_id: str, item_id: str) -> Item:
        """Return an item.

        Raises:
            NotFoundError: the owner has no such conversation, or it has no such item.
        """
        async with self._database.reading() as connection:
            await _find(connection, owner, conversation_id)
            return (await _find_item(connection, conversation_id, item_id)).body

    async def find_item(self, owner: str, item_id: str) -> Item | None:
        """Return an item of one of the owner's conversations, or None."""
        query = (
            select(ITEMS.c.body)
            .join(CONVERSATIONS, CONVERSATIONS.c.id == ITEMS.c.conversation_id)
            .where(CONVERSATIONS.c.owner == owner, ITEMS.c.id == item_id)
            .limit(1)
        )
        async with self._database.reading() as connection:
            return (await connection.execute(query)).scalar_one_or_none()

    async def delete_item(self, owner: str, conversation_id: str, item_id: str) -> None:
        """Delete an item. The others keep their positions.

        Raises:
            NotFoundError: the owner has no such conversation, or it has no such item.
        """
        async with self._database.writing() as connection:
            await _find(connection, owner, conversation_id)
            await _find_item(connection, conversation_id, item_id)
            await connection.execute(
                delete(ITEMS).where(
                    ITEMS.c.conversation_id == conversation_id, ITEMS.c.id == item_id
                )
            )


async def _find(
    connection: AsyncConnection, owner: str, conversation_id: str, *, lock: bool = False
) -> Row[Any]:
    if is_id(conversation_id):
        query = select(CONVERSATIONS).where(
            CONVERSATIONS.c.id == conversation_id, CONVERSATIONS.c.owner == owner
        )
        row = (await connection.execute(query.with_for_update() if lock else query)).one_or_none()
        if row is not None:
            return row
    raise NotFoundError(f"Conversation with id {conversation_id[:100]!r} not found.")


async def _find_item(connection: AsyncConnection, conversation_id: str, item_id: str) -> Row[Any]:
    if is_id(item_id):
        query = select(ITEMS).where(
            ITEMS.c.conversation_id == conversation_id, ITEMS.c.id == item_id
        )
        row = (await connection.execute(query)).one_or_none()
        if row is not None:
            return row
    raise NotFoundError(
        f"Item with id {item_id[:100]!r} not found in conversation {conversation_id!r}."
    )


async def _insert(
    connection: AsyncConnection, conversation_id: str, position: int, items: Sequence[Item]
) -> None:
    rows = [
        {
            "conversation_id": conversation_id,
            "id": item["id"],
            "position": position + number,
            "body": item,
        }
        for number, item in enumerate(items)
    ]
    try:
        if rows:
            await connection.execute(insert(ITEMS), rows)
    except IntegrityError as error:
        raise InvalidRequestError(
            "An item is in the conversation already, or twice among the new ones.", "items"
        ) from error


def _conversation(row: Row[Any]) -> Conversation:
    return Conversation(row.id, row.owner, row.created_at, row.metadata)
