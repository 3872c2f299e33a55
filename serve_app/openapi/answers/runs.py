"""Answers of runs and their steps, and the events of a run that is streamed."""

from typing import Any, Literal

from serve_app.openapi.answers.assistants import Metadata, OfferedTool, ResponseFormat
from serve_app.openapi.answers.common import Absent, Answer
from serve_app.openapi.answers.threads import CitedFile


class RunTokens(Answer):
    """Tokens that were read and written, of all answers of the model together."""

    prompt_tokens: int
    completion_tokens: int
    total_tokens: int


class RunProblem(Answer):
    """Why it failed."""

    code: Literal["server_error", "rate_limit_exceeded", "invalid_prompt"]
    message: str


class WhyRunIsIncomplete(Answer):
    """Which limit of its tokens the run has reached."""

    reason: Literal["max_completion_tokens", "max_prompt_tokens"]


class NeededFunction(Answer):
    """A function of the client's, and what it is called with."""

    name: str
    arguments: str
    """JSON."""


class NeededCall(Answer):
    """A call that the client carries out."""

    id: str
    type: Literal["function"]
    function: NeededFunction


class NeededCalls(Answer):
    """The calls that the client carries out."""

    tool_calls: list[NeededCall]


class NeededAction(Answer):
    """What the run waits for."""

    type: Literal["submit_tool_outputs"]
    submit_tool_outputs: NeededCalls


class ShownMessages(Answer):
    """Which messages of the thread the model is shown."""

    type: Literal["auto", "last_messages"]
    last_messages: int | None


class ThreadRun(Answer):
    """A run as it is now. Times are Unix times; null: it has not come to that."""

    id: str
    object: Literal["thread.run"]
    created_at: int
    thread_id: str
    assistant_id: str
    status: Literal[
        "queued",
        "in_progress",
        "requires_action",
        "cancelling",
        "cancelled",
        "failed",
        "completed",
        "incomplete",
        "expired",
    ]
    required_action: NeededAction | None
    last_error: RunProblem | None
    expires_at: int
    started_at: int | None
    cancelled_at: int | None
    failed_at: int | None
    completed_at: int | None
    incomplete_details: WhyRunIsIncomplete | None
    usage: RunTokens | None
    """Of a run that has ended."""
    model: str
    instructions: str
    tools: list[OfferedTool]
    metadata: Metadata
    temperature: float | None
    top_p: float | None
    max_prompt_tokens: int | None
    max_completion_tokens: int | None
    truncation_strategy: ShownMessages
    tool_choice: Literal["none", "auto", "required"] | dict[str, Any]
    parallel_tool_calls: bool
    response_format: ResponseFormat
    reasoning_effort: str | Absent = None


class RunList(Answer):
    """A page of runs."""

    object: Literal["list"]
    data: list[ThreadRun]
    first_id: str | None
    last_id: str | None
    has_more: bool


class FunctionOfStep(Answer):
    """A function of the client's, and what it returned."""

    name: str
    arguments: str
    output: str | None


class FunctionCallOfStep(Answer):
    """A call of a function."""

    id: str
    type: Literal["function"]
    function: FunctionOfStep


class RankingOfStep(Answer):
    """Which passages were good enough."""

    ranker: str
    score_threshold: float


class PassageOfStep(Answer):
    """A passage that a search has found."""

    file_id: str
    file_name: str
    score: float
    content: list[dict[str, str]] | None
    """Its text, where `include[]` asks for it."""


class SearchOfStep(Answer):
    """A search, empty until it has been carried out."""

    ranking_options: RankingOfStep | Absent = None
    results: list[PassageOfStep] | Absent = None


class SearchCallOfStep(Answer):
    """A search in files."""

    id: str
    type: Literal["file_search"]
    file_search: SearchOfStep


class LogsOfStep(Answer):
    """What a program has printed."""

    type: Literal["logs"]
    logs: str


class PictureOfStep(Answer):
    """A picture that a program has made."""

    type: Literal["image"]
    image: CitedFile


class CodeOfStep(Answer):
    """A program and what came of it."""

    input: str
    outputs: list[LogsOfStep | PictureOfStep]


class CodeCallOfStep(Answer):
    """A program that was run."""

    id: str
    type: Literal["code_interpreter"]
    code_interpreter: CodeOfStep


CallOfStep = FunctionCallOfStep | SearchCallOfStep | CodeCallOfStep


class CreatedMessage(Answer):
    """The message that was written."""

    message_id: str


class MessageOfStep(Answer):
    """A message was written."""

    type: Literal["message_creation"]
    message_creation: CreatedMessage


class CallsOfStep(Answer):
    """Tools were called."""

    type: Literal["tool_calls"]
    tool_calls: list[CallOfStep]


class StepProblem(Answer):
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
    last_error: StepProblem | None
    metadata: Metadata
    step_details: MessageOfStep | CallsOfStep
    usage: RunTokens | None
    """Of the answer of the model that it belongs to."""


class RunStepList(Answer):
    """A page of steps."""

    object: Literal["list"]
    data: list[RunStep]
    first_id: str | None
    last_id: str | None
    has_more: bool
