"""Request types of runs. Reference: the openai package, ``types/beta/threads``."""

from typing import Annotated, Any, Literal

from pydantic import Field, Tag, model_validator

from wire.answers import Answer, Omittable
from wire.limits import MAX_NEW_MESSAGES, MAX_TOOL_OUTPUTS
from wire.openai.assistants import (
    Format,
    Instructions,
    OfferedTool,
    ResponseFormatOption,
    Temperature,
    ToolResources,
    Tools,
    TopP,
)
from wire.openai.objects import ListPage, Metadata
from wire.openai.threads import MessageRequest, ThreadRequest
from wire.requests import StoredBody, text_or

MIN_TOKENS = 256
"""OpenAI's minimum of a run's token limits."""
RESULT_CONTENT = "step_details.tool_calls[*].file_search.results[*].content"

Includable = Literal["step_details.tool_calls[*].file_search.results[*].content"]


class TruncationStrategy(StoredBody):
    """Which messages of a thread go into the prompt."""

    type: Literal["auto", "last_messages"]
    last_messages: int | None = Field(default=None, ge=1)

    @model_validator(mode="after")
    def _check_last_messages(self) -> "TruncationStrategy":
        if (self.type == "last_messages") != (self.last_messages is not None):
            raise ValueError("'last_messages' belongs to the type 'last_messages' and only to it")
        return self


class ChosenFunction(StoredBody):
    """The function that the model must call."""

    name: str


class ChosenTool(StoredBody):
    """The tool that the model must call."""

    type: Literal["function", "file_search", "retrieval", "code_interpreter"]
    function: ChosenFunction | None = None

    @model_validator(mode="after")
    def _check_function(self) -> "ChosenTool":
        if (self.type == "function") != (self.function is not None):
            raise ValueError("'function' belongs to the type 'function', and only to that")
        return self


ToolChoice = Annotated[
    Annotated[Literal["none", "auto", "required"], Tag("[text]")]
    | Annotated[ChosenTool, Tag("[object]")],
    text_or("an object"),
]


def to_tool_choice(
    value: Literal["none", "auto", "required"] | ChosenTool | None,
) -> str | dict[str, Any]:
    """Return a tool choice as the client sent it."""
    return (
        value.model_dump(exclude_unset=True) if isinstance(value, ChosenTool) else value or "auto"
    )


class RunFields(StoredBody):
    """Fields of all requests that create a run."""

    assistant_id: str
    model: str | None = None
    instructions: Instructions | None = None
    tools: Tools | None = None
    metadata: Metadata | None = None
    temperature: Temperature | None = None
    top_p: TopP | None = None
    stream: bool | None = None
    max_prompt_tokens: int | None = Field(default=None, ge=MIN_TOKENS)
    max_completion_tokens: int | None = Field(default=None, ge=MIN_TOKENS)
    truncation_strategy: TruncationStrategy | None = None
    tool_choice: ToolChoice | None = None
    parallel_tool_calls: bool | None = None
    response_format: Format | None = None
    reasoning_effort: str | None = None


class RunRequest(RunFields):
    """Body of ``POST /v1/threads/{id}/runs``."""

    additional_instructions: Instructions | None = None
    additional_messages: list[MessageRequest] | None = Field(
        default=None, max_length=MAX_NEW_MESSAGES
    )
    include: list[Includable] | None = None


class ThreadRunRequest(RunFields):
    """Body of ``POST /v1/threads/runs``."""

    thread: ThreadRequest | None = None
    tool_resources: ToolResources | None = None


class ToolOutput(StoredBody):
    """The result of one function call."""

    tool_call_id: str
    output: str = ""


class ToolOutputs(StoredBody):
    """Body of ``POST /v1/threads/{id}/runs/{id}/submit_tool_outputs``."""

    tool_outputs: list[ToolOutput] = Field(min_length=1, max_length=MAX_TOOL_OUTPUTS)
    stream: bool | None = None


class RunUsage(Answer):
    """Tokens that were read and written, of all the model's answers together."""

    prompt_tokens: int
    completion_tokens: int
    total_tokens: int


class RunLastError(Answer):
    """Why the run failed."""

    code: Literal["server_error", "rate_limit_exceeded", "invalid_prompt"]
    message: str


class RunIncompleteDetails(Answer):
    """The token limit that the run has reached."""

    reason: Literal["max_completion_tokens", "max_prompt_tokens"]


class RequiredActionFunction(Answer):
    """A function of the client's, and its arguments."""

    name: str
    arguments: str
    """JSON."""


class RequiredActionToolCall(Answer):
    """A call that the client carries out."""

    id: str
    type: Literal["function"] = "function"
    function: RequiredActionFunction


class RequiredActionSubmitToolOutputs(Answer):
    """The calls that the client carries out."""

    tool_calls: list[RequiredActionToolCall]


class RequiredAction(Answer):
    """The action that the run waits for."""

    type: Literal["submit_tool_outputs"] = "submit_tool_outputs"
    submit_tool_outputs: RequiredActionSubmitToolOutputs


class RunTruncationStrategy(Answer):
    """Which messages of the thread the model reads."""

    type: Literal["auto", "last_messages"] = "auto"
    last_messages: int | None = None


class Run(Answer):
    """A run. Times are Unix times; null: it has not happened."""

    id: str
    object: Literal["thread.run"] = "thread.run"
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
    ] = "queued"
    required_action: RequiredAction | None = None
    last_error: RunLastError | None = None
    expires_at: int
    started_at: int | None = None
    cancelled_at: int | None = None
    failed_at: int | None = None
    completed_at: int | None = None
    incomplete_details: RunIncompleteDetails | None = None
    usage: RunUsage | None = None
    """Of a run that has ended."""
    model: str
    instructions: str
    tools: list[OfferedTool]
    metadata: dict[str, str]
    temperature: float | None
    top_p: float | None
    max_prompt_tokens: int | None
    max_completion_tokens: int | None
    truncation_strategy: RunTruncationStrategy
    tool_choice: Literal["none", "auto", "required"] | dict[str, Any]
    parallel_tool_calls: bool
    response_format: ResponseFormatOption
    reasoning_effort: Omittable[str] = None


class RunList(ListPage[Run]):
    """A page of runs."""
