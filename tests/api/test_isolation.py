"""No route reveals anything of another owner: its ids are those of nothing, wherever they stand.

Each operation of the OpenAPI document has a case. What is answered to the id of another owner's
object must be what is answered to an id that nobody has.
"""

import json
import re
from collections.abc import AsyncIterator
from typing import Any

import httpx2
import pytest

from tests.api.answering import answering_registry
from tests.support.application import create_test_api
from tests.support.scripted_model import connect
from tests.support.waiting import read_until

ONE, TWO = {"x-api-key": "sk-one"}, {"x-api-key": "sk-two"}
METHODS = ("get", "post", "delete", "put", "patch")
PARAMETER = re.compile(r"{(\w+)}")
IS_UNFINISHED = re.compile(r'"status": ?"(?:validating|queued|in_progress|finalizing)"')
OF_NOBODY = {"model", "name", "voice_id"}
"""Parameters of paths that name no object of an owner: names of images are secrets themselves."""

TURN = {"role": "user", "content": "x"}
BATCH = {"endpoint": "/v1/chat/completions", "completion_window": "24h"}

BODIES: dict[str, Any] = {
    "/v1/assistants/{assistant_id}": {"name": "theirs"},
    "/v1/assistants/{assistant_id}/files": {"file_id": "{own_file_id}"},
    "/v1/conversations/{conversation_id}": {"metadata": {"a": "b"}},
    "/v1/conversations/{conversation_id}/items": {"items": [TURN]},
    "/v1/threads/{thread_id}": {"metadata": {"a": "b"}},
    "/v1/threads/{thread_id}/messages": TURN,
    "/v1/threads/{thread_id}/messages/{message_id}": {"metadata": {"a": "b"}},
    "/v1/threads/{thread_id}/runs": {"assistant_id": "{own_assistant_id}"},
    "/v1/threads/{thread_id}/runs/{run_id}": {"metadata": {"a": "b"}},
    "/v1/threads/{thread_id}/runs/{run_id}/submit_tool_outputs": {
        "tool_outputs": [{"tool_call_id": "a", "output": "b"}]
    },
    "/v1/uploads/{upload_id}/complete": {"part_ids": ["{part_id}"]},
    "/v1/vector_stores/{vector_store_id}": {"name": "theirs"},
    "/v1/vector_stores/{vector_store_id}/files": {"file_id": "{own_file_id}"},
    "/v1/vector_stores/{vector_store_id}/files/{file_id}": {"attributes": {"a": "b"}},
    "/v1/vector_stores/{vector_store_id}/file_batches": {"file_ids": ["{own_file_id}"]},
    "/v1/vector_stores/{vector_store_id}/search": {"query": "x"},
}
"""What is posted to paths with an id, where a body is read."""

SEARCHED = {"file_search": {"vector_store_ids": ["{vector_store_id}"]}}
RUN_CODE = {"code_interpreter": {"file_ids": ["{file_id}"]}}
ATTACHED = TURN | {"attachments": [{"file_id": "{file_id}", "tools": [{"type": "file_search"}]}]}
SHOWN = {"type": "image_file", "image_file": {"file_id": "{file_id}"}}
PICTURE = {"type": "input_image", "detail": "auto", "file_id": "{file_id}"}
ASSISTANT = {"model": "small"}

