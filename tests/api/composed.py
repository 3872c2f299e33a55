"""Scripted models of three kinds, for what is composed of several."""

import asyncio
import json
from collections.abc import AsyncGenerator
from typing import Any

from serve_app.models.discovery import ServedModel
from serve_app.models.registry import Registry
from tests.support.scripted_model import chunk
from tests.support.serve_details import application, details
from tests.support.waiting import run_other_tasks
from wire.calls import Call, Kind, Operation, Reply, Usage
from wire.card import ModelCard
from wire.errors import InvalidRequestError

SPEECH = {
    "id": "speaker",
    "kind": "speech",
    "backend": "espeak-ng",
    "voices": [{"id": "en-us", "name": "English", "aliases": ["alloy"]}],
}


def last(reason: str = "stop") -> bytes:
    body = json.loads(chunk("").removeprefix(b"data: "))
    body["choices"][0] |= {"delta": {}, "finish_reason": reason}
    return f"data: {json.dumps(body)}\n\n".encode()


class Writer:
    """A chat model that writes the pieces of a text, waiting where the test wants."""

    def __init__(self) -> None:
        self.pieces = ["Hello", " there. ", "How are", " you? ", "Bye"]
        self.asked: list[dict[str, Any]] = []
        self.may_end = asyncio.Event()
        self.may_end.set()
        self.failure: Exception | None = None
        self.closed = 0

    async def run(self, call: Call) -> Reply:
        self.asked.append(json.loads(call.body))
        return Reply(b"{}", Usage())

    async def stream(self, call: Call) -> AsyncGenerator[bytes | Usage]:
        self.asked.append(json.loads(call.body))
        try:
            for piece in self.pieces:
                yield chunk(piece)
            await self.may_end.wait()
            if self.failure:
                raise self.failure
            yield last()
            yield b"data: [DONE]\n\n"
            yield Usage(2, 5)
        finally:
            self.closed += 1


class Speaker:
    """A speech model whose audio of a sentence is the sentence, in odd pieces."""

    def __init__(self) -> None:
        self.sentences: list[str] = []
        self.first_waits = asyncio.Event()
        self.first_waits.set()
        self.second_began = asyncio.Event()
        self.failure: Exception | None = None
        self.closed = 0

    async def run(self, call: Call) -> Reply:
        assert call.operation == Operation.ENCODE_SPEECH
        return Reply(json.loads(call.body)["response_format"].encode() + call.files[0], Usage())

    async def stream(self, call: Call) -> AsyncGenerator[bytes | Usage]:
        body = json.loads(call.body)
        assert body["voice"] == "en-us"
        assert body["response_format"] == "pcm"
        self.sentences.append(body["input"])
        try:
            if self.failure:
                raise self.failure
            if len(self.sentences) == 1:
                await self.first_waits.wait()
            else:
                self.second_began.set()
            audio = body["input"].encode("utf-16-le")
            yield audio[:3]
            yield audio[3:]
            yield Usage(characters=len(body["input"]), audio_seconds=1)
        finally:
            self.closed += 1


class Listener:
    """A transcriptions model that hears what the bytes say."""

    def __init__(self) -> None:
        self._running = 0
        self.most_at_once = 0

    async def run(self, call: Call) -> Reply:
        self._running += 1
        self.most_at_once = max(self.most_at_once, self._running)
        await run_other_tasks()
        self._running -= 1
        if call.files[0] == b"noise":
            raise InvalidRequestError("The file has no audio.", "file")
        return Reply(json.dumps({"text": f" {call.files[0].decode()} "}).encode(), Usage())

    def stream(self, call: Call) -> AsyncGenerator[bytes | Usage]:
        raise NotImplementedError


def compose(writer: Writer, speaker: Speaker, listener: Listener) -> Registry:
    """Return a registry of one model of each kind."""
    handles: dict[Kind | None, Any] = {
        Kind.CHAT: writer,
        Kind.SPEECH: speaker,
        Kind.TRANSCRIPTIONS: listener,
    }

    async def read() -> dict[str, Any]:
        return details(
            chat=application(ModelCard(id="writer", kind=Kind.CHAT)),
            speech=application(ModelCard.model_validate(SPEECH)),
            transcriptions=application(ModelCard(id="listener", kind=Kind.TRANSCRIPTIONS)),
        )

    def handle(model: ServedModel) -> Any:
        return handles[model.card.kind]

    return Registry(read, handle, poll_interval_s=1, cold_start_timeout_s=1)
