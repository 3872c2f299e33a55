"""Whatever a client sends to the contract's paths is honoured or refused: never a 5xx."""

import io
import json
import wave
from pathlib import Path
from typing import Any

import httpx2
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openai.types import CreateEmbeddingResponse, ImagesResponse
from openai.types.chat import ChatCompletion, ChatCompletionChunk
from pydantic import TypeAdapter

from tests.serve.contract import DOORS, FIELDS, Door
from tests.support.openai_conformance import CompletionChunk, events
from tests.support.server import Server
from tests.support.waiting import wait_until

WHOLE: dict[str, Any] = {
    "chat/completions": ChatCompletion,
    "completions": CompletionChunk,
    "edits": dict,
    "embeddings": CreateEmbeddingResponse,
    "images/generations": ImagesResponse,
}
FACTS = Path(__file__).parents[1] / "unit" / "localai_request_fields.json"
CHUNKS: dict[str, Any] = {"chat/completions": ChatCompletionChunk, "completions": CompletionChunk}


def silence(samples: int) -> bytes:
    """Return a WAV file of silence."""
    file = io.BytesIO()
    with wave.open(file, "wb") as wav:
        wav.setnchannels(1)
        wav.setsampwidth(2)
        wav.setframerate(16_000)
        wav.writeframes(bytes(2 * samples))
    return file.getvalue()


bounded = settings(
    deadline=None,  # the first request of a kind takes longer; the client gives up after a while
    derandomize=True,
    database=None,
    max_examples=60,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


def check(door: Door, body: Any, answer: httpx2.Response) -> None:
    """Hold an answer to what any client may count on."""
    assert answer.status_code in (200, 400, 404, 413), answer.text
    if answer.status_code != 200:
        error = answer.json()["error"]
        assert set(error) == {"message", "type", "param", "code"}
        assert error["type"] == "invalid_request_error"
        assert error["message"]
        assert error["param"] is not None or answer.status_code == 413
    elif door.path not in WHOLE:
        assert answer.headers["content-type"].startswith("audio/")
    elif "event-stream" in answer.headers["content-type"]:
        for _, data in events(answer.text):
            assert '"error":' not in data
            if door.path in CHUNKS and data != "[DONE]":
                TypeAdapter(CHUNKS[door.path]).validate_json(data, strict=True)
    else:
        TypeAdapter(WHOLE[door.path]).validate_json(answer.content, strict=True)


def send(server: Server, path: str, **request: Any) -> httpx2.Response:
    return httpx2.post(f"{server.url}/v1/{path}", timeout=60, **request)


def test_doors_know_every_field_of_the_contract() -> None:
    assert sorted(FIELDS) == json.loads(FACTS.read_text())


@pytest.mark.parametrize("door", DOORS, ids=lambda door: door.path)
def test_request_of_any_fields_is_honoured_or_refused_by_name(server: Server, door: Door) -> None:
    @bounded
    @given(body=door.bodies())
    def ask(body: dict[str, Any]) -> None:
        check(door, body, send(server, door.path, json=body))

    ask()


@pytest.mark.parametrize("door", DOORS, ids=lambda door: door.path)
def test_body_that_is_no_object_of_json_is_refused(server: Server, door: Door) -> None:
    least = json.dumps(door.least)
    bodies = [b"", b"null", b"[]", b'"x"', b"5", b"{", b"\xff", b"[" * 5_000, b'{"a": NaN}',
              b'{"model": "\\ud800"}', least[:-1].encode(), f"{least}{least}".encode()]  # fmt: skip
    for content in bodies:
        answer = send(
            server, door.path, content=content, headers={"content-type": "application/json"}
        )
        assert answer.status_code == 400, (content, answer.text)
        assert set(answer.json()["error"]) == {"message", "type", "param", "code"}
    for kind in ("text/plain", "application/xml", "", "multipart/form-data", "application/json; x"):
        answer = send(server, door.path, content=least, headers={"content-type": kind})
        assert answer.status_code in (200, 400, 415), (kind, answer.text)
        if answer.status_code != 200:
            assert answer.json()["error"]["message"]


FIELDS_OF_FORMS = [
    "backend", "file", "language", "model", "prompt", "response_format", "stream", "temperature",
    "timestamp_granularities[]", "translate", "unknown", "vad_filter",
]  # fmt: skip
FORM = st.dictionaries(
    st.sampled_from(FIELDS_OF_FORMS),
    st.sampled_from(["", "x", "0", "-1", "nan", "true", "en", "json", "srt", "whisper-1", "word"])
    | st.just(["word", "segment"])
    | st.just("x " * 60_000),
    max_size=3,
)
UPLOADS = st.sampled_from(
    [
        None,
        b"",
        b"no sound",
        b"RIFF" + b"\0" * 40,
        b"ID3\4" + b"\xff" * 99,
        silence(0),
        silence(800),
    ]
)


@bounded
@given(fields=FORM, upload=UPLOADS, name=st.sampled_from(["file", "file[]", "audio"]))
def check_form(server: Server, fields: dict[str, Any], upload: bytes | None, name: str) -> None:
    files = {name: ("é.wav", upload)} if upload is not None else {"other": (None, "x")}
    answer = send(server, "audio/transcriptions", data=fields, files=files)
    assert answer.status_code in (200, 400, 404), answer.text
    if answer.status_code != 200:
        assert set(answer.json()["error"]) == {"message", "type", "param", "code"}


def test_form_of_any_fields_is_heard_or_refused(server: Server) -> None:
    check_form(server)


def test_models_are_idle_after_all_of_it(server: Server, replica_load: Any) -> None:
    for kind in ("chat", "embeddings", "images", "speech", "transcriptions"):
        wait_until(lambda kind=kind: replica_load(kind) == {"held": 0, "unfinished": 0}, 20, kind)
    assert set(server.states().values()) == {"ready"}
