"""Speaks what a chat model writes, sentence by sentence, while it still writes.

The chat model is streamed; each sentence goes to the speech model as soon as it is complete, at
most two ahead of what was heard, and its audio leaves in the order of the text. A client that reads
slowly slows both down instead of filling memory. Whoever closes the generator ends all of it;
whichever model fails, its error ends the answer and names the model.
"""

import asyncio
from collections.abc import AsyncGenerator, Generator, Mapping
from contextlib import aclosing, contextmanager
from dataclasses import dataclass
from typing import Any

from serve_app.models.calls import Calls
from serve_app.models.discovery import ServedModel
from serve_app.spoken.sentences import SentenceCutter, strip_markup
from wire.bodies import ChatCompletionBody, SpeechBody
from wire.calls import Operation
from wire.errors import APIError, ModelCallError
from wire.logging import get_logger
from wire.sse import read_events

logger = get_logger(__name__)

AHEAD = 2
"""Sentences that are spoken but not heard yet: the one that is heard next and the one after it."""

MAX_EVENTS = 64
"""Events that wait for a slow client."""

SAMPLE_BYTES = 2


@dataclass(frozen=True, slots=True)
class Written:
    """A chunk of the chat model's stream, parsed."""

    chunk: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Spoken:
    """Whole samples of 24 kHz mono 16-bit PCM."""

    pcm: bytes


Event = Written | Spoken


@dataclass(frozen=True, slots=True)
class Voice:
    """Who speaks."""

    model: ServedModel
    id: str


async def speak_answer(
    calls: Calls, chat: ServedModel, fields: ChatCompletionBody, voice: Voice
) -> AsyncGenerator[Event]:
    """Yield the chat model's chunks as they come, and their audio as it is made.

    The first choice is spoken. ``fields`` are those of a streamed chat completion.
    """
    events: asyncio.Queue[Event] = asyncio.Queue(MAX_EVENTS)
    work = asyncio.create_task(_work(calls, chat, fields, voice, events))
    try:
        while (event := await _next(events, work)) is not None:
            yield event
        await work  # raises what ended it
    finally:
        work.cancel()
        # So that nothing runs for this request when its generator is closed.
        await asyncio.gather(work, return_exceptions=True)


async def _next(events: asyncio.Queue[Event], work: asyncio.Task[None]) -> Event | None:
    """Return the next event; None when the work has ended and all were taken."""
    if events.empty():
        getting = asyncio.create_task(events.get())
        try:
            await asyncio.wait({getting, work}, return_when=asyncio.FIRST_COMPLETED)
            if getting.done():
                return getting.result()
        finally:
            getting.cancel()
    return None if events.empty() else events.get_nowait()


async def _work(
    calls: Calls,
    chat: ServedModel,
    fields: ChatCompletionBody,
    voice: Voice,
    events: asyncio.Queue[Event],
) -> None:
    speaker = _Speaker(calls, voice, events)
    try:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(speaker.play())
            await _read(calls, chat, fields, speaker, tasks, events)
    except ExceptionGroup as group:
        raise _first(group) from None


async def _read(
    calls: Calls,
    chat: ServedModel,
    fields: ChatCompletionBody,
    speaker: "_Speaker",
    tasks: asyncio.TaskGroup,
    events: asyncio.Queue[Event],
) -> None:
    cutter = SentenceCutter()
    with _failure_of(chat, calls):
        async with aclosing(calls.stream(chat, Operation.CHAT_COMPLETION, fields)) as frames:
            async for chunk in _chunks(frames):
                await events.put(Written(chunk))
                for sentence in cutter.feed(_text(chunk)):
                    speaker.add(sentence, tasks)
    for sentence in cutter.finish():
        speaker.add(sentence, tasks)
    speaker.finish()


class _Speaker:
    """Turns sentences into audio, several at once, heard one after the other."""

    def __init__(self, calls: Calls, voice: Voice, events: asyncio.Queue[Event]) -> None:
        self._calls = calls
        self._voice = voice
        self._events = events
        self._ahead = asyncio.Semaphore(AHEAD)
        self._sentences: asyncio.Queue[asyncio.Queue[bytes | None] | None] = asyncio.Queue()

    def add(self, sentence: str, tasks: asyncio.TaskGroup) -> None:
        """Begin to speak a sentence, if it has any letters or digits."""
        text = strip_markup(sentence)
        if not any(character.isalnum() for character in text):
            return
        audio: asyncio.Queue[bytes | None] = asyncio.Queue()
        self._sentences.put_nowait(audio)
        tasks.create_task(self._synthesize(text, audio))

    def finish(self) -> None:
        """Mark the end of the sentences."""
        self._sentences.put_nowait(None)

    async def play(self) -> None:
        """Pass the audio on, in the order of the sentences."""
        while (audio := await self._sentences.get()) is not None:
            odd = b""
            while (piece := await audio.get()) is not None:
                samples = odd + piece
                whole = len(samples) - len(samples) % SAMPLE_BYTES
                odd = samples[whole:]
                if whole:
                    await self._events.put(Spoken(samples[:whole]))
            self._ahead.release()

    async def _synthesize(self, text: str, audio: asyncio.Queue[bytes | None]) -> None:
        body = SpeechBody(input=text, voice=self._voice.id, response_format="pcm")
        model = self._voice.model
        await self._ahead.acquire()  # until it was sent
        with _failure_of(model, self._calls):
            async with aclosing(self._calls.stream(model, Operation.SPEECH, body)) as pieces:
                async for piece in pieces:
                    audio.put_nowait(piece)
        audio.put_nowait(None)


async def _chunks(frames: AsyncGenerator[bytes]) -> AsyncGenerator[dict[str, Any]]:
    """Parse a stream of events. An error in it is raised."""
    async for frame in frames:
        for chunk in read_events(frame):
            yield chunk


def _text(chunk: Mapping[str, Any]) -> str:
    return "".join(
        choice["delta"].get("content") or "" for choice in chunk["choices"] if choice["index"] == 0
    )


@contextmanager
def _failure_of(model: ServedModel, calls: Calls) -> Generator[None]:
    """Make every failure in here one that says which model it was."""
    try:
        yield
    except APIError as error:
        if model.card.id in error.message:
            raise
        message = f"{model.card.kind} model '{model.card.id}': {error.message}"
        raise error.with_message(message) from error
    except Exception as error:
        request_id = calls.record.request_id
        logger.exception("%s failed in request %s", model.card.id, request_id)
        raise ModelCallError(
            f"{model.card.kind} model '{model.card.id}': internal error. Request id: {request_id}."
        ) from error


def _first(group: ExceptionGroup[Exception]) -> Exception:
    first = group.exceptions[0]
    return _first(first) if isinstance(first, ExceptionGroup) else first
