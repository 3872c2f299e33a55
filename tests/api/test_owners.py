"""Whose the stored objects are: those of the key that made them."""

import pytest

from serve_app.http.auth import EVERYONE, hash_owner
from tests.api.conftest import CreateApi
from tests.support.scripted_model import connect

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
