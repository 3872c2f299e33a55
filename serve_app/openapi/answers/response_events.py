"""The events of a response that is streamed."""

from typing import Literal

from serve_app.openapi.answers.common import Answer
from serve_app.openapi.answers.responses import (
    ModelResponse,
    OutputItem,
    OutputLogprob,
    OutputText,
    ReasoningText,
)


class NumberedEvent(Answer):
    """What every event has."""

    sequence_number: int


class ResponseStateEvent(NumberedEvent):
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


class ItemEvent(NumberedEvent):
    """An item begins or ends."""

    type: Literal["response.output_item.added", "response.output_item.done"]
    output_index: int
    item: OutputItem


class InItem(NumberedEvent):
    """What events within an item have."""

    item_id: str
    output_index: int


class PartEvent(InItem):
    """A part of a message or of a thought begins or ends."""

    type: Literal[
        "response.content_part.added",
        "response.content_part.done",
        "response.reasoning_part.added",
        "response.reasoning_part.done",
    ]
    content_index: int
    part: OutputText | ReasoningText


class TextDeltaEvent(InItem):
    """More of a text."""

    type: Literal["response.output_text.delta"]
    content_index: int
    delta: str
    logprobs: list[OutputLogprob]


class TextDoneEvent(InItem):
    """A whole text."""

    type: Literal["response.output_text.done"]
    content_index: int
    text: str
    logprobs: list[OutputLogprob]


class ReasoningDeltaEvent(InItem):
    """More of a thought."""

    type: Literal["response.reasoning_text.delta"]
    content_index: int
    delta: str


class ReasoningDoneEvent(InItem):
    """A whole thought."""

    type: Literal["response.reasoning_text.done"]
    content_index: int
    text: str


class CallDeltaEvent(InItem):
    """More of what a call is given."""

    type: Literal["response.function_call_arguments.delta", "response.custom_tool_call_input.delta"]
    delta: str


class ArgumentsDoneEvent(InItem):
    """The whole arguments of a function."""

    type: Literal["response.function_call_arguments.done"]
    arguments: str
    name: str | None = None


class InputDoneEvent(InItem):
    """The whole input of a custom tool."""

    type: Literal["response.custom_tool_call_input.done"]
    input: str


ResponseEvent = (
    ResponseStateEvent
    | ItemEvent
    | PartEvent
    | TextDeltaEvent
    | TextDoneEvent
    | ReasoningDeltaEvent
    | ReasoningDoneEvent
    | CallDeltaEvent
    | ArgumentsDoneEvent
    | InputDoneEvent
)
