"""Builds spoken answers in OpenAI's format from a chat model's chunks and a speech model's audio.

The audio is in ``delta.audio`` of a stream or ``message.audio``, with the text as its transcript.
"""

import base64
from collections.abc import Mapping
from typing import Any


class SpokenStream:
    """Converts text and audio into the chunks of one stream."""

    def __init__(self, audio_id: str, expires_at: int) -> None:
        self.id = audio_id
        self.expires_at = expires_at
        self.transcript = ""
        self._template: dict[str, Any] = {}
        self._is_named = False
        self._last: list[dict[str, Any]] = []

    def add_chunk(self, chunk: dict[str, Any]) -> dict[str, Any] | None:
        """Return a chunk of the chat model with its text as transcript.

        The finish reason is withheld until all audio has been sent.
        """
        if self._last or not chunk["choices"]:
            self._last.append(chunk)
            return None
        known = ("id", "object", "created", "model", "usage")
        self._template = {key: chunk[key] for key in known if key in chunk}
        (choice,) = chunk["choices"]
        text = choice["delta"].pop("content", None)
        if text:
            self.transcript += text
            choice["delta"]["audio"] = self._add_id({"transcript": text})
        if choice.get("finish_reason") is None:
            return chunk
        self._last.append({**chunk, "choices": [{**choice, "delta": {}}]})
        return {**chunk, "choices": [{**choice, "finish_reason": None}]} if text else None

    def add_audio(self, pcm: bytes) -> dict[str, Any]:
        """Return a chunk of audio."""
        return self._chunk({"data": base64.b64encode(pcm).decode()})

    def finish(self) -> list[dict[str, Any]]:
        """Return the chunks that end the answer."""
        end = [self._chunk({"expires_at": self.expires_at})] if self._is_named else []
        return [*end, *self._last]

    def _chunk(self, audio: dict[str, Any]) -> dict[str, Any]:
        delta = {"audio": self._add_id(audio)}
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": None}
        return {**self._template, "choices": [choice]}

    def _add_id(self, audio: dict[str, Any]) -> dict[str, Any]:
        """Add the id, to the first chunk only: clients concatenate the texts of all deltas."""
        if self._is_named:
            return audio
        self._is_named = True
        return {"id": self.id, **audio}


class SpokenMessage:
    """Merges the chunks of one stream into a complete answer."""

    def __init__(self, audio_id: str, expires_at: int) -> None:
        self._stream = SpokenStream(audio_id, expires_at)
        self._answer: dict[str, Any] = {}
        self._choice: dict[str, Any] = {"index": 0, "logprobs": None, "finish_reason": None}
        self._message: dict[str, Any] = {"role": "assistant", "content": None, "refusal": None}
        self._tool_calls: dict[int, dict[str, Any]] = {}

    @property
    def transcript(self) -> str:
        """The spoken text."""
        return self._stream.transcript

    @property
    def audio_id(self) -> str:
        """The id of the audio."""
        return self._stream.id

    def add_chunk(self, chunk: dict[str, Any]) -> None:
        """Add a chunk of the chat model."""
        self._stream.add_chunk(chunk)
        self._answer |= {key: chunk[key] for key in ("id", "created", "model")}
        if chunk.get("usage"):
            self._answer["usage"] = chunk["usage"]
        for choice in chunk["choices"]:
            self._add(choice)

    def complete(self, audio: bytes) -> dict[str, Any]:
        """Return the completion with encoded audio; without audio the text is the content."""
        if self._tool_calls:
            self._message["tool_calls"] = [self._tool_calls[i] for i in sorted(self._tool_calls)]
        self._message["audio"] = self._audio(audio) if audio else None
        if not audio:
            self._message["content"] = self.transcript or None
        return {
            **self._answer,
            "object": "chat.completion",
            "choices": [{**self._choice, "message": self._message}],
        }

    def _audio(self, audio: bytes) -> dict[str, Any]:
        return {
            "id": self.audio_id,
            "data": base64.b64encode(audio).decode(),
            "transcript": self.transcript,
            "expires_at": self._stream.expires_at,
        }

    def _add(self, choice: Mapping[str, Any]) -> None:
        self._choice["finish_reason"] = choice.get("finish_reason") or self._choice["finish_reason"]
        if logprobs := choice.get("logprobs"):
            so_far = self._choice["logprobs"] or {"content": []}
            more = logprobs.get("content") or []
            self._choice["logprobs"] = {"content": so_far["content"] + more}
        for name in ("reasoning", "reasoning_content", "refusal"):
            if text := choice["delta"].get(name):
                self._message[name] = (self._message.get(name) or "") + text
        for call in choice["delta"].get("tool_calls") or ():
            self._add_tool_call(call)

    def _add_tool_call(self, call: Mapping[str, Any]) -> None:
        whole = self._tool_calls.setdefault(
            call["index"],
            {"id": None, "type": "function", "function": {"name": "", "arguments": ""}},
        )
        whole["id"] = call.get("id") or whole["id"]
        function = call.get("function") or {}
        for name in ("name", "arguments"):
            whole["function"][name] += function.get(name) or ""
