"""Answer types of the steps of a run. Reference: openai's ``types.beta.threads.runs``."""

from typing import Literal

from pydantic import Field

from wire.answers import Answer, Omittable
from wire.openai.objects import ListPage
from wire.openai.runs import RunUsage
from wire.openai.threads import FileReference


class StepFunction(Answer):
    """A function of the client's, and what it returned."""

    name: str
    arguments: str
    output: str | None = None


class FunctionToolCall(Answer):
    """A call of a function."""

    id: str
    type: Literal["function"] = "function"
    function: StepFunction


class FileSearchRankingOptions(Answer):
    """Which passages are relevant enough."""

    ranker: str
    score_threshold: float


class FileSearchResult(Answer):
    """A passage that a search returned."""

    file_id: str
    file_name: str
    score: float
    content: list[dict[str, str]] | None
    """Its text, where `include[]` requests it."""


class FileSearchDetails(Answer):
    """A search, empty until it has been carried out."""

    ranking_options: Omittable[FileSearchRankingOptions] = None
    results: Omittable[list[FileSearchResult]] = None


class FileSearchToolCall(Answer):
    """A search in files."""

    id: str
    type: Literal["file_search"] = "file_search"
    file_search: FileSearchDetails


class CodeInterpreterLogs(Answer):
    """The printed output of code."""

    type: Literal["logs"] = "logs"
    logs: str


class CodeInterpreterImage(Answer):
    """An image that code has written."""

    type: Literal["image"] = "image"
    image: FileReference


class CodeInterpreterDetails(Answer):
    """Code and its outputs."""

    input: str
    outputs: list[CodeInterpreterLogs | CodeInterpreterImage]


class CodeInterpreterToolCall(Answer):
    """Code that was run."""

    id: str
    type: Literal["code_interpreter"] = "code_interpreter"
    code_interpreter: CodeInterpreterDetails


StepToolCall = FunctionToolCall | FileSearchToolCall | CodeInterpreterToolCall


class MessageCreation(Answer):
    """The message that was written."""

    message_id: str


class MessageCreationStepDetails(Answer):
    """The step writes a message."""

    type: Literal["message_creation"] = "message_creation"
    message_creation: MessageCreation


class ToolCallsStepDetails(Answer):
    """The step calls tools."""

    type: Literal["tool_calls"] = "tool_calls"
    tool_calls: list[StepToolCall]


class RunStepLastError(Answer):
    """Why the step failed."""

    code: Literal["server_error", "rate_limit_exceeded"]
    message: str


class RunStep(Answer):
    """A step of a run. Times are Unix times."""

    id: str
    object: Literal["thread.run.step"] = "thread.run.step"
    created_at: int
    run_id: str
    assistant_id: str
    thread_id: str
    type: Literal["message_creation", "tool_calls"]
    status: Literal["in_progress", "cancelled", "failed", "completed", "expired"] = "in_progress"
    cancelled_at: int | None = None
    completed_at: int | None = None
    expired_at: int | None = None
    failed_at: int | None = None
    last_error: RunStepLastError | None = None
    metadata: dict[str, str] = Field(default_factory=dict[str, str])
    step_details: MessageCreationStepDetails | ToolCallsStepDetails
    usage: RunUsage | None = None
    """Of the model's answer that the step belongs to."""


class RunStepList(ListPage[RunStep]):
    """A page of steps."""
