import base64
import json
from collections.abc import AsyncIterator
from typing import Any

import httpx2
import pytest

from tests.api.composed import Listener, Speaker, Writer, compose
from tests.support.application import create_test_api
from tests.support.scripted_model import connect


@pytest.fixture
def writer() -> Writer:
    return Writer()


@pytest.fixture
def listener() -> Listener:
    return Listener()


@pytest.fixture
async def http(writer: Writer, listener: Listener) -> AsyncIterator[httpx2.AsyncClient]:
    api = create_test_api(compose(writer, Speaker(), listener))
    async with api.router.lifespan_context(api), connect(api) as client:
        yield client


def make_messages(*recordings: bytes) -> list[dict[str, Any]]:
    return [
        {
            "type": "input_audio",
            "input_audio": {"data": base64.b64encode(recording).decode(), "format": "wav"},
        }
        for recording in recordings
    ]


async def test_what_is_said_reaches_a_deaf_model_as_text(
    http: httpx2.AsyncClient, writer: Writer
) -> None:
    content = [{"type": "text", "text": "Answer:"}, *make_messages(b"how are you", b"and who")]

    await http.post(
        "/v1/chat/completions", json={"messages": [{"role": "user", "content": content}]}
    )

    assert writer.asked[0]["messages"][0]["content"] == [
        {"type": "text", "text": "Answer:"},
        {"type": "text", "text": "how are you"},
        {"type": "text", "text": "and who"},
    ]


@pytest.mark.parametrize("how", ["by its id", "as it was received"])
@pytest.mark.parametrize("stream", [False, True])
async def test_spoken_answer_can_be_referred_to(
    http: httpx2.AsyncClient, writer: Writer, how: str, stream: bool
) -> None:
    aloud = {
        "messages": [{"role": "user", "content": "hi"}],
        "modalities": ["text", "audio"],
        "audio": {"voice": "alloy", "format": "pcm16"},
        "stream": stream,
    }
    answer = await http.post("/v1/chat/completions", json=aloud)
    if stream:
        first = json.loads(answer.text.partition("\n")[0].removeprefix("data: "))
        audio = first["choices"][0]["delta"]["audio"]
    else:
        audio = answer.json()["choices"][0]["message"]["audio"]
    reference = {"id": audio["id"]} if how == "by its id" or stream else audio
    messages = [
        {"role": "assistant", "audio": reference},
        {"role": "user", "content": "and then?"},
    ]

    await http.post("/v1/chat/completions", json={"messages": messages})

    assert writer.asked[-1]["messages"][0] == {
        "role": "assistant",
        "content": "Hello there. How are you? Bye",
    }


async def test_spoken_answer_of_another_key_is_not_found(
    writer: Writer, listener: Listener
) -> None:
    api = create_test_api(compose(writer, Speaker(), listener), frozenset({"sk-one", "sk-two"}))
    aloud = {
        "messages": [{"role": "user", "content": "hi"}],
        "modalities": ["text", "audio"],
        "audio": {"voice": "alloy", "format": "pcm16"},
    }
    async with api.router.lifespan_context(api), connect(api) as client:

        async def post(body: dict[str, Any], key: str) -> httpx2.Response:
            return await client.post("/v1/chat/completions", json=body, headers={"x-api-key": key})

        answer = (await post(aloud, "sk-one")).json()
        audio_id = answer["choices"][0]["message"]["audio"]["id"]
        again = {"messages": [{"role": "assistant", "audio": {"id": audio_id}}]}
        theirs = await post(again, "sk-two")
        await post(again, "sk-one")

    assert theirs.status_code == 400
    assert theirs.json()["error"]["param"] == "messages[0].audio.id"
    assert writer.asked[-1]["messages"][0]["content"] == "Hello there. How are you? Bye"


async def test_long_conversation_does_not_take_every_place(
    http: httpx2.AsyncClient, writer: Writer, listener: Listener
) -> None:
    content = make_messages(*(f"word{number}".encode() for number in range(40)))

    await http.post(
        "/v1/chat/completions", json={"messages": [{"role": "user", "content": content}]}
    )

    texts = [part["text"] for part in writer.asked[-1]["messages"][0]["content"]]
    assert texts == [f"word{number}" for number in range(40)]
    assert listener.most_at_once <= 2


@pytest.mark.parametrize(
    "wish",
    [
        {"web_search_options": {}},
        {"modalities": ["text", "audio"], "audio": {"voice": "nobody", "format": "wav"}},
        {"modalities": ["text", "audio"], "audio": {"voice": "a", "format": "wav", "model": "x"}},
    ],
)
async def test_refused_request_makes_no_model_work(
    http: httpx2.AsyncClient, listener: Listener, wish: dict[str, Any]
) -> None:
    body = {"messages": [{"role": "user", "content": make_messages(b"hi")}], **wish}

    answer = await http.post("/v1/chat/completions", json=body)

    assert answer.status_code in (400, 404)
    assert listener.most_at_once == 0


UNGUESSED = f"audio_{2**31 - 1:08x}-{'a' * 48}"


@pytest.mark.parametrize(
    "audio_id", [UNGUESSED, f"{UNGUESSED}.$", "audio_0", "audio_../../etc/passwd", "x" * 200]
)
async def test_unknown_spoken_answer_is_refused_by_its_place(
    http: httpx2.AsyncClient, audio_id: str
) -> None:
    messages = [{"role": "assistant", "audio": {"id": audio_id}}]

    answer = await http.post("/v1/chat/completions", json={"messages": messages})

    assert answer.status_code == 400, answer.text
    assert answer.json()["error"]["param"] == "messages[0].audio.id"


@pytest.mark.parametrize(
    ("part", "param"),
    [
        (
            {"input_audio": {"data": "!!!", "format": "wav"}},
            "messages[0].content[0].input_audio.data",
        ),
        ({"input_audio": {"data": "", "format": "wav"}}, "messages[0].content[0].input_audio.data"),
        ({"input_audio": {"format": "wav"}}, "messages[0].content[0].input_audio"),
        ({"input_audio": 5}, "messages[0].content[0].input_audio"),
        ({}, "messages[0].content[0].input_audio"),
        (
            {"input_audio": {"data": "AAAA", "format": "doc"}},
            "messages[0].content[0].input_audio.format",
        ),
        (make_messages(b"noise")[0], "messages[0].content[0].input_audio"),
    ],
)
async def test_recording_that_is_none_is_refused_by_its_place(
    http: httpx2.AsyncClient, part: dict[str, Any], param: str
) -> None:
    content = [{"type": "input_audio", **part}]

    answer = await http.post(
        "/v1/chat/completions", json={"messages": [{"role": "user", "content": content}]}
    )

    assert answer.status_code == 400, answer.text
    assert answer.json()["error"]["param"] == param
