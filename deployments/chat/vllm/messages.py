# pyright: standard
"""Anthropic's Messages by vLLM's handler: its answers and events with Anthropic's fields."""

import json
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any

from fastapi import Request
from pydantic_core import from_json
from vllm.config import ModelConfig
from vllm.entrypoints.anthropic.protocol import (
    AnthropicCountTokensRequest,
    AnthropicMessagesRequest,
)
from vllm.entrypoints.anthropic.serving import AnthropicServingMessages
from vllm.entrypoints.openai.chat_completion.protocol import (
    ChatCompletionRequest,
    ChatCompletionResponse,
)
from vllm.entrypoints.serve import create_error_response
from vllm.entrypoints.serve.engine.protocol import ErrorResponse
from vllm.renderers import TokenizeParams

from deployments.chat.vllm.answers import Answer
from deployments.chat.vllm.tool_calls import StoppedCalls, call_mark, forbid_calls, mark_cut_calls
from wire.sse import read_data, write_event

ERROR_FRAME = 'data: {"error"'
"""The beginning of the frame by which vLLM's chat stream reports a failure."""
REWRITTEN = ("event: message_start", "event: content_block_start", "event: message_delta")
"""Events that vLLM fills differently from Anthropic. The others, one a token, pass unchanged."""


class CountedRequest(ChatCompletionRequest):
    """A conversation that is read but not answered, so that it may be longer than the context."""

    def build_tok_params(self, model_config: ModelConfig) -> TokenizeParams:
        """Leave the length open."""
        return TokenizeParams(
            max_total_tokens=None,
            max_output_tokens=0,
            add_special_tokens=self.add_special_tokens,
        )


class Messages:
    """Answers messages, whole or as server-sent events, and counts their tokens."""

    def __init__(self, handler: AnthropicServingMessages) -> None:
        self._handler = handler

    async def create(
        self, body: AnthropicMessagesRequest, request: Request
    ) -> Answer | AsyncGenerator[str] | ErrorResponse:
        """Answer one request, as vLLM's handlers do."""
        made = await self._handler.create_chat_completion(await self._chat(body), request)
        if isinstance(made, ErrorResponse):
            return made
        if isinstance(made, ChatCompletionResponse):
            return Answer(self._to_message(made, body))
        return self._events(made, body)

    async def count_tokens(
        self, body: AnthropicCountTokensRequest, _: Request
    ) -> Answer | ErrorResponse:
        """Count the tokens that the model would read."""
        chat = await self._chat(body)
        counted = CountedRequest.model_construct(chat.model_fields_set, **dict(chat))
        rendered = await self._handler.render_chat_request(counted)
        if isinstance(rendered, ErrorResponse):
            return rendered
        inputs: list[Any] = list(rendered[1])
        return Answer({"input_tokens": sum(len(each["prompt_token_ids"]) for each in inputs)})

    async def _chat(
        self, body: AnthropicMessagesRequest | AnthropicCountTokensRequest
    ) -> ChatCompletionRequest:
        handler, effort = self._handler, "none"
        if body.thinking is not None and body.thinking.type == "disabled":
            effort = await handler._get_disabled_thinking_effort()
        chat = handler.to_chat_completion_request(
            body, merge_inline_system=handler._merge_inline_system, disabled_thinking_effort=effort
        )
        if body.messages[-1].role == "assistant":  # the beginning of the answer
            chat.add_generation_prompt, chat.continue_final_message = False, True
        forbid_calls(chat, call_mark(getattr(handler, "parser_cls", None)))
        return chat

    def _to_message(
        self, made: ChatCompletionResponse, body: AnthropicMessagesRequest
    ) -> dict[str, Any]:
        mark_cut_calls(made)
        choice = made.choices[0]
        cut_short = False
        for call in choice.message.tool_calls:
            arguments, complete = _read_arguments(call.function.arguments)
            call.function.arguments = json.dumps(arguments)
            cut_short = cut_short or not complete
        message = self._handler.messages_full_converter(made)
        if cut_short and isinstance(choice.stop_reason, str) and message.stop_reason == "tool_use":
            message.stop_reason, message.stop_sequence = "stop_sequence", choice.stop_reason
        content = [block.model_dump(exclude_unset=True) for block in message.content]
        if _hides_thinking(body):
            content = [{**b, "thinking": ""} if b["type"] == "thinking" else b for b in content]
        assert message.usage is not None
        usage = _with_cache(message.usage.model_dump(exclude_none=True))
        return {
            "id": _message_id(made.id),
            "type": "message",
            "role": "assistant",
            "model": message.model,
            "content": content,
            "stop_reason": _stop_reason(message.stop_reason, usage, body),
            "stop_sequence": message.stop_sequence,
            "usage": usage,
        }

    async def _events(
        self, frames: AsyncGenerator[str], body: AnthropicMessagesRequest
    ) -> AsyncGenerator[str]:
        failure: str | None = None
        stopped = StoppedCalls()

        async def healthy() -> AsyncGenerator[str]:
            # vLLM's converter would fail on it and report an error of its own.
            nonlocal failure
            async for frame in frames:
                if frame.startswith(ERROR_FRAME):
                    failure = frame
                    return
                yield stopped.mark(frame) if body.stop_sequences else frame

        events = self._handler.message_stream_converter(healthy())
        async with aclosing(frames), aclosing(events):
            async for event in events:
                if event.startswith("event: error"):
                    failure = _report_converter_failure(event)
                elif not (_hides_thinking(body) and '"type":"thinking_delta"' in event):
                    yield _rewrite(event, body) if event.startswith(REWRITTEN) else event
        if failure is not None:
            yield failure


