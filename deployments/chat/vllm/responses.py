# pyright: standard
"""OpenAI's Responses by vLLM's handler: its answers and events with OpenAI's fields.

Nothing is stored here. The ingress sends the whole conversation and keeps what comes of it.
"""

import time
from collections.abc import AsyncGenerator
from typing import Any

from fastapi import Request
from openai.types.responses import (
    ResponseContentPartAddedEvent,
    ResponseContentPartDoneEvent,
    ResponseFunctionToolCall,
    ResponseOutputItem,
    ResponseOutputItemAddedEvent,
    ResponseOutputItemDoneEvent,
    ResponseOutputMessage,
    ResponseOutputText,
    ResponseReasoningItem,
)
from pydantic import Field, model_validator
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
from vllm.exceptions import VLLMError
from vllm.sampling_params import SamplingParams

from deployments.chat.vllm.answers import Answer
from deployments.chat.vllm.errors import is_too_long
from deployments.chat.vllm.media import current
from deployments.chat.vllm.text_logprobs import of_text, place_logprobs
from deployments.chat.vllm.tool_calls import is_json
from deployments.chat.vllm.truncation import answer_room, truncate
from deployments.chat.vllm.whole_answers import has_logprobs, make_responses
from deployments.threads import WorkerThreads
from wire.openai.responses import InputTokenCountResponse

STATES = (ResponseCreatedEvent, ResponseInProgressEvent, ResponseCompletedEvent)
"""Events that carry the response as it is by then."""

ITEMS = (ResponseOutputItemAddedEvent, ResponseOutputItemDoneEvent)
PARTS = (ResponseContentPartAddedEvent, ResponseContentPartDoneEvent)
HAS_STATUS = (ResponseFunctionToolCall, ResponseOutputMessage, ResponseReasoningItem)


class OneTurnRequest(ResponsesRequest):
    """vLLM's request with the fields that :class:`wire.bodies.ResponseBody` has besides."""

    shown: dict[str, Any] = Field(default_factory=dict)
    num_before: int = 0
    num_events_before: int = 0
    bad_words: list[str] = Field(default_factory=list)
    items: list[dict[str, Any]] = Field(default_factory=list)
    """The input as it was sent, if some of it may be left out."""

    @model_validator(mode="before")
    @classmethod
    def keep_items(cls, data: Any) -> Any:
        """Keep the items before vLLM parses them."""
        if isinstance(data, dict) and data.get("truncation") == "auto":
            return {**data, "items": data["input"]}
        return data

    def to_sampling_params(self, *args: Any, **options: Any) -> SamplingParams:
        """Add the words that must not be in the answer, as vLLM does in chat."""
        params = super().to_sampling_params(*args, **options)
        params.bad_words = self.bad_words
        return params


class Responses:
    """Creates responses, whole or as server-sent events, and counts what they would read."""

    def __init__(self, handler: OpenAIServingResponses, threads: WorkerThreads) -> None:
        self._handler = handler
        self._threads = threads
        place_logprobs(handler)
        make_responses(handler, threads)

    async def create(
        self, body: OneTurnRequest, request: Request
    ) -> Answer | AsyncGenerator[str] | ErrorResponse:
        """Answer one request, as vLLM's handlers do."""
        body.store = False
        body = await self._truncate(body)
        made = await self._handler.create_responses(body, request)
        if isinstance(made, ErrorResponse):
            return made
        if isinstance(made, ResponsesResponse):
            _note_usage(made, request)
            if has_logprobs(body):
                return await self._threads.run(lambda _: Answer(_as_openais(made, body)))
            return Answer(_as_openais(made, body))
        return _frames(made, body, request)

    async def count(
        self, body: OneTurnRequest, request: Request
    ) -> InputTokenCountResponse | ErrorResponse:
        """Count the tokens that the model would read."""
        counted = await self._count(await self._truncate(body))
        if isinstance(counted, ErrorResponse):
            return counted
        return InputTokenCountResponse(input_tokens=counted)

    async def _count(self, body: OneTurnRequest) -> int | ErrorResponse:
        # What is not sent to the engine must not seem to be in its cache of pictures.
        render = self._handler.online_renderer.render_responses
        rendered = await render(body, skip_mm_cache=True)
        current.get().begin_again()
        if isinstance(rendered, ErrorResponse):
            return rendered
        return len(rendered.engine_input["prompt_token_ids"])  # type: ignore[typeddict-item]

    async def _truncate(self, body: OneTurnRequest) -> OneTurnRequest:
        """Return the request with the newest of its items that fit, if it is to be truncated."""
        if body.truncation != "auto":
            return body
        context = self._handler.model_config.max_model_len
        limit = context - answer_room(body.max_output_tokens, context)

        # To read an item takes 60 µs. Those of which the text was cut are not the same objects.
        read = {id(item): as_read for item, as_read in zip(body.items, body.input, strict=True)}

        def with_items(items: list[dict[str, Any]]) -> OneTurnRequest:
            cut = [item for item in items if id(item) not in read]
            as_cut: Any = iter(OneTurnRequest(input=cut).input if cut else ())  # type: ignore[arg-type]
            left = [read[id(item)] if id(item) in read else next(as_cut) for item in items]
            return body.model_copy(update={"input": left, "truncation": "disabled"})

        async def fits(items: list[dict[str, Any]]) -> bool:
            try:
                counted = await self._count(with_items(items))
            except VLLMError as error:
                if is_too_long(str(error)):
                    return False
                raise
            if isinstance(counted, ErrorResponse):
                return not is_too_long(counted.error.message)
            return counted <= limit

        return with_items(await truncate(body.items, fits))