REFERENCES: dict[str, list[Any]] = {
    "/v1/assistants": [
        ASSISTANT | {"tools": [{"type": "file_search"}], "tool_resources": SEARCHED},
        ASSISTANT | {"tools": [{"type": "code_interpreter"}], "tool_resources": RUN_CODE},
        ASSISTANT | {"file_ids": ["{file_id}"], "tools": [{"type": "retrieval"}]},
    ],
    "/v1/assistants/{own_assistant_id}/files": [{"file_id": "{file_id}"}],
    "/v1/batches": [BATCH | {"input_file_id": "{file_id}"}],
    "/v1/chat/completions": [
        {
            "messages": [TURN, {"role": "assistant", "audio": {"id": "{audio_id}"}}, TURN],
            "modalities": ["text", "audio"],
            "audio": {"voice": "ana", "format": "mp3"},
        },
    ],
    "/v1/conversations": [{"items": [{"type": "item_reference", "id": "{item_id}"}]}],
    "/v1/conversations/{own_conversation_id}/items": [
        {"items": [{"type": "item_reference", "id": "{item_id}"}]}
    ],
    "/v1/responses": [
        {"input": "x", "previous_response_id": "{response_id}"},
        {"input": "x", "conversation": "{conversation_id}"},
        {"input": [{"type": "item_reference", "id": "{item_id}"}]},
        {"input": [{"type": "item_reference", "id": "{response_item_id}"}]},
        {"input": [TURN | {"content": [PICTURE]}]},
    ],
    "/v1/responses/compact": [{"model": "small", "previous_response_id": "{response_id}"}],
    "/v1/responses/input_tokens": [
        {"input": "x", "previous_response_id": "{response_id}"},
        {"input": "x", "conversation": "{conversation_id}"},
    ],
    "/v1/threads": [
        {"messages": [ATTACHED]},
        {"messages": [TURN | {"content": [SHOWN]}]},
        {"tool_resources": SEARCHED},
        {"tool_resources": RUN_CODE},
    ],
    "/v1/threads/runs": [
        {"assistant_id": "{assistant_id}"},
        {"assistant_id": "{own_assistant_id}", "thread": {"messages": [ATTACHED]}},
        {"assistant_id": "{own_assistant_id}", "tool_resources": SEARCHED},
    ],
    "/v1/threads/{own_thread_id}/messages": [ATTACHED, TURN | {"content": [SHOWN]}],
    "/v1/threads/{own_thread_id}/runs": [
        {"assistant_id": "{assistant_id}"},
        {"assistant_id": "{own_assistant_id}", "additional_messages": [ATTACHED]},
    ],
    "/v1/uploads/{own_upload_id}/complete": [{"part_ids": ["{part_id}"]}],
    "/v1/vector_stores": [{"file_ids": ["{file_id}"]}],
    "/v1/vector_stores/{own_vector_store_id}/files": [{"file_id": "{file_id}"}],
    "/v1/vector_stores/{own_vector_store_id}/file_batches": [
        {"file_ids": ["{file_id}"]},
        {"files": [{"file_id": "{file_id}"}]},
    ],
}
"""Bodies with ids of another owner, by the path to which they are posted."""

LISTS = {"/v1/assistants", "/v1/batches", "/v1/files", "/v1/vector_stores"}
"""Lists of an owner's objects."""

WITHOUT_IDS = {
    *("/generated-images/{name}", "/health", "/healthz", "/ping", "/readyz", "/version"),
    *("/v1/audio/speech", "/v1/audio/transcriptions", "/v1/audio/translations", "/v1/audio/voices"),
    *("/v1/completions", "/v1/detokenize", "/v1/edits", "/v1/embeddings", "/v1/files"),
    *("/v1/engines/{model}/completions", "/v1/engines/{model}/embeddings"),
    *("/v1/images/edits", "/v1/images/generations", "/v1/images/inpainting"),
    *("/v1/images/variations", "/v1/messages", "/v1/messages/count_tokens", "/v1/models"),
    *("/v1/models/{model}", "/v1/moderations", "/v1/rerank", "/v1/score", "/v1/speech-to-text"),
    *("/v1/text-to-speech/{voice_id}", "/v1/text-to-speech/{voice_id}/stream", "/v1/tokenize"),
    *("/v1/text-to-speech/{voice_id}/stream/with-timestamps", "/v1/tts", "/v1/uploads", "/v1/vad"),
    *("/v1/text-to-speech/{voice_id}/with-timestamps", "/v1/voices", "/v1/voices/{voice_id}"),
    *("/v1/voices/settings/default", "/v1/voices/{voice_id}/settings", "/v2/rerank", "/v2/voices"),
}
"""Paths of requests in which nothing names an object of an owner."""

STORES = {"/v1/stores/delete", "/v1/stores/find", "/v1/stores/get", "/v1/stores/set"}
"""Their names are the owner's own: the last test."""


