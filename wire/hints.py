"""Fields that are accepted without effect: hints about cost, speed, style or storage.

A hint does not change the meaning of an answer, so a request with one is answered, and the answer's
header ``x-homeport-ignored`` names it. A field that would change the meaning, or that restricts or
protects something, is never a hint.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, cast

Fields = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Hint:
    """A field without effect."""

    why: str
    """Why it has none, for the documentation."""
    nothing: tuple[Any, ...] = (None,)
    """Values that request nothing, or what happens anyway."""
    entries: tuple[str, ...] = ()
    """If there are any, the field is a list, and only these entries of it have no effect."""
    has_effect: Callable[[Fields], bool] = lambda _: False
    """Whether the other fields of the request give it an effect."""


Hints = Mapping[str, Hint]
"""By path in the request."""

NOT_STORED = "completions are not stored"
ONE_TIER = "there is one queue"
NOT_PADDED = "streams are not padded"
CACHED = "the engine caches what fits"
LABEL = "a label"

OF_OPENAI: Hints = {
    "store": Hint(NOT_STORED, (None, False)),
    "metadata": Hint(NOT_STORED, (None, {})),
    "service_tier": Hint(ONE_TIER, (None, "auto", "default")),
    "user": Hint(LABEL, (None, "")),
    "safety_identifier": Hint(LABEL, (None, "")),
    "verbosity": Hint("no served model takes it", (None, "medium")),
    "prediction": Hint("it would only save time"),
    "prompt_cache_retention": Hint(CACHED),
    "prompt_cache_options": Hint(CACHED, (None, {})),
    "stream_options.include_obfuscation": Hint(NOT_PADDED, (None, False)),
}
"""Of chat completions, completions and edits."""

OF_COMPLETIONS: Hints = {
    **OF_OPENAI,
    "best_of": Hint("each sample is as good as another", (None, 1)),
}

NO_HOSTED_TOOLS = (
    "code_interpreter_call.outputs",
    "computer_call_output.output.image_url",
    "file_search_call.results",
    "web_search_call.action.sources",
    "web_search_call.results",
)
ENCRYPTED = "reasoning.encrypted_content"
LOGPROBS = "message.output_text.logprobs"

OF_RESPONSES: Hints = {
    "service_tier": Hint(ONE_TIER, (None, "auto", "default")),
    "text.verbosity": Hint("no served model takes it", (None, "medium")),
    "reasoning.summary": Hint("the reasoning itself is returned"),
    "reasoning.generate_summary": Hint("the reasoning itself is returned"),
    "include": Hint(
        "there are no calls of hosted tools, and reasoning is not encrypted",
        entries=(*NO_HOSTED_TOOLS, ENCRYPTED),
    ),
    "top_logprobs": Hint(
        f"without `include` of `{LOGPROBS}` they are not returned",
        (None, 0),
        has_effect=lambda body: LOGPROBS in (body.get("include") or ()),
    ),
    "stream_options.include_obfuscation": Hint(NOT_PADDED, (None, False)),
    "prompt_cache_retention": Hint(CACHED),
    "prompt_cache_options": Hint(CACHED, (None, {})),
    "background_options": Hint(ONE_TIER, (None, {})),
    "context_management": Hint("conversations are not compacted", (None, [])),
    "image": Hint("pictures are read as they are", (None, {})),
    "personality": Hint("no served model takes it"),
}

KEEPS_THINKING: dict[str, Any] = {"edits": [{"type": "clear_thinking_20251015", "keep": "all"}]}
"""The value of ``context_management`` by which agents request nothing."""

OF_MESSAGES: Hints = {
    "metadata": Hint(LABEL, (None, {})),
    "user_profile_id": Hint(LABEL),
    "cache_control": Hint("every prompt is cached"),
    "service_tier": Hint(ONE_TIER, (None, "auto", "standard_only")),
    "speed": Hint("there is one speed", (None, "standard")),
    "context_management": Hint(
        "the whole conversation is read", (None, {}, {"edits": []}, KEEPS_THINKING)
    ),
    "diagnostics": Hint("none are returned", (None, {})),
    "fallbacks": Hint("the named model answers", (None, [])),
    "fallback_credit_token": Hint("nothing is billed"),
    "billing_policy": Hint("nothing is billed", (None, {})),
}

OF_EMBEDDINGS: Hints = {"user": Hint(LABEL, (None, ""))}
"""And ``dimensions`` where the model has no vectors of that length."""

OF_IMAGES: Hints = {
    "user": Hint(LABEL, (None, "")),
    "safety_identifier": Hint(LABEL, (None, "")),
    "moderation": Hint("the model's own checker decides", (None, "auto")),
    "style": Hint("the model has one style", (None, "vivid")),
    "input_fidelity": Hint("`strength` sets it", (None, "low")),
    "complexity": Hint("diffusion models plan nothing"),
}

OF_SPEECH: Hints = {"instructions": Hint("no engine takes them", (None, ""))}

OF_SPEECH_TO_TEXT: Hints = {
    "tag_audio_events": Hint("only words are transcribed", (None, "false", False)),
    "num_speakers": Hint("speakers are not distinguished"),
    "seed": Hint("transcription takes the likeliest words"),
}

HINTS: Mapping[str, Hints] = {
    "chat, edits": OF_OPENAI,
    "completions": OF_COMPLETIONS,
    "responses": OF_RESPONSES,
    "messages": OF_MESSAGES,
    "embeddings": OF_EMBEDDINGS,
    "images": OF_IMAGES,
    "speech": OF_SPEECH,
    "speech to text": OF_SPEECH_TO_TEXT,
}
"""By resource, as the documentation lists them."""


def find_hints(body: object, hints: Hints) -> list[str]:
    """Return the paths of the hints that a request sets."""
    if not isinstance(body, Mapping):
        return []
    fields = cast("Fields", body)
    return [path for name, hint in hints.items() for path in _find(fields, name, hint)]


def _find(fields: Fields, name: str, hint: Hint) -> Iterator[str]:
    value = _value(fields, name)
    if hint.entries:
        entries: list[Any] = value if isinstance(value, list) else []
        yield from (f"{name}[{i}]" for i, entry in enumerate(entries) if entry in hint.entries)
    elif value not in hint.nothing and not hint.has_effect(fields):
        yield name


def _value(fields: Fields, path: str) -> Any:
    value: Any = fields
    for name in path.split("."):
        value = value.get(name) if isinstance(value, Mapping) else None
    return value
