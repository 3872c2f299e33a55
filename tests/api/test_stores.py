"""LocalAI's stores, as its clients use them."""

from typing import Any

import httpx2
import pytest

from tests.api.conftest import CreateApi
from tests.api.errors import assert_openai_error
from tests.support.scripted_model import connect

KEYS = [[0.1, 0.2, 0.3], [0.4, 0.5, 0.6], [-0.1, 0.8, -0.9]]
VALUES = ["one", "two", "three\0"]


async def ask(http: httpx2.AsyncClient, what: str, root: str = "/v1", **body: Any) -> Any:
    answer = await http.post(f"{root}/stores/{what}", json=body)
    assert answer.status_code == 200, answer.text
    return answer.json()


@pytest.mark.parametrize("root", ["/v1", ""])
async def test_what_was_set_is_got_found_and_deleted(http: httpx2.AsyncClient, root: str) -> None:
    await ask(http, "set", root, keys=KEYS, values=VALUES)

    assert await ask(http, "get", root, keys=KEYS) == {"keys": KEYS, "values": VALUES}
    await ask(http, "delete", root, keys=[KEYS[0]])
    assert await ask(http, "get", root, keys=KEYS[:2]) == {"keys": KEYS[1:2], "values": ["two"]}
    found = await ask(http, "find", root, key=[0.1, 0.2, 0.3], topk=10)
    assert found["values"] == ["two", "three\0"]
    assert found["keys"] == KEYS[1:]
    assert 1 >= found["similarities"][0] > 0.97 > found["similarities"][1] >= -1


async def test_value_at_a_key_is_replaced_and_the_best_come_first(http: httpx2.AsyncClient) -> None:
    await ask(http, "set", store="a", keys=[[3.0, 4.0], [-3.0, -4.0], [0.0, 0.0]], values=VALUES)
    await ask(http, "set", store="a", keys=[[3.0, 4.0]], values=["new"])

    found = await ask(http, "find", store="a", key=[6.0, 8.0], topk=3)

    assert found["values"] == ["new", "three\0", "two"]
    assert found["similarities"] == pytest.approx([1, 0, -1])
    assert (await ask(http, "find", store="a", key=[1.0, 1.0], topk=1))["values"] == ["new"]


async def test_stores_are_apart_by_name_and_by_key(create: CreateApi) -> None:
    api = create(frozenset({"sk-one", "sk-two"}))
    async with api.router.lifespan_context(api), connect(api) as http:
        for key, store in (("sk-one", "a"), ("sk-one", "b"), ("sk-two", "a")):
            http.headers["authorization"] = f"Bearer {key}"
            await ask(http, "set", store=store, keys=[[1.0]], values=[f"{key} {store}"])

        for key, store in (("sk-one", "a"), ("sk-one", "b"), ("sk-two", "a")):
            http.headers["authorization"] = f"Bearer {key}"
            found = await ask(http, "find", store=store, key=[1.0], topk=5)
            assert found["values"] == [f"{key} {store}"]


async def test_store_that_nobody_filled_is_empty_and_takes_keys_of_any_length(
    http: httpx2.AsyncClient,
) -> None:
    assert await ask(http, "find", key=[1.0], topk=1) == {
        "keys": [],
        "values": [],
        "similarities": [],
    }
    assert await ask(http, "get", keys=[[1.0]]) == {"keys": [], "values": []}
    await ask(http, "delete", keys=[[1.0]])
    await ask(http, "set", keys=[[1.0]], values=["a"])
    assert (await ask(http, "find", key=[1.0], topk=1))["values"] == ["a"]
    await ask(http, "delete", keys=[[1.0]])
    await ask(http, "set", keys=[[1.0, 2.0]], values=["b"])
    assert (await ask(http, "find", key=[1.0, 2.0], topk=1))["values"] == ["b"]


@pytest.mark.parametrize(
    ("what", "body", "param"),
    [
        ("set", {"keys": [[1.0, 2.0]], "values": ["a"]}, "keys"),
        ("set", {"keys": [[1.0]], "values": ["a", "b"]}, "values"),
        ("set", {"keys": [[1.0], [1.0, 2.0]], "values": ["a", "b"]}, "keys"),
        ("set", {"keys": [], "values": []}, "keys"),
        ("set", {"keys": [[]], "values": ["a"]}, "keys[0]"),
        ("set", {"keys": [[1e39]], "values": ["a"]}, "keys[0][0]"),
        ("set", {"keys": [["x"]], "values": ["a"]}, "keys[0][0]"),
        ("set", {"keys": [[1.0]], "values": [1]}, "values[0]"),
        ("get", {}, "keys"),
        ("find", {"key": [1.0, 2.0], "topk": 1}, "key"),
        ("find", {"key": [1.0], "topk": 0}, "topk"),
        ("find", {"key": [1.0], "topk": 1001}, "topk"),
        ("find", {"key": [1.0], "topk": 1, "store": "x" * 257}, "store"),
    ],
)
async def test_request_that_does_not_fit_is_refused(
    http: httpx2.AsyncClient, what: str, body: dict[str, Any], param: str
) -> None:
    await ask(http, "set", keys=[[1.0]], values=["there"])

    answer = await http.post(f"/v1/stores/{what}", json=body)

    assert_openai_error(answer, 400, param)
