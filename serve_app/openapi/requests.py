"""Details of requests beyond their types.

Request types validate what the ingress reads and leave the rest to engines. This module describes
the rest: fields in more detail, and undeclared fields that are honoured or refused by name.
"""

from collections.abc import Iterator
from typing import Annotated, Any, Literal

from pydantic import Field

from serve_app.openapi import message_parts, parts
from wire import fields as contract
from wire.anthropic.messages import NEUTRAL as NEUTRAL_IN_MESSAGES
from wire.anthropic.messages import CountTokensRequest, InputMessage, MessagesRequest
from wire.constraints import JSONFunctions
from wire.elevenlabs.text_to_speech import TextToSpeechRequest
from wire.limits import MAX_INPUTS, MAX_TEXTS, MAX_TOOLS
from wire.localai.tokenize import DetokenizeRequest, TokenizeRequest
from wire.openai.chat import ChatCompletionRequest, Message, Sampling
from wire.openai.completions import CompletionRequest
from wire.openai.conversations import ConversationRequest, NewItems
from wire.openai.embeddings import EmbeddingsRequest
from wire.openai.images import QUALITIES, ImageRequest
from wire.openai.moderations import ModerationRequest
from wire.openai.responses import NEUTRAL as NEUTRAL_IN_RESPONSES
from wire.openai.responses import Includable, ResponseRequest
from wire.openai.speech import SAMPLE_RATES, SpeechRequest, Speed
from wire.openai.transcriptions import ServerVad, TranscriptionRequest

Schema = dict[str, Any]
Refinement = Any
"""A type, or a JSON schema as it is."""

FALSY: tuple[Any, ...] = (None, False, 0, "", [], {})
"""Values that are accepted in a refused field, because they request nothing."""

NOT_BLANK: Schema = {"type": "string", "pattern": r"\S"}

Positive = Annotated[float, Field(gt=0)] | None
Count = Annotated[int, Field(ge=0)]
MaybeCount = Count | None
Ids = Annotated[list[int], Field(min_length=1)]
Inputs = Annotated[list[parts.Text | Ids], Field(min_length=1, max_length=MAX_INPUTS)]
Texts = Annotated[list[parts.Text], Field(min_length=1, max_length=MAX_TEXTS)]
TextParts = Annotated[list[parts.TextPart], Field(min_length=1, max_length=MAX_TEXTS)]
Messages = Annotated[list[Message], Field(min_length=1)] | None
ResponseTools = (
    Annotated[list[parts.FunctionTool | parts.CustomTextTool], Field(max_length=MAX_TOOLS)] | None
)
MaybeSpeed = Speed | None

Effort = Literal["none", "minimal", "low", "medium", "high", "xhigh", "max"]

OF_VLLM: dict[str, Refinement] = {
    "repetition_penalty": Positive,
    "min_tokens": MaybeCount,
    "bad_words": list[str] | None,
    "stop_token_ids": list[int] | None,
    "allowed_token_ids": list[int] | None,
    "include_stop_str_in_output": bool | None,
    "skip_special_tokens": bool | None,
    "spaces_between_special_tokens": bool | None,
    "truncate_prompt_tokens": int | None,
    "prompt_logprobs": int | None,
    "return_token_ids": bool | None,
    "vllm_xargs": dict[str, Any] | None,
}
"""Fields of vLLM that clients use; its other fields are passed on too."""

OF_VLLM_IN_CHAT: dict[str, Refinement] = {
    **OF_VLLM,
    "echo": bool | None,
    "reasoning_effort": Effort | None,
    "thinking_token_budget": int | None,
    "include_reasoning": bool | None,
    "chat_template_kwargs": dict[str, Any] | None,
    "add_generation_prompt": bool | None,
    "continue_final_message": bool | None,
    "documents": list[dict[str, str]] | None,
}


def without_effect(values: tuple[Any, ...], why: str) -> Schema:
    """Return the schema of a field that has no effect: its neutral values."""
    return {"enum": list(values), "description": f"Has no effect here: {why}"}


def neutral(fields: dict[str, tuple[Any, ...]]) -> dict[str, Schema]:
    """Return the schemas of fields of which only neutral values are accepted."""
    return {name: without_effect(values, "other values: 400.") for name, values in fields.items()}


