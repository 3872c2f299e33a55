# pyright: reportDeprecated=false
from typing import Any

import httpx2
import openai
import pytest
from openai import AsyncOpenAI
from openai.types.beta import Thread, ThreadDeleted
from openai.types.beta.threads import Message
from openai.types.beta.threads.message_deleted import MessageDeleted

from tests.api.assistants import texts
from tests.support.openai_conformance import assert_conforms


async def test_thread_begins_with_its_messages_in_order(openai_client: AsyncOpenAI) -> None:
    raw = await openai_client.beta.threads.with_raw_response.create(
        messages=[
            {"role": "user", "content": "one", "metadata": {"n": "1"}},
            {"role": "assistant", "content": [{"type": "text", "text": "two"}]},
        ],
        metadata={"topic": "t"},
    )

    thread = assert_conforms(Thread, raw.text)
    assert thread.id.startswith("thread_")
    assert thread.metadata == {"topic": "t"}
    assert await texts(openai_client, thread.id) == ["one", "two"]
    assert await openai_client.beta.threads.retrieve(thread.id) == raw.parse()


async def test_thread_without_a_body_is_empty(http: httpx2.AsyncClient) -> None:
    made = await http.post("/v1/threads")

    assert made.status_code == 200
    listed = await http.get(f"/v1/threads/{made.json()['id']}/messages")
    assert listed.json()["data"] == []


async def test_message_is_added_read_changed_and_deleted(openai_client: AsyncOpenAI) -> None:
    threads = openai_client.beta.threads
    thread = await threads.create()

    raw = await threads.messages.with_raw_response.create(thread.id, role="user", content="hé")

    message = assert_conforms(Message, raw.text)
    assert message.thread_id == thread.id
    assert (message.role, message.status) == ("user", "completed")
    assert await threads.messages.retrieve(message.id, thread_id=thread.id) == raw.parse()
    changed = await threads.messages.update(message.id, thread_id=thread.id, metadata={"a": "b"})
    assert changed.metadata == {"a": "b"}
    assert changed.content == raw.parse().content
    gone = await threads.messages.delete(message.id, thread_id=thread.id)
    assert gone == MessageDeleted(id=message.id, object="thread.message.deleted", deleted=True)
    with pytest.raises(openai.NotFoundError, match="No message found"):
        await threads.messages.retrieve(message.id, thread_id=thread.id)


async def test_messages_are_listed_in_pages(openai_client: AsyncOpenAI) -> None:
    thread = await openai_client.beta.threads.create(
        messages=[{"role": "user", "content": str(n)} for n in range(5)]
    )

    pages = await openai_client.beta.threads.messages.list(thread.id, limit=2)

    said = [message.content[0].text.value async for message in pages]  # type: ignore[union-attr]
    assert said == ["4", "3", "2", "1", "0"]


async def test_message_belongs_to_its_thread_only(openai_client: AsyncOpenAI) -> None:
    threads = openai_client.beta.threads
    one = await threads.create(messages=[{"role": "user", "content": "x"}])
    other = await threads.create()
    message = (await threads.messages.list(one.id)).data[0]

    with pytest.raises(openai.NotFoundError):
        await threads.messages.retrieve(message.id, thread_id=other.id)
    with pytest.raises(openai.NotFoundError):
        await threads.messages.delete(message.id, thread_id=other.id)


async def test_deleted_thread_takes_its_messages_with_it(openai_client: AsyncOpenAI) -> None:
    threads = openai_client.beta.threads
    thread = await threads.create(messages=[{"role": "user", "content": "x"}])
    message = (await threads.messages.list(thread.id)).data[0]

    gone = await threads.delete(thread.id)

    assert gone == ThreadDeleted(id=thread.id, object="thread.deleted", deleted=True)
    with pytest.raises(openai.NotFoundError):
        await threads.messages.list(thread.id)
    with pytest.raises(openai.NotFoundError):
        await threads.messages.retrieve(message.id, thread_id=thread.id)


async def test_change_of_a_thread_leaves_the_rest(openai_client: AsyncOpenAI) -> None:
    thread = await openai_client.beta.threads.create(metadata={"a": "b"})

    same = await openai_client.beta.threads.update(thread.id)
    changed = await openai_client.beta.threads.update(thread.id, metadata={"c": "d"})

    assert same.metadata == {"a": "b"}
    assert changed.metadata == {"c": "d"}


async def test_other_key_sees_nothing_of_a_thread(
    two_keys: tuple[AsyncOpenAI, AsyncOpenAI],
) -> None:
    mine, other = two_keys
    thread = await mine.beta.threads.create(messages=[{"role": "user", "content": "x"}])

    with pytest.raises(openai.NotFoundError):
        await other.beta.threads.retrieve(thread.id)
    with pytest.raises(openai.NotFoundError):
        await other.beta.threads.messages.list(thread.id)
    with pytest.raises(openai.NotFoundError):
        await other.beta.threads.messages.create(thread.id, role="user", content="y")
    assert await texts(mine, thread.id) == ["x"]


@pytest.mark.parametrize(
    ("message", "param"),
    [
        ({"role": "system", "content": "x"}, "role"),
        ({"role": "user"}, "content"),
        ({"role": "user", "content": ""}, "content"),
        ({"role": "user", "content": "x" * 256_001}, "content"),
        ({"role": "user", "content": []}, "content"),
        ({"role": "user", "content": [{"type": "sound"}]}, "content"),
        ({"role": "user", "content": [{"type": "image_url", "image_url": {}}]}, "content"),
        ({"role": "user", "content": "x", "attachments": [{"file_id": "file-1"}]}, "attachments"),
        (
            {
                "role": "user",
                "content": "x",
                "attachments": [{"file_id": "file-1", "tools": [{"type": "file_search"}]}],
            },
            "attachments",
        ),
        ({"role": "user", "content": "x", "metadata": {"k": 1}}, "metadata.k"),
    ],
)
async def test_wrong_message_is_refused_by_name(
    http: httpx2.AsyncClient, message: dict[str, Any], param: str
) -> None:
    thread_id = (await http.post("/v1/threads", json={})).json()["id"]

    answer = await http.post(f"/v1/threads/{thread_id}/messages", json=message)

    assert answer.status_code == 400, answer.text
    assert answer.json()["error"]["param"].startswith(param)
    assert (await http.get(f"/v1/threads/{thread_id}/messages")).json()["data"] == []