class Owners:
    """Two owners of one server, and the ids of the objects of both."""

    def __init__(self, client: httpx2.AsyncClient) -> None:
        self.client = client
        self.ids: dict[str, str] = {}
        self.paths: dict[str, Any] = {}

    async def send(
        self, method: str, path: str, body: Any = None, key: dict[str, str] = ONE
    ) -> httpx2.Response:
        return await self.client.request(method, path, json=body, headers=key)

    async def post(self, path: str, body: Any, key: dict[str, str] = ONE) -> dict[str, Any]:
        answer = await self.send("post", path, body, key)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def upload(self, key: dict[str, str], purpose: str = "assistants") -> str:
        files = {"file": ("a.txt", b"some text")}
        form = {"purpose": purpose}
        answer = await self.client.post("/v1/files", files=files, data=form, headers=key)
        return answer.json()["id"]

    async def fill(self) -> None:
        """Make an object of each kind for one owner, and what the other needs to refer to them."""
        self.paths = (await self.send("get", "/openapi.json")).json()["paths"]
        file_id = await self.upload(ONE)
        conversation = (await self.post("/v1/conversations", {"items": [TURN]}))["id"]
        items = await self.send("get", f"/v1/conversations/{conversation}/items")
        response = await self.post("/v1/responses", {"input": "x"})
        store = (await self.post("/v1/vector_stores", {"file_ids": [file_id]}))["id"]
        more = {"file_ids": [await self.upload(ONE)]}
        filling = await self.post(f"/v1/vector_stores/{store}/file_batches", more)
        asked = {"input_file_id": await self.upload(ONE, "batch"), **BATCH}
        batch = await self.post("/v1/batches", asked)
        assistant = (await self.post("/v1/assistants", ASSISTANT | {"file_ids": [file_id]}))["id"]
        thread = (await self.post("/v1/threads", {"messages": [TURN]}))["id"]
        message = await self.post(f"/v1/threads/{thread}/messages", TURN)
        run = (await self.post(f"/v1/threads/{thread}/runs", {"assistant_id": assistant}))["id"]
        part = await self._upload_part(ONE)
        spoken = {"modalities": ["text", "audio"], "audio": {"voice": "ana", "format": "mp3"}}
        said = await self.post("/v1/chat/completions", {"messages": [TURN], **spoken})
        self.ids = {
            "assistant_id": assistant,
            "audio_id": said["choices"][0]["message"]["audio"]["id"],
            "conversation_id": conversation,
            "file_id": file_id,
            "item_id": items.json()["data"][0]["id"],
            "message_id": message["id"],
            "part_id": part["id"],
            "response_id": response["id"],
            "response_item_id": response["output"][0]["id"],
            "run_id": run,
            "step_id": await self._first_step(f"/v1/threads/{thread}/runs/{run}/steps"),
            "thread_id": thread,
            "upload_id": part["upload_id"],
            "vector_store_id": store,
            "batch_id": batch["id"],
            "file_batch_id": filling["id"],
            "own_assistant_id": (await self.post("/v1/assistants", ASSISTANT, TWO))["id"],
            "own_conversation_id": (await self.post("/v1/conversations", {}, TWO))["id"],
            "own_file_id": await self.upload(TWO),
            "own_thread_id": (await self.post("/v1/threads", {}, TWO))["id"],
            "own_upload_id": (await self._upload_part(TWO))["upload_id"],
            "own_vector_store_id": (await self.post("/v1/vector_stores", {}, TWO))["id"],
        }

    async def _upload_part(self, key: dict[str, str]) -> dict[str, Any]:
        new = {"filename": "a", "bytes": 1, "mime_type": "text/plain", "purpose": "assistants"}
        upload = (await self.post("/v1/uploads", new, key))["id"]
        part = {"data": ("a", b"x")}
        path = f"/v1/uploads/{upload}/parts"
        return (await self.client.post(path, files=part, headers=key)).json()

    async def _first_step(self, path: str) -> str:
        async def read() -> list[Any]:
            return (await self.send("get", path)).json()["data"]

        return (await read_until(read, bool))[0]["id"]

    def write(self, template: Any, ids: dict[str, str]) -> Any:
        """Return a path or a body with ids in the places of their names."""
        text = template if isinstance(template, str) else json.dumps(template)
        written = PARAMETER.sub(lambda found: ids[found[1]], text)
        return written if isinstance(template, str) else json.loads(written)

    def made_up(self) -> dict[str, str]:
        """Return ids that nobody has in the places of the other owner's."""
        return {
            name: value if name.startswith("own_") else value[:-1] + "01"[value.endswith("0")]
            for name, value in self.ids.items()
        }

    async def check(self, method: str, path: str, body: Any = None) -> None:
        """Check that another owner's ids are answered as those of nothing."""
        if "file_batches/" in path:
            path = path.replace("{batch_id}", "{file_batch_id}")
        answers: list[tuple[int, str]] = []
        for ids in (self.ids, self.made_up()):
            sent = None if body is None else self.write(body, ids)
            where = self.write(path, ids)
            if path.endswith("/parts"):
                part = {"data": ("a", b"x")}
                answer = await self.client.post(where, files=part, headers=TWO)
            else:
                answer = await self.send(method, where, sent, TWO)
            text = answer.text
            for name in sorted(ids, key=lambda name: -len(ids[name])):
                text = text.replace(ids[name], name)
            answers.append((answer.status_code, text))
        assert answers[0] == answers[1], (method, path)
        assert answers[0][0] in (400, 404), (method, path, body, answers[0])

    def operations(self) -> list[tuple[str, str]]:
        """Return method and path of every operation."""
        return [
            (method, path)
            for path, item in self.paths.items()
            for method in METHODS
            if method in item
        ]


