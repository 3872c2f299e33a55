"""What the Open Responses specification requires of responses, items and streams.

Reference: https://www.openresponses.org/specification. Members beyond it are allowed. A member
with a default may be absent; only one whose type includes None may be null.
"""

import json
from collections.abc import Sequence
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from tests.support.openai_conformance import events

Status = Literal["in_progress", "completed", "incomplete"]
ENDS = ("response.completed", "response.incomplete", "response.failed")


class Required(BaseModel):
    """Base: types are exact."""

    model_config = ConfigDict(strict=True, extra="allow")


class TopLogprob(Required):
    token: str
    logprob: float
    bytes: list[int]


class Logprob(TopLogprob):
    top_logprobs: list[TopLogprob]


class OutputText(Required):
    type: Literal["output_text"]
    text: str
    annotations: list[dict[str, Any]]
    logprobs: list[Logprob]


class OtherText(Required):
    type: Literal["input_text", "summary_text", "reasoning_text", "text"]
    text: str


class Refusal(Required):
    type: Literal["refusal"]
    refusal: str


class InputImage(Required):
    type: Literal["input_image"]
    image_url: str | None
    detail: Literal["low", "high", "auto"]


Part = Annotated[OutputText | OtherText | Refusal | InputImage, Field(discriminator="type")]


class Message(Required):
    type: Literal["message"]
    id: str
    status: Status
    role: Literal["user", "assistant", "system", "developer"]
    content: list[Part]
    phase: Literal["commentary", "final_answer"] = "final_answer"


class FunctionCall(Required):
    type: Literal["function_call"]
    id: str
    call_id: str
    name: str
    arguments: str
    status: Status


class FunctionCallOutput(Required):
    type: Literal["function_call_output"]
    id: str
    call_id: str
    output: str | list[Part]
    status: Status


class Reasoning(Required):
    type: Literal["reasoning"]
    id: str
    summary: list[Part]
    content: list[Part] = []
    encrypted_content: str = ""
    status: Status = "completed"


class Compaction(Required):
    type: Literal["compaction"]
    id: str
    encrypted_content: str


Item = Annotated[
    Message | FunctionCall | FunctionCallOutput | Reasoning | Compaction,
    Field(discriminator="type"),
]


class FunctionTool(Required):
    type: Literal["function"]
    name: str
    description: str | None
    parameters: dict[str, Any] | None
    strict: bool | None


class NamedTool(Required):
    type: Literal["function"]
    name: str


class AllowedTools(Required):
    type: Literal["allowed_tools"]
    tools: list[NamedTool]
    mode: Literal["auto", "required"]


class Format(Required):
    type: Literal["text", "json_object", "json_schema"]


class Text(Required):
    format: Format
    verbosity: Literal["low", "medium", "high"] = "medium"


class ReasoningConfig(Required):
    effort: Literal["none", "minimal", "low", "medium", "high", "xhigh"] | None
    summary: Literal["concise", "detailed", "auto"] | None


class InputDetails(Required):
    cached_tokens: int


class OutputDetails(Required):
    reasoning_tokens: int


class Usage(Required):
    input_tokens: int
    output_tokens: int
    total_tokens: int
    input_tokens_details: InputDetails
    output_tokens_details: OutputDetails


class Incomplete(Required):
    reason: str


class Failure(Required):
    code: str
    message: str


class Response(Required):
    id: str
    object: Literal["response"]
    created_at: int
    completed_at: int | None
    status: Literal["queued", "in_progress", "completed", "incomplete", "failed", "cancelled"]
    incomplete_details: Incomplete | None
    model: str
    previous_response_id: str | None
    instructions: str | None
    output: list[Item]
    error: Failure | None
    tools: list[FunctionTool]
    tool_choice: Literal["none", "auto", "required"] | NamedTool | AllowedTools
    truncation: Literal["auto", "disabled"]
    parallel_tool_calls: bool
    text: Text
    top_p: float
    presence_penalty: float
    frequency_penalty: float
    top_logprobs: int
    temperature: float
    reasoning: ReasoningConfig | None
    usage: Usage | None
    max_output_tokens: int | None
    max_tool_calls: int | None
    store: bool
    background: bool
    service_tier: str
    metadata: dict[str, str]
    safety_identifier: str | None
    prompt_cache_key: str | None


