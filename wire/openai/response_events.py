"""The events of a response that is streamed. Reference: openai's ``types.responses``."""

from typing import Literal

from wire.answers import SparseAnswer
from wire.openai.responses import (
    ModelResponse,
    ReasoningText,
    ResponseLogprob,
    ResponseOutputItem,
    ResponseOutputText,
)


class SequencedEvent(SparseAnswer):
    """What every event has."""

    sequence_number: int


class ResponseStateEvent(SequencedEvent):
    """The response as it is by then; the last event is one of these."""

    type: Literal[
        "response.created",
        "response.queued",
        "response.in_progress",
        "response.completed",
        "response.incomplete",
        "response.failed",
    ]
    response: ModelResponse


class ResponseOutputItemEvent(SequencedEvent):
    """An item begins or ends."""

    type: Literal["response.output_item.added", "response.output_item.done"]
    output_index: int
    item: ResponseOutputItem


class ResponseItemEvent(SequencedEvent):
    """What events within an item have."""

    item_id: str
    output_index: int


class ResponseContentPartEvent(ResponseItemEvent):
    """A part of a message or of a thought begins or ends."""

    type: Literal[
        "response.content_part.added",
        "response.content_part.done",
        "response.reasoning_part.added",
        "response.reasoning_part.done",
    ]
    content_index: int
    part: ResponseOutputText | ReasoningText


class ResponseTextDeltaEvent(ResponseItemEvent):
    """More of a text."""

    type: Literal["response.output_text.delta"]
    content_index: int
    delta: str
    logprobs: list[ResponseLogprob]


class ResponseTextDoneEvent(ResponseItemEvent):
    """A whole text."""

    type: Literal["response.output_text.done"]
    content_index: int
    text: str
    logprobs: list[ResponseLogprob]


class ResponseReasoningTextDeltaEvent(ResponseItemEvent):
    """More of a thought."""

    type: Literal["response.reasoning_text.delta"]
    content_index: int
    delta: str


class ResponseReasoningTextDoneEvent(ResponseItemEvent):
    """A whole thought."""

    type: Literal["response.reasoning_text.done"]
    content_index: int
    text: str


class ResponseCallDeltaEvent(ResponseItemEvent):
    """More of what a call is given."""

    type: Literal["response.function_call_arguments.delta", "response.custom_tool_call_input.delta"]
    delta: str


class ResponseFunctionCallArgumentsDoneEvent(ResponseItemEvent):
    """The whole arguments of a function."""

    type: Literal["response.function_call_arguments.done"]
    arguments: str
    name: str | None = None


class ResponseCustomToolCallInputDoneEvent(ResponseItemEvent):
    """The whole input of a custom tool."""

    type: Literal["response.custom_tool_call_input.done"]
    input: str


ResponseStreamEvent = (
    ResponseStateEvent
    | ResponseOutputItemEvent
    | ResponseContentPartEvent
    | ResponseTextDeltaEvent
    | ResponseTextDoneEvent
    | ResponseReasoningTextDeltaEvent
    | ResponseReasoningTextDoneEvent
    | ResponseCallDeltaEvent
    | ResponseFunctionCallArgumentsDoneEvent
    | ResponseCustomToolCallInputDoneEvent
)
