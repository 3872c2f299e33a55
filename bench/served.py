"""The side of the server: requests over HTTP, counted in the same units as the bare library's."""

import io
import json
import time
from typing import Any

import aiohttp
import av

from bench.load import throughput
from bench.workloads import SENTENCE, TOKENS, WORKLOADS


class Served:
    """A running server, asked for work of one kind after the other."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._recording = b""
        self._seconds: dict[bytes, float] = {}

    async def throughput(self, kind: str, concurrency: int, seconds: float) -> float:
        """Return units of work a second."""
        connector = aiohttp.TCPConnector(limit=0)
        async with aiohttp.ClientSession(self._url, connector=connector) as session:
            if kind == "transcriptions" and not self._recording:
                await self._record(session)
            once = {"chat": self._chat, "transcriptions": self._transcription}.get(kind)

            async def ask() -> float:
                return await (once(session) if once else self._answer(session, kind))

            return await throughput(ask, concurrency, seconds)

    @property
    def recording(self) -> bytes:
        """The WAV file that is transcribed: the bench's sentence, spoken by the server."""
        return self._recording

    async def first_audio(self, asked: str) -> tuple[float, float]:
        """Return the seconds to the first sound: spoken while written, and written, then spoken."""
        async with aiohttp.ClientSession(self._url) as session:
            question = {"messages": [{"role": "user", "content": asked}], "max_tokens": 256}
            return await _first_sound(session, question), await _in_sequence(session, question)

    async def _record(self, session: aiohttp.ClientSession) -> None:
        body = {"input": SENTENCE, "response_format": "wav"}
        async with session.post("/v1/audio/speech", json=body) as answer:
            answer.raise_for_status()
            self._recording = await answer.read()

    async def _answer(self, session: aiohttp.ClientSession, kind: str) -> float:
        workload = WORKLOADS[kind]
        async with session.post(workload.path, json=workload.body) as answer:
            answer.raise_for_status()
            body = await answer.read()
        if kind == "speech":
            return self._duration(body)
        return len(workload.body["documents"]) if kind == "rerank" else 1

    def _duration(self, audio: bytes) -> float:
        """Return the seconds of a file. The answers are alike: one is decoded."""
        if audio not in self._seconds:
            with av.open(io.BytesIO(audio), "r") as container:
                frames = container.decode(audio=0)
                self._seconds[audio] = sum(frame.samples / frame.sample_rate for frame in frames)
        return self._seconds[audio]

    async def _chat(self, session: aiohttp.ClientSession) -> float:
        async with session.post(WORKLOADS["chat"].path, json=WORKLOADS["chat"].body) as answer:
            answer.raise_for_status()
            body = await answer.read()
        assert body.endswith(b"data: [DONE]\n\n"), body[-500:]
        return TOKENS

    async def _transcription(self, session: aiohttp.ClientSession) -> float:
        form = aiohttp.FormData()
        form.add_field("file", self._recording, filename="a.wav")
        form.add_field("response_format", "verbose_json")
        async with session.post(WORKLOADS["transcriptions"].path, data=form) as answer:
            answer.raise_for_status()
            return (await answer.json())["duration"]


async def _first_sound(session: aiohttp.ClientSession, question: dict[str, Any]) -> float:
    body = {
        **question,
        "stream": True,
        "modalities": ["text", "audio"],
        "audio": {"voice": "alloy", "format": "pcm16"},
    }
    started = time.perf_counter()
    async with session.post("/v1/chat/completions", json=body) as answer:
        answer.raise_for_status()
        async for line in answer.content:
            if line.startswith(b"data: {"):
                choices = json.loads(line[len(b"data: ") :])["choices"]
                if choices and (choices[0]["delta"].get("audio") or {}).get("data"):
                    return time.perf_counter() - started
    raise AssertionError("The answer had no sound.")


async def _in_sequence(session: aiohttp.ClientSession, question: dict[str, Any]) -> float:
    started = time.perf_counter()
    async with session.post("/v1/chat/completions", json=question) as answer:
        answer.raise_for_status()
        text = (await answer.json())["choices"][0]["message"]["content"]
    body = {"input": text, "voice": "alloy", "response_format": "pcm"}
    async with session.post("/v1/audio/speech", json=body) as answer:
        answer.raise_for_status()
        await answer.content.readany()
    return time.perf_counter() - started
