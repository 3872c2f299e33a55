"""Whether an answer is what an SDK says: each field there, of its type, and no others.

The fields that we send beyond the SDK's are listed here, each with its reason.
"""

from collections.abc import Iterator
from typing import Any

from openai.types import Completion, CompletionChoice
from openai.types.completion_choice import Logprobs
from pydantic import BaseModel, TypeAdapter

BEYOND = {
    "ChatCompletionMessage.reasoning": "vLLM's: what the model thought",
    "ChatCompletionMessage.reasoning_content": "the same by its older name",
    "ChoiceDelta.reasoning": "the same in a stream",
    "ChoiceDelta.reasoning_content": "the same in a stream",
    "Choice.stop_reason": "vLLM's: which stop string ended the answer",
    "ChoiceOfCompletion.stop_reason": "the same in completions",
    "Model.kind": "the card: which routes the model answers",
    "Model.state": "the card: whether it answers now",
    "Model.reason": "the card: why it does not",
    "Model.aliases": "the card: its other names",
    "Model.backend": "the card: which library serves it",
    "Model.description": "the card",
    "Model.context_length": "the card",
    "Model.dimensions": "the card: lengths of vectors",
    "Model.default_size": "the card: size of images",
    "Model.parent": "vLLM's: the model of an adapter",
    "ImagesResponse.id": "LocalAI's contract has it",
    "Image.index": "LocalAI's contract has it",
    "Image.seed": "repeats the picture",
    "ImageGenCompletedEvent.seed": "repeats the picture",
    "ImageEditCompletedEvent.seed": "repeats the picture",
    "Assistant.reasoning_effort": "a parameter of OpenAI's, which its SDK's type does not have",
    "Run.reasoning_effort": "a parameter of OpenAI's runs, which its SDK's type does not have",
    "Assistant.created": "LocalAI's contract has it",
    "Assistant.file_ids": "LocalAI's contract has it",
    "ResponseCustomToolCall.status": "the SDK's type has it only in a response's input",
    "ResponseCustomToolCallOutput.status": "the same",
    "Response.store": "Open Responses requires it",
    "Response.frequency_penalty": "the same",
    "Response.presence_penalty": "the same",
    "TranscriptionVerbose.task": "OpenAI's answers have it, its SDK's type does not",
    "TranslationVerbose.task": "the same",
    "TranslationVerbose.usage": "as transcriptions have it",
    "Voice.id": "the id by the name that other APIs have",
    "Voice.aliases": "the card: its other names",
    "VectorStore.description": "OpenAI's answers have it, its SDK's type does not",
}
"""Fields of our answers that the SDK's types do not have, and why they are there."""


class LogprobsOfCompletion(Logprobs):
    """OpenAI's, which have nothing for the first token of an echo."""

    token_logprobs: list[float | None] | None = None  # pyright: ignore[reportIncompatibleVariableOverride]
    top_logprobs: list[dict[str, float] | None] | None = None  # pyright: ignore[reportIncompatibleVariableOverride]


class ChoiceOfCompletion(CompletionChoice):
    """OpenAI's, which in a stream have no finish reason before the last."""

    finish_reason: str | None = None  # pyright: ignore[reportIncompatibleVariableOverride]
    logprobs: LogprobsOfCompletion | None = None  # pyright: ignore[reportIncompatibleVariableOverride]


class CompletionChunk(Completion):
    """A completion or a part of its stream, for which OpenAI's SDK has one type, too narrow."""

    choices: list[ChoiceOfCompletion]  # pyright: ignore[reportIncompatibleVariableOverride]


def assert_conforms(kind: Any, body: str | bytes) -> Any:
    """Return an answer's JSON as a value of the SDK's type, which its own client never checks."""
    value = TypeAdapter(kind).validate_json(body, strict=True)
    unknown = list(find_unknown_fields(value, ""))
    assert not unknown, f"{kind} has no {', '.join(unknown)}"
    return value


def find_unknown_fields(value: Any, path: str) -> Iterator[str]:
    """Yield the paths of the fields in a value that its types do not have."""
    if isinstance(value, BaseModel):
        kind = type(value)
        extra = (
            name for name in value.model_extra or () if f"{kind.__name__}.{name}" not in BEYOND
        )
        yield from (f"{path}.{name}" for name in extra)
        for name in kind.model_fields:
            yield from find_unknown_fields(getattr(value, name), f"{path}.{name}")
    elif isinstance(value, list):
        for index, item in enumerate(value):  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
            yield from find_unknown_fields(item, f"{path}[{index}]")


def events(body: str) -> Iterator[tuple[str, str]]:
    """Yield name and data of each event of a stream."""
    for frame in body.strip().split("\n\n"):
        lines = dict(line.split(": ", 1) for line in frame.splitlines())
        yield lines.get("event", ""), lines["data"]