def _of_the_contract() -> dict[str, Schema]:
    return {
        **neutral(contract.NEUTRAL),
        **{
            name: without_effect(FALSY, f"set `engine_kwargs.{key}` in the model's configuration.")
            for name, key in contract.LOAD_TIME.items()
        },
        **{
            name: without_effect(FALSY, f"it belongs to {path}.")
            for name, path in contract.ELSEWHERE.items()
        },
        **{name: without_effect((None,), f"{why}.") for name, why in contract.UNSUPPORTED.items()},
    }


def _items(least: int, most: int) -> Any:
    return Annotated[list[parts.Item], Field(min_length=least, max_length=most)]


MORE: dict[type, dict[str, Refinement]] = {
    Sampling: {
        "response_format": Literal["text", "json_object"]
        | parts.WordFormat
        | parts.SchemaFormat
        | None,
        "structured_outputs": parts.StructuredOutputs | None,
        "grammar_json_functions": JSONFunctions | None,
        **_of_the_contract(),
    },
    ChatCompletionRequest: {
        "tool_choice": Literal["none", "auto", "required"]
        | parts.NamedTool
        | parts.AllowedToolsChoice
        | None,
        "function_call": Literal["none", "auto"] | parts.NamedFunction | None,
        **OF_VLLM_IN_CHAT,
    },
    CompletionRequest: OF_VLLM,
    Message: {
        "content": str | list[parts.ContentPart] | None,
        "tool_calls": list[parts.EarlierCall] | None,
    },
    TokenizeRequest: {
        "messages": Messages,
        "add_special_tokens": bool | None,
        "return_token_strs": bool | None,
    },
    DetokenizeRequest: {"tokens": list[Count]},
    ResponseRequest: {
        "input": str | list[parts.Item | parts.ItemReference] | None,
        "tools": ResponseTools,
        "text": parts.ResponseText | None,
        "reasoning": parts.ResponseReasoning | None,
        "include": list[Includable] | None,
        "structured_outputs": parts.StructuredOutputs | None,
        **neutral(NEUTRAL_IN_RESPONSES),
    },
    ConversationRequest: {"items": _items(0, 20) | None},
    NewItems: {"items": _items(1, 20)},
    InputMessage: {"content": str | list[message_parts.MessageBlock]},
    CountTokensRequest: {
        "system": str | list[parts.TextPart] | None,
        **neutral(NEUTRAL_IN_MESSAGES),
        "thread": without_effect((None,), "send the whole conversation."),
    },
    MessagesRequest: {},
    ModerationRequest: {
        "input": parts.Text | Texts | TextParts,
    },
    EmbeddingsRequest: {
        "input": parts.Text | Ids | Inputs,
    },
    ImageRequest: {
        "size": {
            "type": ["string", "null"],
            "pattern": "^([1-9][0-9]{0,4}x[1-9][0-9]{0,4}|auto|)$",
        },
        "quality": {
            "anyOf": [
                {"enum": list(QUALITIES)},
                {"type": "integer", "minimum": 1},
                {"type": "null"},
            ]
        },
    },
    SpeechRequest: {
        "input": NOT_BLANK,
        "speed": MaybeSpeed,
        "stream_format": Literal["audio", "sse"] | None,
        "sample_rate": {"enum": [*SAMPLE_RATES, None], "description": "LocalAI's, in Hz."},
    },
    TextToSpeechRequest: {
        "text": {**NOT_BLANK, "description": "Or `input`, as LocalAI has it."},
        "input": {**NOT_BLANK, "description": "LocalAI's name of `text`."},
        "model_id": {"type": ["string", "null"], "description": "ElevenLabs' name of `model`."},
        "language": {"type": ["string", "null"], "description": "LocalAI's `language_code`."},
    },
    TranscriptionRequest: {"chunking_strategy": Literal["auto"] | ServerVad | None},
}
"""By request type, for it and its subclasses: fields in more detail, and more fields."""

RULES: dict[type, Schema] = {
    TextToSpeechRequest: {"anyOf": [{"required": ["text"]}, {"required": ["input"]}]},
}
"""Rules that a type checks in a validator."""


def refinements(wire: Any) -> Iterator[tuple[str, Refinement]]:
    """Yield the refinements of a request type's fields, the most general first.

    The table of a base does not override a field that the type itself declares.
    """
    declared = _field_names(wire)
    for base in reversed(getattr(wire, "__mro__", ())):
        for name, refinement in MORE.get(base, {}).items():
            if name not in declared or name in _field_names(base):
                yield name, refinement


def _field_names(wire: Any) -> set[str]:
    return set(getattr(wire, "model_fields", ()))
