"""Models of every kind that answer whatever they are asked, in the shapes of the real engines."""

import base64
import json
from collections.abc import AsyncGenerator
from typing import Any

from serve_app.models.discovery import ServedModel
from serve_app.models.registry import Registry
from tests.api.drawn import CARD as IMAGE_CARD
from tests.api.drawn import STREAM as IMAGE_STREAM
from tests.api.drawn import reply as drawn
from tests.api.messages import EVENTS as MESSAGE_EVENTS
from tests.api.messages import MESSAGE
from tests.api.spoken import VOICE_CARD
from tests.api.transcriptions import ANSWER as TRANSCRIPT
from tests.api.transcriptions import CARD as EAR_CARD
from tests.api.transcriptions import PIECES, WHOLE
from tests.support.response_events import event, make_response
from tests.support.scripted_model import CARD, chunk
from tests.support.serve_details import application, details
from wire.calls import Call, Kind, Operation, Reply, Usage
from wire.card import ModelCard

CARDS = (
    CARD,
    IMAGE_CARD,
    VOICE_CARD,
    EAR_CARD,
    ModelCard(id="embed", kind=Kind.EMBEDDINGS, backend="sentence-transformers"),
    ModelCard(id="rank", kind=Kind.RERANK, backend="sentence-transformers"),
)

USAGE = {"prompt_tokens": 3, "completion_tokens": 4, "total_tokens": 7}
RESPONSE_USAGE: dict[str, Any] = {
    "input_tokens": 3,
    "input_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 0},
    "output_tokens": 4,
    "output_tokens_details": {"reasoning_tokens": 0},
    "total_tokens": 7,
}
TOKEN: dict[str, Any] = {"token": "yes", "logprob": -0.5, "bytes": [121]}
CHAT: dict[str, Any] = {
    "id": "chatcmpl-1",
    "object": "chat.completion",
    "created": 1,
    "model": "small",
    "choices": [
        {
            "index": 0,
            "message": {"role": "assistant", "content": "yes", "refusal": None, "audio": None},
            "logprobs": {"content": [{**TOKEN, "top_logprobs": [TOKEN]}]},
            "finish_reason": "stop",
        }
    ],
    "usage": USAGE,
}
CONTINUED: dict[str, Any] = {"index": 0, "text": "yes", "logprobs": None, "finish_reason": "stop"}
COMPLETION = {**CHAT, "object": "text_completion", "choices": [CONTINUED]}
EMBEDDINGS = {
    "object": "list",
    "data": [{"object": "embedding", "index": 0, "embedding": [0.5]}],
    "model": "embed",
    "usage": {"prompt_tokens": 3, "total_tokens": 3},
}
TIMED = {"audio_base64": base64.b64encode(b"mp3").decode(), "alignment": None}
DONE = b"data: [DONE]\n\n"


class AnsweringModel:
    """Answers every operation."""

    def __init__(self) -> None:
        self.num_calls = 0
        self.calls: list[Call] = []

    async def run(self, call: Call) -> Reply:
        self.num_calls += 1
        self.calls.append(call)
        asked = json.loads(call.body)
        match call.operation:
            case Operation.IMAGE_GENERATION | Operation.IMAGE_EDIT | Operation.IMAGE_VARIATION:
                return drawn(*[b"\x89PNG"] * (asked.get("n") or 1) * len(asked["prompts"]))
            case Operation.RERANK:
                answer: Any = {"scores": [0.5] * len(asked["documents"])}
            case Operation.ENCODE_SPEECH:
                return Reply(b"a file", Usage())
            case Operation.TRANSCRIPTION:
                return Reply(TRANSCRIPT, Usage(audio_seconds=2))
            case Operation.RESPONSE:
                answer = response(asked)
            case _:
                answer = WHOLE_ANSWERS[call.operation]
        return Reply(json.dumps(answer).encode(), Usage(3, 4))

    async def stream(self, call: Call) -> AsyncGenerator[bytes | Usage]:
        self.num_calls += 1
        self.calls.append(call)
        if call.operation == Operation.RESPONSE:
            made = response(json.loads(call.body))
            begun = {**made, "status": "in_progress", "output": [], "completed_at": None}
            yield event("response.created", 0, response=begun)
            yield event("response.completed", 1, response=made)
            return
        for piece in STREAMS[call.operation]:
            yield piece


def response(asked: dict[str, Any]) -> dict[str, Any]:
    """Return the response that is asked for."""
    made = {**make_response("yes"), "usage": RESPONSE_USAGE}
    return {**made, "id": asked["request_id"], **asked["shown"]}


WHOLE_ANSWERS: dict[Operation, Any] = {
    Operation.CHAT_COMPLETION: CHAT,
    Operation.COMPLETION: COMPLETION,
    Operation.TOKENIZE: {"count": 1, "max_model_len": 512, "tokens": [1], "token_strs": None},
    Operation.DETOKENIZE: {"prompt": "yes"},
    Operation.MESSAGE: MESSAGE,
    Operation.MESSAGE_TOKENS: {"input_tokens": 3},
    Operation.RESPONSE_INPUT_TOKENS: {"object": "response.input_tokens", "input_tokens": 3},
    Operation.EMBEDDINGS: EMBEDDINGS,
    Operation.VAD: {"segments": [{"start": 0.0, "end": 1.5}]},
}

COUNTED = (
    b"data: "
    + json.dumps({**CHAT, "object": "chat.completion.chunk", "choices": []}).encode()
    + b"\n\n"
)
"""The chunk of a stream that tells the usage."""

STREAMS: dict[Operation, list[bytes | Usage]] = {
    Operation.CHAT_COMPLETION: [chunk("yes"), COUNTED, DONE, Usage(3, 4)],
    Operation.COMPLETION: [
        b"data: " + json.dumps({**COMPLETION, "usage": None}).encode() + b"\n\n",
        DONE,
        Usage(3, 4),
    ],
    Operation.MESSAGE: [*MESSAGE_EVENTS, Usage(3, 4)],
    Operation.IMAGE_GENERATION: IMAGE_STREAM,
    Operation.IMAGE_EDIT: IMAGE_STREAM,
    Operation.SPEECH: [b"ID3", b"more", Usage(characters=5, audio_seconds=1.5)],
    Operation.SPEECH_WITH_TIMESTAMPS: [
        json.dumps({**TIMED, "normalized_alignment": None}).encode() + b"\n",
        Usage(characters=5),
    ],
    Operation.TRANSCRIPTION: [
        *(json.dumps(piece).encode() for piece in PIECES),
        json.dumps(WHOLE).encode(),
        Usage(audio_seconds=2),
    ],
}


def answering_registry() -> tuple[Registry, AnsweringModel]:
    """Return a registry of one model of each kind, all of which are the same."""
    model = AnsweringModel()

    async def read() -> dict[str, Any]:
        return details(**{card.id: application(card) for card in CARDS})

    def make_handle(_: ServedModel) -> AnsweringModel:
        return model

    return Registry(read, make_handle, poll_interval_s=1, cold_start_timeout_s=1), model
