# pyright: standard
"""OpenAI's Responses by vLLM's handler: its answers and events with OpenAI's fields.

Nothing is stored here. The ingress sends the whole conversation and keeps what comes of it.
"""

import time
from collections.abc import AsyncGenerator
from typing import Any

from fastapi import Request
from pydantic import BaseModel, Field
from pydantic_core import to_json
from vllm.entrypoints.openai.responses.protocol import (
    ResponseCompletedEvent,
    ResponseCreatedEvent,
    ResponseInProgressEvent,
    ResponsesRequest,
    ResponsesResponse,
)
from vllm.entrypoints.openai.responses.serving import OpenAIServingResponses
from vllm.entrypoints.serve.engine.protocol import ErrorResponse, UsageInfo

from deployments.chat.vllm.answers import Answer
from wire.openai.responses import InputTokenCountResponse

WHOLE = (ResponseCreatedEvent, ResponseInProgressEvent, ResponseCompletedEvent)
"""Events that carry the response as it is by then."""

NOT_OPENAIS = {
    "ec_transfer_params",
    "frequency_penalty",
    "input_messages",
    "kv_transfer_params",
    "metrics",
    "output_messages",
    "presence_penalty",
}
"""Fields that vLLM's response has and OpenAI's has not."""


class OneTurnRequest(ResponsesRequest):
    """vLLM's request with the fields that :class:`wire.bodies.ResponseBody` has besides."""

    shown: dict[str, Any] = Field(default_factory=dict)
    num_before: int = 0


class Responses:
    """Creates responses, whole or as server-sent events, and counts what they would read."""

    def __init__(self, handler: OpenAIServingResponses) -> None:
        self._handler = handler

    async def create(
        self, body: OneTurnRequest, request: Request
    ) -> Answer | AsyncGenerator[str] | ErrorResponse:
        """Answer one request, as vLLM's handlers do."""
        body.store = False
        made = await self._handler.create_responses(body, request)
        if isinstance(made, ErrorResponse):
            return made
        if isinstance(made, ResponsesResponse):
            _note_usage(made, request)
            return Answer(_as_openais(made, body))
        return _frames(made, body, request)

    async def count(
        self, body: OneTurnRequest, request: Request
    ) -> InputTokenCountResponse | ErrorResponse:
        """Count the tokens that the model would read."""
        rendered = await self._handler.online_renderer.render_responses(body)
        if isinstance(rendered, ErrorResponse):
            return rendered
        num_tokens = len(rendered.engine_input["prompt_token_ids"])  # type: ignore[typeddict-item]
        return InputTokenCountResponse(input_tokens=num_tokens)


async def _frames(
    events: AsyncGenerator[BaseModel], body: OneTurnRequest, request: Request
) -> AsyncGenerator[str]:
    try:
        async for event in events:
            if isinstance(event, WHOLE):
                data = _with_response(event, body)
                _note_usage(event.response, request)
            else:
                data = event.model_dump(
                    mode="json", by_alias=True, exclude=set(event.model_extra or ())
                )
            yield f"event: {data['type']}\ndata: {to_json(data).decode()}\n\n"
    finally:
        await events.aclose()


def _with_response(
    event: ResponseCreatedEvent | ResponseInProgressEvent | ResponseCompletedEvent,
    body: OneTurnRequest,
) -> dict[str, Any]:
    response = _as_openais(event.response, body)
    # vLLM calls every end "completed".
    ended = isinstance(event, ResponseCompletedEvent)
    name = f"response.{response['status']}" if ended else event.type
    return {"type": name, "sequence_number": event.sequence_number, "response": response}


def _as_openais(response: ResponsesResponse, body: OneTurnRequest) -> dict[str, Any]:
    fields = response.model_dump(mode="json", by_alias=True, exclude=NOT_OPENAIS)
    for item in fields["output"]:
        for part in item.get("content") or () if item["type"] == "message" else ():
            if part.get("logprobs"):
                part["logprobs"] = _of_text(part["logprobs"], part["text"])
    usage = response.usage
    if usage is not None:
        details = usage.input_tokens_details
        fields["usage"] = {
            "input_tokens": usage.input_tokens,
            "input_tokens_details": {
                "cached_tokens": details.cached_tokens,
                "cache_write_tokens": details.cache_write_tokens,
            },
            "output_tokens": usage.output_tokens,
            "output_tokens_details": {
                "reasoning_tokens": usage.output_tokens_details.reasoning_tokens
            },
            "total_tokens": usage.total_tokens,
        }
    ended = response.status in ("completed", "incomplete")
    return {
        **fields,
        "error": None,
        "completed_at": int(time.time()) if ended else None,
        "max_output_tokens": body.max_output_tokens,
        "metadata": body.metadata or {},
        "reasoning": fields["reasoning"] or {"effort": None, "summary": None},
        "service_tier": "default",
        "text": fields["text"] or {"format": {"type": "text"}},
        "top_logprobs": body.top_logprobs or 0,
        **body.shown,
    }


def _of_text(logprobs: list[dict[str, Any]], text: str) -> list[dict[str, Any]]:
    """Return those of a text's tokens, as streams have them.

    vLLM gives a whole text also those of the thought before it and of the token that ends it.
    """
    found: list[dict[str, Any]] = []
    for each in reversed(logprobs):
        # A character of several tokens belongs to its last; the others are empty.
        if each["token"] and not text:
            break
        if text.endswith(each["token"]):
            text = text.removesuffix(each["token"])
            found.append(each)
        elif found:
            return logprobs
    return found[::-1]


def _note_usage(response: ResponsesResponse, request: Request) -> None:
    """Put the usage where vLLM's other handlers put it."""
    if response.usage is not None:
        request.state.request_metadata.final_usage_info = UsageInfo(
            prompt_tokens=response.usage.input_tokens,
            completion_tokens=response.usage.output_tokens,
            total_tokens=response.usage.total_tokens,
        )