@pytest.fixture
async def owners() -> AsyncIterator[Owners]:
    registry, _ = answering_registry()
    keys = frozenset(key["x-api-key"] for key in (ONE, TWO))
    api = create_test_api(registry, keys)
    async with api.router.lifespan_context(api), connect(api) as client:
        owners = Owners(client)
        await owners.fill()
        yield owners


def find_owned(path: str) -> list[str]:
    """Return the parameters of a path that name objects of an owner."""
    return [name for name in PARAMETER.findall(path) if name not in OF_NOBODY]


async def test_id_of_another_owner_is_that_of_nothing_on_every_route(owners: Owners) -> None:
    kept = [path for method, path in owners.operations() if method == "get" and find_owned(path)]

    async def read_kept() -> list[str]:
        answers: list[str] = []
        for path in kept:
            where = (
                path.replace("{batch_id}", "{file_batch_id}") if "file_batches" in path else path
            )
            answer = await owners.send("get", owners.write(where, owners.ids))
            assert answer.status_code == 200, (path, answer.text)
            answers.append(re.sub(r'"last_active_at":\d+', "", answer.text))
        return answers

    await read_until(read_kept, lambda answers: not any(map(IS_UNFINISHED.search, answers)))
    before = await read_kept()

    for method, path in owners.operations():
        if find_owned(path):
            body = BODIES.get(path) if method == "post" else None
            await owners.check(method, path, body)
            first, *parts = find_owned(path)
            if parts:  # those of another owner's object, in an object of its own
                own = path.replace(f"{{{first}}}", f"{{own_{first}}}")
                await owners.check(method, own, body)
        elif path in LISTS and method == "get":
            listed = (await owners.send("get", path, key=TWO)).json()["data"]
            theirs = json.dumps(listed)
            assert not [
                value for name, value in owners.ids.items() if _is_others(name, value, theirs)
            ]
        elif path not in WITHOUT_IDS | STORES:
            assert path in REFERENCES, f"{method} {path} has no case"
    for path, bodies in REFERENCES.items():
        for body in bodies:
            await owners.check("post", path, body)

    assert await read_kept() == before


def _is_others(name: str, value: str, text: str) -> bool:
    return not name.startswith("own_") and value in text


@pytest.mark.parametrize("path", sorted(LISTS))
async def test_cursor_of_another_owner_is_that_of_nothing(owners: Owners, path: str) -> None:
    name = path.removeprefix("/v1/").removesuffix("es" if path.endswith("batches") else "s") + "_id"

    await owners.check("get", f"{path}?after={{{name}}}")


async def test_stores_of_one_name_are_those_of_each_owner(owners: Owners) -> None:
    keys = [[0.5, 0.5]]
    await owners.client.post(
        "/v1/stores/set", json={"keys": keys, "values": ["secret"]}, headers=ONE
    )

    for path, body in (
        ("/v1/stores/get", {"keys": keys}),
        ("/v1/stores/find", {"key": keys[0], "topk": 1}),
        ("/v1/stores/delete", {"keys": keys}),
        ("/v1/stores/set", {"keys": keys, "values": ["other"]}),
    ):
        assert "secret" not in (await owners.send("post", path, body, TWO)).text

    assert (await owners.post("/v1/stores/get", {"keys": keys}))["values"] == ["secret"]