async def _frames(
    events: AsyncGenerator[Any], body: OneTurnRequest, request: Request
) -> AsyncGenerator[str]:
    # Whether an item was cut is known with the next event, which follows at once.
    ended: ResponseOutputItemDoneEvent | None = None
    try:
        async for event in events:
            event.sequence_number += body.num_events_before
            if ended is not None:
                if isinstance(event, ResponseCompletedEvent):
                    _mark_cut_item(ended.item, event.response)
                yield _write_event(ended)
                ended = None
            if isinstance(event, ResponseOutputItemDoneEvent):
                ended = event
            elif isinstance(event, STATES):
                _note_usage(event.response, request)
                yield _write_state(event, body)
            else:
                yield _write_event(event)
    finally:
        await events.aclose()


def _write_state(
    event: ResponseCreatedEvent | ResponseInProgressEvent | ResponseCompletedEvent,
    body: OneTurnRequest,
) -> str:
    response = _as_openais(event.response, body)
    # vLLM calls every end "completed".
    ended = isinstance(event, ResponseCompletedEvent)
    name = f"response.{response['status']}" if ended else event.type
    data = {"type": name, "sequence_number": event.sequence_number, "response": response}
    return f"event: {name}\ndata: {to_json(data).decode()}\n\n"


def _write_event(event: Any) -> str:
    """Write an event without empty fields, which OpenAI leaves out."""
    if isinstance(event, ITEMS):
        _complete_item(event.item)
    elif isinstance(event, PARTS):
        _complete_part(event.part)
    extra = set(event.model_extra or ())
    data = event.model_dump_json(by_alias=True, exclude_none=True, exclude=extra)
    return f"event: {event.type}\ndata: {data}\n\n"


def _as_openais(response: ResponsesResponse, body: OneTurnRequest) -> dict[str, Any]:
    """Return vLLM's response with OpenAI's fields.

    ``shown`` repeats the request, of which the engine may have made something else.
    """
    for item in response.output[-1:]:
        _mark_cut_item(item, response)
    is_completed = response.status == "completed"
    details = response.incomplete_details
    return {
        "id": response.id,
        "object": response.object,
        "created_at": response.created_at,
        "completed_at": int(time.time()) if is_completed else None,
        "status": response.status,
        "error": None,
        "incomplete_details": {"reason": details.reason} if details else None,
        "model": response.model,
        "output": [_item_fields(item) for item in response.output],
        "temperature": response.temperature,
        "top_p": response.top_p,
        "frequency_penalty": response.frequency_penalty,
        "presence_penalty": response.presence_penalty,
        "usage": _usage_fields(response),
        **body.shown,
    }


def _mark_cut_item(item: ResponseOutputItem, response: ResponsesResponse) -> None:
    """Set the status of the last item if ``max_output_tokens`` was reached within it.

    A call with all its arguments is complete: the limit was reached after it.
    """
    if response.status != "incomplete":
        return
    is_whole_call = isinstance(item, ResponseFunctionToolCall) and is_json(item.arguments)
    if isinstance(item, HAS_STATUS) and not is_whole_call:
        item.status = "incomplete"


def _item_fields(item: ResponseOutputItem) -> dict[str, Any]:
    _complete_item(item)
    return item.model_dump(mode="json", by_alias=True, exclude_none=True)


def _complete_item(item: Any) -> None:
    """Make of vLLM's item what OpenAI's is."""
    if isinstance(item, ResponseReasoningItem) and item.status is None:
        item.status = "completed"
    elif isinstance(item, ResponseOutputMessage):
        for part in item.content:
            _complete_part(part)


def _complete_part(part: Any) -> None:
    if isinstance(part, ResponseOutputText):
        part.logprobs = of_text(part.logprobs or [], part.text)


def _usage_fields(response: ResponsesResponse) -> dict[str, Any] | None:
    usage = response.usage
    if usage is None:
        return None
    details = usage.input_tokens_details
    return {
        "input_tokens": usage.input_tokens,
        "input_tokens_details": {
            "cached_tokens": details.cached_tokens,
            "cache_write_tokens": details.cache_write_tokens,
        },
        "output_tokens": usage.output_tokens,
        "output_tokens_details": {"reasoning_tokens": usage.output_tokens_details.reasoning_tokens},
        "total_tokens": usage.total_tokens,
    }


def _note_usage(response: ResponsesResponse, request: Request) -> None:
    """Put the usage where vLLM's other handlers put it."""
    if response.usage is not None:
        request.state.request_metadata.final_usage_info = UsageInfo(
            prompt_tokens=response.usage.input_tokens,
            completion_tokens=response.usage.output_tokens,
            total_tokens=response.usage.total_tokens,
        )
