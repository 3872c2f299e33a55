"""The contract between the ingress and the replicas: what each operation is sent and returns.

The ingress encodes a body once, :func:`encode_body`, and the replica decodes it once,
:func:`decode_body`. Engines have a method for each operation of their kind, whose annotation is
the body's type.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from pydantic import TypeAdapter, ValidationError
from pydantic_core import from_json, to_json

from wire.bodies import (
    AudioBody,
    Body,
    ChatCompletionBody,
    CompletionBody,
    DetokenizeBody,
    EmbeddingsBody,
    EncodeSpeechBody,
    ImagesBody,
    MessageBody,
    MessageTokensBody,
    RerankBody,
    ResponseBody,
    SpeechBody,
    TokenizeBody,
    TranscriptionBody,
)
from wire.calls import Call, Kind, Operation
from wire.validation_errors import from_validation_errors

AnyBody = Body | Mapping[str, Any]
"""A body of any operation."""

JSON = "JSON"
EVENTS = "server-sent events"


@dataclass(frozen=True, slots=True)
class Contract:
    """What one operation is sent and returns."""

    kind: Kind
    body: type[Any]
    whole: str | None = None
    """What the body of a whole reply holds; None: it is only streamed."""
    streamed: str | None = None
    """What the pieces of a stream are; None: it is only answered whole."""
    files: str = "none"
    """What the files of a call are."""


_SOURCE = "the image to begin with, and the mask if there is one"
_FACTS = "JSON; the reply's files are the images"
_PICTURES = "a JSON object for each partial image, and one for the image"

OPERATIONS: Mapping[Operation, Contract] = {
    Operation.CHAT_COMPLETION: Contract(Kind.CHAT, ChatCompletionBody, JSON, EVENTS),
    Operation.COMPLETION: Contract(Kind.CHAT, CompletionBody, JSON, EVENTS),
    Operation.RESPONSE: Contract(Kind.CHAT, ResponseBody, JSON, EVENTS),
    Operation.RESPONSE_INPUT_TOKENS: Contract(Kind.CHAT, ResponseBody, JSON),
    Operation.MESSAGE: Contract(Kind.CHAT, MessageBody, JSON, EVENTS),
    Operation.MESSAGE_TOKENS: Contract(Kind.CHAT, MessageTokensBody, JSON),
    Operation.TOKENIZE: Contract(Kind.CHAT, TokenizeBody, JSON),
    Operation.DETOKENIZE: Contract(Kind.CHAT, DetokenizeBody, JSON),
    Operation.EMBEDDINGS: Contract(Kind.EMBEDDINGS, EmbeddingsBody, JSON),
    Operation.RERANK: Contract(Kind.RERANK, RerankBody, JSON),
    Operation.IMAGE_GENERATION: Contract(Kind.IMAGES, ImagesBody, _FACTS, _PICTURES, _SOURCE),
    Operation.IMAGE_EDIT: Contract(Kind.IMAGES, ImagesBody, _FACTS, _PICTURES, _SOURCE),
    Operation.IMAGE_VARIATION: Contract(Kind.IMAGES, ImagesBody, _FACTS, files=_SOURCE),
    Operation.SPEECH: Contract(Kind.SPEECH, SpeechBody, streamed="the bytes of a sound file"),
    Operation.SPEECH_WITH_TIMESTAMPS: Contract(
        Kind.SPEECH, SpeechBody, streamed="lines of JSON: audio in base64 and its times"
    ),
    Operation.ENCODE_SPEECH: Contract(
        Kind.SPEECH, EncodeSpeechBody, "a sound file", files="samples: 24 kHz, mono, 16 bit"
    ),
    Operation.TRANSCRIPTION: Contract(
        Kind.TRANSCRIPTIONS,
        TranscriptionBody,
        JSON,
        "a JSON object for each segment, and one for the whole",
        "one recording",
    ),
    Operation.VAD: Contract(Kind.TRANSCRIPTIONS, AudioBody, JSON, files="one recording"),
}


def encode_body(body: AnyBody, model_id: str) -> bytes:
    """Return the JSON of a body, with the id of the model that it is for."""
    if isinstance(body, Body):
        body = {name: value for name, value in body if name in body.model_fields_set}
    return to_json({**body, "model": model_id}, inf_nan_mode="null")


def decode_body(call: Call, reader: TypeAdapter[Any] | None = None) -> Any:
    """Return the body of a call in its operation's type.

    ``reader`` is that of a library which validates what the client has sent; it takes the place of
    the dictionary.

    Raises:
        InvalidRequestError: a field is wrong.
    """
    try:
        if reader is not None:
            return reader.validate_json(call.body)
        # Twice as fast as validate_json for what is not validated: many token ids.
        return _reader(call.operation).validate_python(from_json(call.body))
    except ValidationError as error:
        raise from_validation_errors(
            error.errors(include_url=False), from_json(call.body)
        ) from error


@cache
def _reader(operation: Operation) -> TypeAdapter[Any]:
    body = OPERATIONS[operation].body
    return TypeAdapter(body if issubclass(body, Body) else dict[str, Any])
