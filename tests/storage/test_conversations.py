import asyncio
from typing import Any

import pytest

from serve_app.storage.conversations import ConversationStore
from serve_app.storage.database import Database
from tests.storage.stored import OWNER
from wire.errors import InvalidRequestError, NotFoundError


def items(*names: str) -> list[dict[str, Any]]:
    return [{"id": name, "type": "message", "content": f"I am {name}"} for name in names]


def names(found: list[dict[str, Any]]) -> list[str]:
    return [item["id"] for item in found]


async def test_conversation_is_read_as_it_was_created(
    conversations: ConversationStore, other: Database
) -> None:
    created = await conversations.create(OWNER, {"topic": "é\0"}, items("a", "b"))
    elsewhere = ConversationStore(other)

    assert created.id.startswith("conv_")
    assert await elsewhere.get(OWNER, created.id) == created
    assert await elsewhere.all_items(OWNER, created.id) == items("a", "b")


async def test_metadata_is_replaced(conversations: ConversationStore) -> None:
    created = await conversations.create(OWNER, {"a": "1"})

    updated = await conversations.update(OWNER, created.id, {"b": "2"})

    assert updated.metadata == {"b": "2"}
    assert await conversations.get(OWNER, created.id) == updated


async def test_pages_together_are_all_items_in_either_order(
    conversations: ConversationStore,
) -> None:
    kept = (await conversations.create(OWNER, {}, items("a", "b", "c", "d", "e"))).id

    first = await conversations.items(OWNER, kept, limit=2)
    second = await conversations.items(OWNER, kept, limit=2, after="d")
    last = await conversations.items(OWNER, kept, limit=2, after="b")
    assert [(names(page), more) for page, more in (first, second, last)] == [
        (["e", "d"], True),
        (["c", "b"], True),
        (["a"], False),
    ]
    page, more = await conversations.items(OWNER, kept, limit=3, order="asc", after="b")
    assert (names(page), more) == (["c", "d", "e"], False)
    page, more = await conversations.items(OWNER, kept, limit=3, order="asc", after="e")
    assert (names(page), more) == ([], False)


async def test_items_added_at_the_same_time_do_not_mix(
    conversations: ConversationStore, other: Database
) -> None:
    kept = (await conversations.create(OWNER, {})).id
    stores = (conversations, ConversationStore(other))
    await asyncio.gather(
        *(
            stores[number % 2].add_items(
                OWNER, kept, items(*(f"{number}-{part}" for part in range(3)))
            )
            for number in range(20)
        )
    )

    found = names(await conversations.all_items(OWNER, kept))

    assert len(found) == 60
    for start in range(0, 60, 3):
        number = found[start].split("-")[0]
        assert found[start : start + 3] == [f"{number}-{part}" for part in range(3)]


async def test_item_is_found_and_deleted_and_the_others_keep_their_order(
    conversations: ConversationStore,
) -> None:
    kept = (await conversations.create(OWNER, {}, items("a", "b", "c"))).id
    assert await conversations.item(OWNER, kept, "b") == items("b")[0]

    await conversations.delete_item(OWNER, kept, "b")
    await conversations.add_items(OWNER, kept, items("d"))

    assert names(await conversations.all_items(OWNER, kept)) == ["a", "c", "d"]
    for ask in (conversations.item, conversations.delete_item):
        with pytest.raises(NotFoundError, match="Item with id 'b' not found"):
            await ask(OWNER, kept, "b")
    with pytest.raises(NotFoundError, match="Item with id 'b' not found"):
        await conversations.items(OWNER, kept, limit=1, after="b")


async def test_items_of_which_one_is_there_already_are_all_refused(
    conversations: ConversationStore,
) -> None:
    kept = (await conversations.create(OWNER, {}, items("a"))).id

    for refused in (items("b", "a"), items("c", "c")):
        with pytest.raises(InvalidRequestError, match="already, or twice"):
            await conversations.add_items(OWNER, kept, refused)

    await conversations.add_items(OWNER, kept, items("d"))
    assert names(await conversations.all_items(OWNER, kept)) == ["a", "d"]


async def test_one_item_may_be_in_two_conversations(conversations: ConversationStore) -> None:
    one = (await conversations.create(OWNER, {}, items("a"))).id
    two = (await conversations.create(OWNER, {}, items("a"))).id

    await conversations.delete_item(OWNER, one, "a")

    assert names(await conversations.all_items(OWNER, two)) == ["a"]


async def test_deleted_conversation_is_gone_with_its_items(
    conversations: ConversationStore,
) -> None:
    kept = (await conversations.create(OWNER, {}, items("a"))).id

    await conversations.delete(OWNER, kept)

    await assert_unknown(conversations, OWNER, kept)


@pytest.mark.parametrize("name", ["conv_" + 48 * "0", "", "conv_\0", "x" * 5000])
async def test_unknown_conversation_is_not_found(
    conversations: ConversationStore, name: str
) -> None:
    await assert_unknown(conversations, OWNER, name)


async def test_conversation_of_another_owner_is_not_found(
    conversations: ConversationStore,
) -> None:
    kept = (await conversations.create(OWNER, {"a": "b"}, items("a"))).id

    await assert_unknown(conversations, "two", kept)

    assert names(await conversations.all_items(OWNER, kept)) == ["a"]
    assert (await conversations.get(OWNER, kept)).metadata == {"a": "b"}


async def assert_unknown(store: ConversationStore, owner: str, name: str) -> None:
    for asked in (
        store.get(owner, name),
        store.update(owner, name, {}),
        store.delete(owner, name),
        store.add_items(owner, name, items("b")),
        store.items(owner, name, limit=1),
        store.all_items(owner, name),
        store.item(owner, name, "a"),
        store.delete_item(owner, name, "a"),
    ):
        with pytest.raises(NotFoundError, match=r"^Conversation with id .* not found\.$"):
            await asked
