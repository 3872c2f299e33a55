"""The events of a run that is streamed: ``object`` names the type of an event's data."""

from typing import Literal

from wire.answers import Answer, Omittable, SparseAnswer
from wire.openai.run_steps import CodeInterpreterDetails, FileSearchDetails, RunStep
from wire.openai.runs import Run
from wire.openai.threads import TextContentBlock, Thread, ThreadMessage


class TextDeltaBlock(TextContentBlock):
    """More of a message's text, and what in it names files."""

    index: Literal[0]


class ThreadMessageDelta(Answer):
    """More of a message."""

    content: list[TextDeltaBlock]


class ThreadMessageDeltaEvent(Answer):
    """More of a message: the data of `thread.message.delta`."""

    id: str
    object: Literal["thread.message.delta"]
    delta: ThreadMessageDelta


class StepFunctionDelta(SparseAnswer):
    """More of a function's arguments; its name comes with the first of them."""

    arguments: str
    name: Omittable[str] = None
    output: str | None = None


class StepToolCallDelta(Answer):
    """More of a call."""

    index: int
    """Which of the step's calls it is."""
    type: Literal["function", "file_search", "code_interpreter"]
    id: Omittable[str] = None
    function: Omittable[StepFunctionDelta] = None
    file_search: Omittable[FileSearchDetails] = None
    code_interpreter: Omittable[CodeInterpreterDetails] = None


class ToolCallsDelta(Answer):
    """More of the calls of tools."""

    type: Literal["tool_calls"]
    tool_calls: list[StepToolCallDelta]


class RunStepDelta(Answer):
    """More of what a step does."""

    step_details: ToolCallsDelta


class RunStepDeltaEvent(Answer):
    """More of a step: the data of `thread.run.step.delta`."""

    id: str
    object: Literal["thread.run.step.delta"]
    delta: RunStepDelta


AssistantStreamEvent = (
    Thread | Run | RunStep | RunStepDeltaEvent | ThreadMessage | ThreadMessageDeltaEvent
)