def _rewrite(event: str, body: AnthropicMessagesRequest) -> str:
    data = read_data(event.encode())
    if data["type"] == "message_start":
        message = data["message"]
        message["id"] = _message_id(message["id"])
        message["usage"] = _with_cache(message["usage"])
    elif data["type"] == "message_delta":
        delta = data["delta"]
        data["usage"] = _with_cache(data["usage"])
        delta["stop_reason"] = _stop_reason(delta["stop_reason"], data["usage"], body)
    elif data["content_block"]["type"] == "thinking":
        data["content_block"]["signature"] = ""
    return write_event(data, data["type"]).decode()


def _report_converter_failure(event: str) -> str:
    reason = read_data(event.encode())["error"]["message"]
    error = create_error_response(RuntimeError(f"vLLM's stream of messages failed: {reason}"))
    return write_event(error.model_dump()).decode()


def _message_id(chat_id: str) -> str:
    return f"msg_{chat_id.removeprefix('chatcmpl-')}"


def _with_cache(usage: dict[str, Any]) -> dict[str, Any]:
    """Report what was read from the cache, and no writes: they cost the client nothing."""
    written = usage.get("cache_creation_input_tokens") or 0
    return {
        "cache_read_input_tokens": 0,
        **usage,
        "cache_creation_input_tokens": 0,
        "input_tokens": usage["input_tokens"] + written,
    }


def _stop_reason(
    reason: str | None, usage: dict[str, Any], body: AnthropicMessagesRequest
) -> str | None:
    """Distinguish an answer that filled the context from one that reached ``max_tokens``."""
    if reason == "max_tokens" and usage["output_tokens"] < body.max_tokens:
        return "model_context_window_exceeded"
    return reason


def _hides_thinking(body: AnthropicMessagesRequest) -> bool:
    return getattr(body.thinking, "display", None) == "omitted"


def _read_arguments(text: str) -> tuple[dict[str, Any], bool]:
    """Return the arguments of a call as far as they go, and whether they are complete."""
    try:
        value, complete = json.loads(text), True
    except ValueError:
        value, complete = _parse_beginning(text), False
    return (value if isinstance(value, dict) else {}), complete


def _parse_beginning(text: str) -> Any:
    try:
        return from_json(text, allow_partial=True)
    except ValueError:
        return None
