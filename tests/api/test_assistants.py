# pyright: reportDeprecated=false
from typing import Any

import httpx2
import openai
import pytest
from openai import AsyncOpenAI
from openai.types.beta import Assistant, AssistantDeleted

from tests.api.assistants import assistant
from tests.support.chat_frames import FUNCTION
from tests.support.openai_conformance import assert_conforms


async def test_assistant_has_what_it_was_made_with(openai_client: AsyncOpenAI) -> None:
    raw = await openai_client.beta.assistants.with_raw_response.create(
        model="small",
        name="Ada",
        description="counts",
        instructions="Be brief.",
        tools=[FUNCTION, {"type": "file_search"}],
        metadata={"team": "a"},
        temperature=0.5,
        top_p=0.9,
        response_format={"type": "json_object"},
    )

    made = assert_conforms(Assistant, raw.text)
    assert made.id.startswith("asst_")
    assert (made.name, made.description, made.instructions) == ("Ada", "counts", "Be brief.")
    assert [tool.type for tool in made.tools] == ["function", "file_search"]
    assert made.tools[0].to_dict() == FUNCTION
    assert (made.temperature, made.top_p, made.metadata) == (0.5, 0.9, {"team": "a"})
    assert made.model_extra
    assert made.model_extra["created"] == made.created_at
    assert await openai_client.beta.assistants.retrieve(made.id) == raw.parse()


async def test_contracts_request_works_as_it_stands(http: httpx2.AsyncClient) -> None:
    body = {
        "model": "small",
        "name": "n",
        "description": "d",
        "instructions": "i",
        "tools": [{"type": "retrieval"}],
        "file_ids": [],
        "metadata": {"k": "v"},
    }

    answer = await http.post("/v1/assistants", json=body)

    assert answer.status_code == 200
    assert answer.json() | body == answer.json()
    assert answer.json()["object"] == "assistant"


async def test_change_of_an_assistant_leaves_the_rest(openai_client: AsyncOpenAI) -> None:
    made = await assistant(openai_client, name="a", instructions="i", metadata={"k": "v"})

    changed = await openai_client.beta.assistants.update(made.id, name="b", tools=[FUNCTION])

    assert (changed.name, changed.instructions, changed.metadata) == ("b", "i", {"k": "v"})
    assert [tool.type for tool in changed.tools] == ["function"]
    unset = await openai_client.beta.assistants.update(made.id, instructions=None)
    assert unset.instructions is None


async def test_deleted_assistant_is_gone(openai_client: AsyncOpenAI) -> None:
    made = await assistant(openai_client)

    gone = await openai_client.beta.assistants.delete(made.id)

    assert gone == AssistantDeleted(id=made.id, object="assistant.deleted", deleted=True)
    with pytest.raises(openai.NotFoundError, match="No assistant found with id"):
        await openai_client.beta.assistants.retrieve(made.id)


async def test_assistants_are_listed_in_pages_newest_first(openai_client: AsyncOpenAI) -> None:
    made = [(await assistant(openai_client, name=str(n))).id for n in range(5)]

    listed = [each.id async for each in await openai_client.beta.assistants.list(limit=2)]
    rising = await openai_client.beta.assistants.list(limit=2, order="asc", after=made[1])
    before = await openai_client.beta.assistants.list(limit=2, order="asc", before=made[3])

    assert listed == made[::-1]
    assert [each.id for each in rising.data] == made[2:4]
    assert rising.has_more
    assert [each.id for each in before.data] == made[1:3]