class Compacted(Required):
    """The answer of ``/responses/compact``."""

    id: str
    object: Literal["response.compaction"]
    output: list[Item]
    created_at: int
    usage: Usage


def read_response(body: str | bytes) -> Response:
    """Return a response whose members and states are as required."""
    response = Response.model_validate_json(body)
    check_states(response)
    return response


def read_items(items: Sequence[Any]) -> list[Any]:
    """Return items whose members are as required."""
    return TypeAdapter(list[Item]).validate_python(items, strict=True)


def check_states(response: Response) -> None:
    """Check that the states of a response and of its items agree."""
    is_completed, is_incomplete = (response.status == s for s in ("completed", "incomplete"))
    assert (response.completed_at is not None) == is_completed
    assert (response.incomplete_details is not None) == is_incomplete
    assert (response.error is not None) == (response.status == "failed")
    statuses = [getattr(item, "status", "completed") for item in response.output]
    if is_completed:
        assert set(statuses) <= {"completed"}
    # Only the last item can be cut, and then the response is.
    assert "incomplete" not in statuses[:-1]
    assert "incomplete" not in statuses or is_incomplete
    if response.status != "queued" and response.status != "in_progress":
        assert "in_progress" not in statuses


def read_stream(body: str) -> list[dict[str, Any]]:
    """Return the events of a stream that is as required, from its first event to its last."""
    stream = [(name, json.loads(data)) for name, data in events(body)]
    assert all(name == event["type"] for name, event in stream)
    read = [event for _, event in stream]
    assert [event["sequence_number"] for event in read] == list(range(len(read)))
    assert read[0]["type"] == "response.created"
    assert [event["type"] in ENDS for event in read] == [False] * (len(read) - 1) + [True]
    responses = [read_response(json.dumps(e["response"])) for e in read if "response" in e]
    assert len({response.id for response in responses}) == 1
    assert read[-1]["type"] == f"response.{responses[-1].status}"
    _check_items(read)
    return read


def _check_items(stream: list[dict[str, Any]]) -> None:
    """Check the life of each item: added, filled, done, and then in the response as it is."""
    added = [event for event in stream if event["type"] == "response.output_item.added"]
    done = [event["item"] for event in stream if event["type"] == "response.output_item.done"]
    assert [event["output_index"] for event in added] == list(range(len(added)))
    read_items([event["item"] for event in added])
    assert [event["item"]["id"] for event in added] == [item["id"] for item in done]
    assert {event["item"].get("status", "in_progress") for event in added} <= {"in_progress"}
    if stream[-1]["type"] != "response.failed":
        assert done == stream[-1]["response"]["output"]
    for index, item in enumerate(done):
        life = [e for e in stream if e.get("output_index") == index]
        assert life[0]["type"] == "response.output_item.added"
        assert life[-1]["type"] == "response.output_item.done"
        within = life[1:-1]
        assert {event["item_id"] for event in within} <= {item["id"]}
        if item["type"] == "function_call":
            _check_call(within, item)
        else:
            _check_parts(within, item)


def _check_call(within: list[dict[str, Any]], item: dict[str, Any]) -> None:
    name = "response.function_call_arguments"
    *deltas, done = within
    assert {event["type"] for event in deltas} <= {f"{name}.delta"}
    assert done["type"] == f"{name}.done"
    assert "".join(event["delta"] for event in deltas) == done["arguments"] == item["arguments"]


def _check_parts(within: list[dict[str, Any]], item: dict[str, Any]) -> None:
    for index, part in enumerate(item["content"]):
        begin, *deltas, text, end = [e for e in within if e["content_index"] == index]
        assert begin["type"] == "response.content_part.added"
        assert end["type"] == "response.content_part.done"
        assert begin["part"] == {**part, "text": ""} or part.get("logprobs")
        assert end["part"] == part
        assert {event["type"] for event in deltas} <= {f"response.{part['type']}.delta"}
        assert text["type"] == f"response.{part['type']}.done"
        assert "".join(event["delta"] for event in deltas) == text["text"] == part["text"]
        tokens = [each["token"] for event in deltas for each in event.get("logprobs", ())]
        assert tokens == [each["token"] for each in part.get("logprobs", ())]
