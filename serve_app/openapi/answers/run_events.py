"""The events of a run that is streamed. What an event's data is, its `object` tells."""

from typing import Literal

from serve_app.openapi.answers.common import Absent, Answer
from serve_app.openapi.answers.runs import (
    CodeOfStep,
    RunStep,
    SearchOfStep,
    ThreadRun,
)
from serve_app.openapi.answers.threads import Thread, ThreadMessage, ThreadText


class MoreText(ThreadText):
    """More of a message's text, and what in it names files."""

    index: Literal[0]


class MoreContent(Answer):
    """More of a message."""

    content: list[MoreText]


class ThreadMessageDelta(Answer):
    """More of a message: the data of `thread.message.delta`."""

    id: str
    object: Literal["thread.message.delta"]
    delta: MoreContent


class MoreFunction(Answer):
    """More of a function's arguments; its name comes with the first of them."""

    arguments: str
    name: str | Absent = None
    output: str | None = None


class MoreOfCall(Answer):
    """More of a call."""

    index: int
    """Which of the step's calls it is."""
    type: Literal["function", "file_search", "code_interpreter"]
    id: str | Absent = None
    function: MoreFunction | Absent = None
    file_search: SearchOfStep | Absent = None
    code_interpreter: CodeOfStep | Absent = None


class MoreCalls(Answer):
    """More of the calls of tools."""

    type: Literal["tool_calls"]
    tool_calls: list[MoreOfCall]


class MoreDetails(Answer):
    """More of what a step does."""

    step_details: MoreCalls


class RunStepDelta(Answer):
    """More of a step: the data of `thread.run.step.delta`."""

    id: str
    object: Literal["thread.run.step.delta"]
    delta: MoreDetails


RunEvent = Thread | ThreadRun | RunStep | RunStepDelta | ThreadMessage | ThreadMessageDelta
