"""Writes down what is said in a conversation, for a chat model that cannot hear."""

import base64
import binascii
from functools import partial
from typing import Any

from pydantic_core import from_json

from serve_app.concurrency import gather_limited
from serve_app.media.parts import recording_of
from serve_app.models.calls import Calls
from serve_app.models.discovery import ServedModel
from serve_app.spoken.stored_answers import SpokenAnswers
from wire.bodies import TranscriptionBody
from wire.calls import Kind, Operation
from wire.errors import APIError, InvalidRequestError
from wire.openai.chat import Message

PART = "input_audio"
AT_ONCE = 2
"""Recordings of one request that are written down at once. Clients send all of a conversation
again with each turn; it must neither take every place of the model nor need more than there are.
"""


async def recall_spoken_answers(
    messages: list[Message], answers: SpokenAnswers, owner: str
) -> list[Message]:
    """Return the conversation with the owner's earlier spoken answers as text.

    Raises:
        InvalidRequestError: the owner has no answer of an id, or it has expired.
    """
    ids = {message.audio.id for message in messages if message.audio}
    if not ids:
        return messages
    texts = {answer_id: await answers.find(owner, answer_id) for answer_id in ids}
    return [_recall(message, m, texts) for m, message in enumerate(messages)]


def _recall(message: Message, m: int, texts: dict[str, str | None]) -> Message:
    if message.audio is None:
        return message
    text = message.audio.transcript or texts[message.audio.id]
    if text is None:
        path = f"messages[{m}].audio.id"
        raise InvalidRequestError(
            f"'{path}': no spoken answer has this id, or it has expired; send its text as "
            "'content'.",
            path,
        )
    fields = message.model_dump(exclude_unset=True, exclude={"audio"})
    return Message.model_validate({**fields, "content": message.content or text})


async def transcribe_recordings(
    messages: list[Message], chat: ServedModel, calls: Calls
) -> list[Message]:
    """Return the conversation with what was said as text, if the model does not hear itself.

    Raises:
        InvalidRequestError: a part is no audio.
        ModelNotFoundError: no transcriptions model is served.
    """
    positions = [
        (m, p)
        for m, message in enumerate(messages)
        if isinstance(message.content, list)
        for p, part in enumerate(message.content)
        if part["type"] == PART
    ]
    if not positions or PART in chat.card.input_parts:
        return messages
    model = await calls.resolve(Kind.TRANSCRIPTIONS, None)
    recordings = [_recording(messages[m], m, p) for m, p in positions]
    jobs = [
        partial(_text, calls, model, recording, _path(m, p))
        for recording, (m, p) in zip(recordings, positions, strict=True)
    ]
    heard = dict(zip(positions, await gather_limited(jobs, AT_ONCE), strict=True))
    return [_with_texts(message, m, heard) for m, message in enumerate(messages)]


async def _text(calls: Calls, model: ServedModel, recording: bytes, path: str) -> str:
    try:
        body = TranscriptionBody(task="transcribe")
        reply = await calls.run(model, Operation.TRANSCRIPTION, body, files=(recording,))
    except APIError as error:
        own = error.with_param(path) if isinstance(error, InvalidRequestError) else error
        if model.card.id not in error.message:
            own = own.with_message(f"transcriptions model '{model.card.id}': {error.message}")
        raise own from error
    return from_json(reply.body)["text"].strip()


def _recording(message: Message, m: int, p: int) -> bytes:
    assert isinstance(message.content, list)
    path = _path(m, p)
    data = recording_of(message.content[p], path)
    try:
        recording = base64.b64decode(data, validate=True)
    except (binascii.Error, ValueError):
        recording = b""
    if not recording:
        raise InvalidRequestError(f"'{path}.data' must be audio in base64.", f"{path}.data")
    return recording


def _with_texts(message: Message, m: int, heard: dict[tuple[int, int], str]) -> Message:
    if not isinstance(message.content, list):
        return message
    parts: list[dict[str, Any]] = [
        {"type": "text", "text": heard[m, p]} if (m, p) in heard else part
        for p, part in enumerate(message.content)
    ]
    return message.model_copy(update={"content": parts})


def _path(m: int, p: int) -> str:
    return f"messages[{m}].content[{p}].{PART}"
