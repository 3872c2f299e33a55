"""Whose the stored objects are: those of the key that made them."""

import json
from typing import Any

import httpx2
import pytest

from serve_app.http.auth import EVERYONE, hash_owner
from tests.api.conftest import CreateApi
from tests.support.scripted_model import ScriptedModel, connect
from tests.support.waiting import until

ONE, TWO = "sk-one", "sk-two"
PATH = "/v1/conversations"


async def test_key_sees_its_own_objects_only_by_whichever_header_it_comes(
    create: CreateApi,
) -> None:
    api = create(frozenset({ONE, TWO}))
    async with api.router.lifespan_context(api), connect(api) as client:
        kept = (await client.post(PATH, json={}, headers={"x-api-key": ONE})).json()
        path = f"{PATH}/{kept['id']}"

        mine = await client.get(path, headers={"authorization": f"Bearer {ONE}"})
        theirs = await client.get(path, headers={"x-api-key": TWO})

    assert mine.json() == kept
    assert theirs.status_code == 404
    assert theirs.json()["error"]["message"] == f"Conversation with id '{kept['id']}' not found."


@pytest.mark.parametrize("headers", [{}, {"authorization": "Bearer anything"}])
async def test_server_without_keys_has_one_owner_whatever_clients_send(
    create: CreateApi, headers: dict[str, str]
) -> None:
    api = create()
    async with api.router.lifespan_context(api), connect(api) as client:
        kept = (await client.post(PATH, json={}, headers=headers)).json()

        assert (await client.get(f"{PATH}/{kept['id']}")).json() == kept


def test_owner_of_a_key_does_not_tell_the_key_and_that_of_no_key_is_everyone() -> None:
    assert ONE not in hash_owner(ONE)
    assert hash_owner(ONE) == hash_owner(ONE) != hash_owner(TWO)
    assert hash_owner(None) == hash_owner("") == EVERYONE != hash_owner("everyone")


HELLO = [{"role": "user", "content": "hi"}]
PROMPTS: dict[str, dict[str, Any]] = {
    "/v1/chat/completions": {"messages": HELLO},
    "/v1/completions": {"prompt": "hi"},
    "/v1/responses": {"input": "hi", "store": False},
    "/v1/messages": {"messages": HELLO, "max_tokens": 5},
}


async def salts_of(
    client: httpx2.AsyncClient, model: ScriptedModel, path: str, **fields: Any
) -> list[str | None]:
    """Return the salt of the cache with which each key's request reaches the engine."""
    model.script = [b"{}"]
    salts: list[str | None] = []
    for key in (ONE, ONE, TWO):
        await client.post(path, json=PROMPTS[path] | fields, headers={"x-api-key": key})
        salts.append(model.asked.get("cache_salt"))
    return salts


@pytest.mark.parametrize(
    ("path", "fields"),
    [
        *((path, {}) for path in PROMPTS),
        ("/v1/chat/completions", {"cache_salt": "mine"}),
        ("/v1/completions", {"cache_salt": "mine"}),
    ],
)
async def test_keys_have_separate_caches_of_prompts(
    path: str, fields: dict[str, str], create: CreateApi, model: ScriptedModel
) -> None:
    api = create(frozenset({ONE, TWO}))
    async with api.router.lifespan_context(api), connect(api) as client:
        first, second, other = await salts_of(client, model, path, **fields)

    assert first == second != other
    assert first
    assert ("mine" in first) == bool(fields)
    assert ONE not in first


async def test_keys_share_the_cache_where_the_operator_says_so_and_a_server_without_keys_has_one(
    create: CreateApi, model: ScriptedModel
) -> None:
    for api in (create(frozenset({ONE, TWO}), share_prompt_cache=True), create()):
        async with api.router.lifespan_context(api), connect(api) as client:
            assert await salts_of(client, model, "/v1/chat/completions") == [None] * 3


async def test_background_work_uses_its_owners_cache(
    create: CreateApi, model: ScriptedModel
) -> None:
    api = create(frozenset({ONE}))
    async with api.router.lifespan_context(api), connect(api) as client:
        model.script = [b"{}"]
        headers = {"x-api-key": ONE}
        await client.post("/v1/responses", json={"input": "hi"}, headers=headers)
        await client.post(
            "/v1/responses", json={"input": "hi", "background": True}, headers=headers
        )
        await until(lambda: len(model.calls) > 1)

    salts = {json.loads(call.body).get("cache_salt") for call in model.calls}
    assert salts == {hash_owner(ONE)}


async def test_calls_name_their_owner_by_a_short_hash_of_it_where_there_are_keys(
    create: CreateApi, model: ScriptedModel
) -> None:
    model.script = [b"{}"]
    for keys in (frozenset({ONE, TWO}), frozenset[str]()):
        api = create(keys)
        async with api.router.lifespan_context(api), connect(api) as client:
            for key in (ONE, ONE, TWO):
                await client.post(
                    "/v1/chat/completions", json={"messages": HELLO}, headers={"x-api-key": key}
                )

    first, second, other, *without = (call.owner for call in model.calls)
    assert first == second != other
    assert len(first) == 16
    assert first not in hash_owner(ONE)
    assert without == [""] * 3
