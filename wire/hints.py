"""Fields that are accepted without effect: hints about cost, speed, style or storage.

A hint does not change the meaning of an answer, so a request with one is answered, and the answer's
header ``x-homeport-ignored`` names it. A field that would change the meaning, or that restricts or
protects something, is never a hint.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
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
"""By path in the request, in which ``[]`` stands for every entry of a list."""

EACH = "[]"

NOT_STORED = "completions are not stored"
ONE_TIER = "there is one queue"
NOT_PADDED = "streams are not padded"
CACHED = "the engine caches what fits"
LABEL = "a label"
PROMPTS_CACHED = "every prompt is cached"
ONE_MANNER = "a voice has one manner of speaking"
ALONE = "each text is spoken independently"

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


def _contains(value: object, entry: str) -> bool:
    return isinstance(value, list) and entry in value


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
        has_effect=lambda body: _contains(body.get("include"), LOGPROBS),
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
    "cache_control": Hint(PROMPTS_CACHED),
    "system[].cache_control": Hint(PROMPTS_CACHED),
    "tools[].cache_control": Hint(PROMPTS_CACHED),
    "messages[].content[].cache_control": Hint(PROMPTS_CACHED),
    "messages[].content[].content[].cache_control": Hint(PROMPTS_CACHED),
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
"""And ``thinking`` where the model has no parser of its thoughts."""

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

OF_TEXT_TO_SPEECH: Hints = {
    "voice_settings.stability": Hint(ONE_MANNER, (None, 0.5)),
    "voice_settings.similarity_boost": Hint(ONE_MANNER, (None, 0.75)),
    "voice_settings.style": Hint(ONE_MANNER, (None, 0)),
    "voice_settings.use_speaker_boost": Hint(ONE_MANNER, (None, True)),
    "voice_settings.clone_strength": Hint(ONE_MANNER),
    "previous_text": Hint(ALONE, (None, "")),
    "next_text": Hint(ALONE, (None, "")),
    "previous_request_ids": Hint(ALONE, (None, [])),
    "next_request_ids": Hint(ALONE, (None, [])),
    "use_pvc_as_ivc": Hint("no voice has two versions", (None, False)),
}
"""What requests nothing is what every voice has as its settings."""

OF_SPEECH_TO_TEXT_QUERY: Hints = {
    "enable_logging": Hint("texts are never logged", (None, False)),
}
OF_TEXT_TO_SPEECH_QUERY: Hints = {
    **OF_SPEECH_TO_TEXT_QUERY,
    "optimize_streaming_latency": Hint("audio leaves as early as it can", (None, 0)),
}

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
    "text to speech": OF_TEXT_TO_SPEECH,
    "text to speech (query)": OF_TEXT_TO_SPEECH_QUERY,
    "speech to text": OF_SPEECH_TO_TEXT,
    "speech to text (query)": OF_SPEECH_TO_TEXT_QUERY,
}
"""By resource, as the documentation lists them."""


def find_hints(body: object, hints: Hints) -> list[str]:
    """Return the paths of the hints that a request sets."""
    if not isinstance(body, Mapping):
        return []
    fields = cast("Fields", body)
    return [path for name, hint in hints.items() for path in _find(fields, name, hint)]


def _find(fields: Fields, name: str, hint: Hint) -> Iterator[str]:
    if EACH in name:
        entries = _find_in_lists(fields, name.split("."), hint)
        yield from islice(entries, 1)  # a header has no room for those of a long conversation
        return
    value = _value(fields, name)
    if hint.entries:
        # Each once: the header has no room for thousands.
        yield from (
            f"{name}[{value.index(each)}]" for each in hint.entries if _contains(value, each)
        )
    elif value not in hint.nothing and not hint.has_effect(fields):
        yield name


def _find_in_lists(value: Any, names: list[str], hint: Hint, path: str = "") -> Iterator[str]:
    name, *rest = names
    member = _value(value, name.removesuffix(EACH))
    place = f"{path}.{name}" if path else name
    if not rest:
        if member not in hint.nothing:
            yield place
        return
    for index, entry in enumerate(member if isinstance(member, list) else ()):
        yield from _find_in_lists(entry, rest, hint, f"{place[: -len(EACH)]}[{index}]")


def _value(value: Any, path: str) -> Any:
    for name in path.split("."):
        value = value.get(name) if isinstance(value, Mapping) else None
    return value
