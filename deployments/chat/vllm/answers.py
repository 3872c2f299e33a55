# pyright: standard
"""Turns vLLM's answers into OpenAI's fields, with the reasoning under both of its names."""

from collections.abc import Callable
from typing import Any

from pydantic import BaseModel, RootModel
from pydantic_core import to_json, to_jsonable_python
from vllm.entrypoints.openai.chat_completion.protocol import (
    ChatCompletionLogProbs,
    ChatCompletionRequest,
    ChatCompletionResponse,
)
from vllm.entrypoints.openai.completion.protocol import CompletionRequest, CompletionResponse

from deployments.chat.vllm.tool_calls import StoppedCalls, mark_cut_calls
from wire.sse import read_data, write_event

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
"""Fields beyond OpenAI's. Where they are empty they are left out: clients that check every field
of an answer fail on them."""

IN_FRAMES = tuple(
    f',"{name}":null'
    for name in ("metrics", "prompt_text", "prompt_token_ids", "stop_reason", "token_ids")
)
"""Those of them that vLLM writes into the frames of a stream, empty. No text contains them: a
quotation mark within one has a backslash before it."""

THOUGHT = '"reasoning":'
"""The mark of a frame with reasoning."""

ROLE = '"delta":{"role":"assistant","content":""'
NO_CONTENT = ROLE.replace('""', "null")
"""The first delta of an answer. Where it may be a call, its content is null: of an empty one,
clients make a part of the message."""

CALLED = '"tool_calls":[{"id":'
"""The mark of a frame that begins a call."""

PROMPT = ',"prompt_token_ids":['
CACHED = '"prompt_tokens_details":{'
USAGE = '"usage":'
DONE = "data: [DONE]"
END = "}\n\n"


LOGPROBS: Any = {
    "prompt_logprobs": True,
    "choices": {"__all__": {"prompt_logprobs": True, "logprobs": {"content"}}},
}
"""The lists of an answer with an item for each token."""


class Answer(RootModel[dict[str, Any]]):
    """A JSON object."""


def as_json(answer: BaseModel, body: Any = None) -> bytes:
    """Return the JSON of an answer to ``body``."""
    if not isinstance(answer, (ChatCompletionResponse, CompletionResponse)):
        return answer.model_dump_json().encode()
    if isinstance(answer, ChatCompletionResponse):
        mark_cut_calls(answer)
    fields = _select_fields(_dump(answer), body)
    if isinstance(answer, CompletionResponse) and answer.service_tier is None:
        del fields["service_tier"]
    choices = [_select_fields(choice, body) for choice in fields["choices"] or ()]
    for choice in choices:
        if "message" in choice:
            choice["message"] = _with_thought(
                _clear_empty_content(_without_empty(choice["message"]))
            )
    return to_json({**fields, "choices": choices, "usage": _rename_usage(fields["usage"])})


def _dump(answer: ChatCompletionResponse | CompletionResponse) -> dict[str, Any]:
    """Return the fields of an answer, its log probabilities one token after the other.

    pydantic holds the interpreter's lock until it has dumped what it is given.
    """
    fields = answer.model_dump(mode="json", exclude=LOGPROBS)
    _dump_prompt(answer, fields)
    for choice, shown in zip(answer.choices, fields["choices"], strict=True):
        _dump_prompt(choice, shown)
        if isinstance(choice.logprobs, ChatCompletionLogProbs):
            content = choice.logprobs.content or ()
            shown["logprobs"]["content"] = [each.model_dump(mode="json") for each in content]
    return fields


def _dump_prompt(part: Any, shown: dict[str, Any]) -> None:
    tokens = getattr(part, "prompt_logprobs", None)  # of chat in the answer, else in its choices
    if tokens is not None:
        shown["prompt_logprobs"] = [to_jsonable_python(each) for each in tokens]


def frame_writer(body: Any) -> Callable[[str], bytes]:
    """Return the function that turns vLLM's frames into the events that answer ``body``."""
    if not isinstance(body, (ChatCompletionRequest, CompletionRequest)):
        return str.encode
    has_usage = body.stream_options is not None and bool(body.stream_options.include_usage)
    # vLLM adds the prompt's tokens to its echo.
    shows_prompt = bool(body.return_token_ids)
    is_chat = isinstance(body, ChatCompletionRequest)
    may_call = is_chat and bool(body.tools) and body.tool_choice != "none"
    stopped = StoppedCalls() if may_call and body.stop else None

    def write(frame: str) -> bytes:
        if may_call:
            frame = frame.replace(ROLE, NO_CONTENT)
        if stopped is not None:
            frame = stopped.mark(frame)
        for empty in IN_FRAMES:
            frame = frame.replace(empty, "")
        if not shows_prompt and PROMPT in frame:
            before, _, after = frame.partition(PROMPT)
            frame = before + after.partition("]")[2]
        if has_usage and USAGE not in frame and not frame.startswith(DONE):
            frame = f'{frame.removesuffix(END)},"usage":null{END}'
        unfinished = THOUGHT in frame or CALLED in frame or CACHED in frame
        return _complete(frame) if unfinished else frame.encode()

    return write


def _complete(frame: str) -> bytes:
    """Return a frame with the fields that OpenAI's clients read and vLLM leaves out."""
    chunk = read_data(frame.encode())
    for choice in chunk.get("choices", ()):
        if "delta" in choice:
            choice["delta"] = _with_thought(choice["delta"])
            for call in choice["delta"].get("tool_calls") or ():
                if call.get("id") and call.get("function"):
                    call["function"].setdefault("arguments", "")
    if chunk.get("usage"):
        chunk["usage"] = _rename_usage(chunk["usage"])
    return write_event(chunk)


def _select_fields(fields: dict[str, Any], body: Any) -> dict[str, Any]:
    """Leave out empty fields, and the prompt's logprobs that vLLM needs for its echo."""
    if body is not None and getattr(body, "prompt_logprobs", None) is None:
        fields.pop("prompt_logprobs", None)
    return _without_empty(fields)


def _clear_empty_content(message: dict[str, Any]) -> dict[str, Any]:
    """Return a message that calls without an empty text: OpenAI's content is null then."""
    if message.get("tool_calls") and not message["content"]:
        return {**message, "content": None}
    return message


def _rename_usage(usage: dict[str, Any]) -> dict[str, Any]:
    """Name the parts of a prompt as OpenAI does."""
    details = usage.get("prompt_tokens_details")
    if details is None:
        return usage
    parts = {
        "cached_tokens": details.get("cached_tokens") or 0,
        "cache_write_tokens": details.get("created_cache_tokens") or 0,
        **{f"{kind}_tokens": n for kind, n in (details.get("multimodal_tokens") or {}).items()},
    }
    return {**usage, "prompt_tokens_details": parts}


def _without_empty(fields: dict[str, Any]) -> dict[str, Any]:
    return {name: v for name, v in fields.items() if not (v is None and name in VLLMS)}


def _with_thought(message: dict[str, Any]) -> dict[str, Any]:
    """Add DeepSeek's and LocalAI's name of it."""
    if message.get("reasoning") is None:
        return {name: value for name, value in message.items() if name != "reasoning"}
    return {**message, "reasoning_content": message["reasoning"]}
