# pyright: standard
"""What vLLM's answers become: OpenAI's fields, and what a model thought under both its names."""

import json
from typing import Any

from pydantic import BaseModel, RootModel
from pydantic_core import to_json
from vllm.entrypoints.openai.chat_completion.protocol import ChatCompletionResponse
from vllm.entrypoints.openai.completion.protocol import CompletionResponse

VLLMS = frozenset(
    {
        "ec_transfer_params",
        "kv_transfer_params",
        "metrics",
        "prompt_logprobs",
        "prompt_text",
        "prompt_token_ids",
        "reasoning",
        "routed_experts",
        "stop_reason",
        "token_ids",
    }
)
"""Fields beyond OpenAI's. Where they are empty they are left out: clients that know every field of
an answer stumble over them."""

THOUGHT = '"reasoning":'
"""What a frame contains that has something of what the model thought."""


class Answer(RootModel[dict[str, Any]]):
    """A JSON object."""


def as_json(answer: BaseModel) -> bytes:
    """Return the JSON of an answer."""
    if not isinstance(answer, (ChatCompletionResponse, CompletionResponse)):
        return answer.model_dump_json().encode()
    fields = _without_empty(answer.model_dump(mode="json"))
    if isinstance(answer, CompletionResponse) and answer.service_tier is None:
        del fields["service_tier"]
    choices = [_without_empty(choice) for choice in fields["choices"] or ()]
    for choice in choices:
        if "message" in choice:
            choice["message"] = _with_thought(_without_empty(choice["message"]))
    return to_json({**fields, "choices": choices})


def as_frame(frame: str) -> bytes:
    """Return an event of a stream of chunks."""
    if THOUGHT not in frame:
        return frame.encode()
    chunk = json.loads(frame.removeprefix("data: "))
    for choice in chunk.get("choices", ()):
        if "delta" in choice:
            choice["delta"] = _with_thought(choice["delta"])
    return b"data: " + to_json(chunk) + b"\n\n"


def _without_empty(fields: dict[str, Any]) -> dict[str, Any]:
    return {name: v for name, v in fields.items() if not (v is None and name in VLLMS)}


def _with_thought(message: dict[str, Any]) -> dict[str, Any]:
    """Add the name by which DeepSeek's and LocalAI's clients know it."""
    if message.get("reasoning") is None:
        return message
    return {**message, "reasoning_content": message["reasoning"]}
