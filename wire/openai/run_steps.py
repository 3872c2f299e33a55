"""Answer types of the steps of a run. Reference: openai's ``types.beta.threads.runs``."""

from typing import Literal

from wire.answers import Answer, Omittable
from wire.openai.objects import ListPage
from wire.openai.runs import RunUsage
from wire.openai.threads import FileReference


class StepFunction(Answer):
    """A function of the client's, and what it returned."""

    name: str
    arguments: str
    output: str | None


class FunctionToolCall(Answer):
    """A call of a function."""

    id: str
    type: Literal["function"]
    function: StepFunction


class FileSearchRankingOptions(Answer):
    """Which passages were good enough."""

    ranker: str
    score_threshold: float


class FileSearchResult(Answer):
    """A passage that a search has found."""

    file_id: str
    file_name: str
    score: float
    content: list[dict[str, str]] | None
    """Its text, where `include[]` asks for it."""


class FileSearchDetails(Answer):
    """A search, empty until it has been carried out."""

    ranking_options: Omittable[FileSearchRankingOptions] = None
    results: Omittable[list[FileSearchResult]] = None


class FileSearchToolCall(Answer):
    """A search in files."""

    id: str
    type: Literal["file_search"]
    file_search: FileSearchDetails


class CodeInterpreterLogs(Answer):
    """What a program has printed."""

    type: Literal["logs"]
    logs: str


class CodeInterpreterImage(Answer):
    """A picture that a program has made."""

    type: Literal["image"]
    image: FileReference


class CodeInterpreterDetails(Answer):
    """A program and what came of it."""

    input: str
    outputs: list[CodeInterpreterLogs | CodeInterpreterImage]


class CodeInterpreterToolCall(Answer):
    """A program that was run."""

    id: str
    type: Literal["code_interpreter"]
    code_interpreter: CodeInterpreterDetails


StepToolCall = FunctionToolCall | FileSearchToolCall | CodeInterpreterToolCall


class MessageCreation(Answer):
    """The message that was written."""

    message_id: str


class MessageCreationStepDetails(Answer):
    """A message was written."""

    type: Literal["message_creation"]
    message_creation: MessageCreation


class ToolCallsStepDetails(Answer):
    """Tools were called."""

    type: Literal["tool_calls"]
    tool_calls: list[StepToolCall]


class RunStepLastError(Answer):
    """Why it failed."""

    code: Literal["server_error", "rate_limit_exceeded"]
    message: str


class RunStep(Answer):
    """Something that a run has done. Times are Unix times."""

    id: str
    object: Literal["thread.run.step"]
    created_at: int
    run_id: str
    assistant_id: str
    thread_id: str
    type: Literal["message_creation", "tool_calls"]
    status: Literal["in_progress", "cancelled", "failed", "completed", "expired"]
    cancelled_at: int | None
    completed_at: int | None
    expired_at: int | None
    failed_at: int | None
    last_error: RunStepLastError | None
    metadata: dict[str, str]
    step_details: MessageCreationStepDetails | ToolCallsStepDetails
    usage: RunUsage | None
    """Of the answer of the model that it belongs to."""


class RunStepList(ListPage[RunStep]):
    """A page of steps."""