async def test_other_key_sees_nothing_of_an_owners(
    two_keys: tuple[AsyncOpenAI, AsyncOpenAI],
) -> None:
    mine, other = two_keys
    made = await assistant(mine)

    assert (await other.beta.assistants.list()).data == []
    with pytest.raises(openai.NotFoundError):
        await other.beta.assistants.retrieve(made.id)
    with pytest.raises(openai.NotFoundError):
        await other.beta.assistants.update(made.id, name="x")
    with pytest.raises(openai.NotFoundError):
        await other.beta.assistants.delete(made.id)
    assert await mine.beta.assistants.retrieve(made.id) == made


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"model": "nobody"}, "model"),
        ({"model": None}, "model"),
        ({"name": "n" * 257}, "name"),
        ({"description": "d" * 513}, "description"),
        ({"instructions": "i" * 256_001}, "instructions"),
        ({"tools": [{"type": "file_search"}] * 129}, "tools"),
        ({"tools": [{"type": "browser"}]}, "tools[0].type"),
        ({"tools": [{"type": "function"}]}, "tools[0]"),
        ({"tools": [{"type": "function", "function": {"name": "a b"}}]}, "tools[0].function.name"),
        ({"tools": [{"type": "code_interpreter"}]}, "tools[0].type"),
        ({"metadata": {str(n): "v" for n in range(17)}}, "metadata"),
        ({"metadata": {"k" * 65: "v"}}, "metadata"),
        ({"metadata": {"k": "v" * 513}}, "metadata.k"),
        ({"temperature": 2.1}, "temperature"),
        ({"top_p": 1.1}, "top_p"),
        ({"response_format": "xml"}, "response_format"),
        ({"response_format": {"type": "xml"}}, "response_format"),
        ({"file_ids": ["file-1"] * 21}, "file_ids"),
        ({"file_ids": ["file-nowhere"]}, "file_ids"),
        (
            {"tool_resources": {"file_search": {"vector_store_ids": ["vs_nowhere"]}}},
            "tool_resources.file_search.vector_store_ids",
        ),
        (
            {"tool_resources": {"code_interpreter": {"file_ids": ["file-nowhere"]}}},
            "tool_resources.code_interpreter.file_ids",
        ),
    ],
)
async def test_assistant_beyond_the_limits_is_refused_by_name(
    http: httpx2.AsyncClient, fields: dict[str, Any], param: str
) -> None:
    answer = await http.post("/v1/assistants", json={"model": "small", **fields})

    assert answer.status_code == 400, answer.text
    error = answer.json()["error"]
    assert error["type"] == "invalid_request_error"
    assert error["param"].startswith(param)
    assert (await http.get("/v1/assistants")).json()["data"] == []


@pytest.mark.parametrize("query", ["limit=0", "limit=101", "limit=two", "order=up", "after=nobody"])
async def test_list_with_a_wrong_query_is_refused(http: httpx2.AsyncClient, query: str) -> None:
    answer = await http.get(f"/v1/assistants?{query}")

    assert answer.status_code == 400
    assert answer.json()["error"]["param"] == query.partition("=")[0]


async def test_first_versions_files_are_added_listed_and_taken_away(
    openai_client: AsyncOpenAI, http: httpx2.AsyncClient
) -> None:
    files = [
        (
            await http.post(
                "/v1/files", data={"purpose": "assistants"}, files={"file": ("a.txt", b"a")}
            )
        )
        for _ in range(2)
    ]
    ids = [each.json()["id"] for each in files]
    made = (await http.post("/v1/assistants", json={"model": "small", "file_ids": ids[:1]})).json()
    path = f"/v1/assistants/{made['id']}/files"

    added = await http.post(path, json={"file_id": ids[1]})

    assert added.json() == {
        "id": ids[1],
        "object": "assistant.file",
        "created_at": made["created_at"],
        "assistant_id": made["id"],
    }
    assert [each["id"] for each in (await http.get(path)).json()["data"]] == ids
    assert (await http.get(f"{path}/{ids[0]}")).json()["id"] == ids[0]
    gone = await http.delete(f"{path}/{ids[0]}")
    assert gone.json() == {"id": ids[0], "object": "assistant.file.deleted", "deleted": True}
    assert (await http.get(f"{path}/{ids[0]}")).status_code == 404
    assert (await http.post(path, json={"file_id": "file-nowhere"})).status_code == 400
    assert (await http.get(f"/v1/files/{ids[0]}")).status_code == 200, "the file itself stays"
