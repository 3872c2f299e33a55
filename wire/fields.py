"""How each field of LocalAI's request type is treated, and OpenAI fields without effect here.

A known field is honoured, or refused by name before any model is called. Some fields are renamed to
the engine's spelling.
"""

from collections.abc import Collection, Mapping
from typing import Any, cast

from wire.beams import refuse_with_beams
from wire.booleans import find_boolean
from wire.constraints import with_structured_outputs
from wire.errors import InvalidRequestError, echo, parameter_path
from wire.hints import OF_COMPLETIONS
from wire.requests import RequestBody, type_of

AS_ABSENT: dict[str, tuple[Any, ...]] = {
    "typical_p": (0, 1),
    "tfz": (0, 1),
    "repeat_penalty": (0,),
    "seed": (-1,),
}
"""Honoured fields, and the values that LocalAI's clients send for "not set"."""

NEUTRAL: dict[str, tuple[Any, ...]] = {
    "n_keep": (None, 0),
    "priority": (None, 0),
    "modalities": (None, ["text"]),
    "function_call": (None, "none"),
    "functions": (None, []),
}
"""Unsupported fields, and the values that are accepted because they request nothing."""

LOAD_TIME = {
    "batch": "max_num_batched_tokens",
    "rope_freq_base": "hf_overrides",
    "rope_freq_scale": "hf_overrides",
    "tokenizer": "tokenizer",
    "use_fast_tokenizer": "tokenizer_mode",
    "model_base_name": "model",
}
"""Fields that LocalAI applies when it loads a model, and the equivalent ``engine_kwargs`` key."""

ELSEWHERE = {
    "instruction": "/v1/edits",
    "size": "/v1/images/generations",
    "step": "/v1/images/generations",
    "mode": "/v1/images/generations",
    "clip_skip": "/v1/images/generations",
    "negative_prompt": "/v1/images/generations",
    "file": "/v1/images/generations or /v1/audio/transcriptions",
    "language": "/v1/audio/transcriptions",
    "input": "/v1/embeddings",
}
"""Fields of LocalAI's shared request type that apply to another path only."""

WITHOUT_EFFECT = frozenset({*NEUTRAL, *OF_COMPLETIONS})
"""Fields that no engine is sent."""

UNSUPPORTED = {
    "audio": "this server answers with text",
    "web_search_options": "this server does not search the web",
    "moderation": "texts are judged at /v1/moderations",
    "negative_prompt_scale": "classifier-free guidance is not supported",
    "kv_transfer_params": "it is between servers",
    "ec_transfer_params": "it is between servers",
    "prompt_embeds": "send text or token ids",
    "guided_whitespace_pattern": "the server limits the white space of JSON",
    "media_io_kwargs": "pictures and recordings are read in one way",
}
"""Fields that no engine supports, and the reason or an alternative."""


ENGINES_NUMBERS = frozenset(
    {
        "allowed_token_ids",
        "length_penalty",
        "logprob_token_ids",
        "min_tokens",
        "priority",
        "prompt_logprobs",
        "repetition_penalty",
        "stop_token_ids",
        "thinking_token_budget",
        "truncate_prompt_tokens",
    }
)
"""Fields that only vLLM's types declare, as numbers."""

NO_LIMIT = 2**31 - 1
"""More tokens than any context has; the engine clamps it. Completions without a number get 16."""

OF_LANGUAGE_MODELS = [
    "messages",
    "tools",
    "tool_choice",
    "functions",
    "function_call",
    "grammar",
    "grammar_json_functions",
    "echo",
    "stop",
    "temperature",
    "top_p",
    "top_k",
    "max_tokens",
    "frequency_penalty",
    "presence_penalty",
    "repeat_penalty",
    "ignore_eos",
    "n_keep",
    "typical_p",
    "tfz",
    "negative_prompt_scale",
]

HOME = {
    **dict.fromkeys(OF_LANGUAGE_MODELS, "/v1/chat/completions"),
    **ELSEWHERE,
    "prompt": "/v1/completions or /v1/images/generations",
    "n": "/v1/chat/completions or /v1/images/generations",
    "seed": "/v1/chat/completions or /v1/images/generations",
}
"""The path to which each field of LocalAI's shared request type applies."""


OF_OTHER_PATHS = frozenset({*HOME, *LOAD_TIME})
"""Members that ``refuse_foreign_fields`` refuses where they have a value."""


ASK_FOR_NOTHING: tuple[Any, ...] = (None, "", [], {}, "none", "auto")
"""Values accepted in a field of another path; the last two are values of ``tool_choice``."""


def own_fields(body: RequestBody) -> dict[str, Any]:
    """Return the values of a request's declared fields, without ``model`` and ``backend``.

    For all kinds but chat, whose engine accepts more fields than the request type declares.

    Raises:
        InvalidRequestError: a field of another path is set.
    """
    refuse_foreign_fields(body)
    declared = set(type(body).model_fields) - {"model", "backend"}
    return body.model_dump(include=declared, exclude_unset=True, exclude_none=True)


def refuse_foreign_fields(body: RequestBody) -> None:
    """Refuse a request that sets a field of another path.

    Raises:
        InvalidRequestError: names the field and its path.
    """
    for name, value in (body.model_extra or {}).items():
        if not value:
            continue
        if name in HOME:
            raise InvalidRequestError(
                f"'{name}' has no meaning here; it belongs to {HOME[name]}.", name
            )
        if name in LOAD_TIME:
            raise InvalidRequestError(f"'{name}' is an option of language models.", name)


def refuse_elsewheres(body: RequestBody, names: Collection[str]) -> None:
    """Refuse a request that sets one of these fields of other paths.

    Raises:
        InvalidRequestError: names the field and its path.
    """
    for name in names:
        if (body.model_extra or {}).get(name) not in ASK_FOR_NOTHING:
            raise InvalidRequestError(
                f"'{name}' has no meaning here; it belongs to {HOME[name]}.", name
            )


def refuse_unless_neutral(
    fields: Mapping[str, Any], neutral: Mapping[str, tuple[Any, ...]]
) -> None:
    """Refuse a request that sets an unsupported field to anything but its neutral values.

    Raises:
        InvalidRequestError: names the field and the allowed values.
    """
    for name, values in neutral.items():
        value = fields.get(name)
        if value not in values:
            allowed = ", ".join(echo(item) for item in values if item is not None) or "nothing"
            raise InvalidRequestError(
                f"'{name}' is not supported here: received {echo(value)}, allowed {allowed}.", name
            )


def check_types(entries: object, allowed: tuple[str, ...], path: str) -> None:
    """Check the types of a list's objects by their beginnings; None is an empty list.

    Raises:
        InvalidRequestError: names the type and those that are allowed.
    """
    listed = entries if isinstance(entries, list) else [entries] if entries is not None else []
    for index, entry in enumerate(cast("list[Any]", listed)):
        kind = type_of(entry)
        if not isinstance(kind, str) or not kind.startswith(allowed):
            where = f"{path}[{index}].type"
            raise InvalidRequestError(
                f"Invalid '{where}': allowed is {', '.join(allowed)}, received {echo(kind)}.", where
            )


def engine_fields(fields: dict[str, Any]) -> dict[str, Any]:
    """Return ``fields`` in the engine's spelling, without those that have no effect.

    Raises:
        InvalidRequestError: a field cannot be honoured.
    """
    if (place := find_boolean(ENGINES_NUMBERS, fields)) is not None:
        param = parameter_path(place)
        raise InvalidRequestError(f"Invalid '{param}': must be a number.", param)
    refuse_unless_neutral(fields, NEUTRAL)
    refuse_with_beams(fields)
    known = {
        name: value
        for name, value in fields.items()
        if name not in WITHOUT_EFFECT and value is not None
    }
    for name, key in LOAD_TIME.items():
        if known.pop(name, None):
            raise InvalidRequestError(
                f"'{name}' is fixed when the model is loaded; set 'engine_kwargs.{key}' in the "
                "model's configuration.",
                name,
            )
    for name, path in ELSEWHERE.items():
        if known.pop(name, None):
            raise InvalidRequestError(f"'{name}' has no meaning here; it belongs to {path}.", name)
    for name, reason in UNSUPPORTED.items():
        if known.pop(name, None) is not None:
            raise InvalidRequestError(f"'{name}' is not supported: {reason}.", name)
    for name, nothing in AS_ABSENT.items():
        if known.get(name) in nothing:
            del known[name]
    known.pop("backend", None)  # checked when the model was resolved
    return with_structured_outputs(_rename(known))


def _set(fields: dict[str, Any], name: str, value: Any, alias: str) -> None:
    if fields.get(name) is not None:
        raise InvalidRequestError(f"'{alias}' and '{name}' mean the same; send one.", alias)
    fields[name] = value


def _set_extra(fields: dict[str, Any], name: str, value: Any) -> None:
    """Set a field in ``vllm_xargs``, vLLM's place for extensions."""
    extra: Any = fields.get("vllm_xargs") or {}
    if not isinstance(extra, dict):
        raise InvalidRequestError(
            f"Invalid 'vllm_xargs': must be an object (received {echo(extra)}).", "vllm_xargs"
        )
    if name in extra:
        raise InvalidRequestError(f"'{name}' is also in 'vllm_xargs'; send one.", name)
    fields["vllm_xargs"] = {**extra, name: value}


def _rename(fields: dict[str, Any]) -> dict[str, Any]:
    if (penalty := fields.pop("repeat_penalty", None)) is not None:
        _set(fields, "repetition_penalty", penalty, "repeat_penalty")
    for name in ("typical_p", "tfz"):
        if (limit := fields.pop(name, None)) is not None:
            _set_extra(fields, name, limit)
    if (limit := fields.pop("n_predict", None)) is not None:
        _set(fields, "max_tokens", limit if limit >= 0 else NO_LIMIT, "n_predict")
    if isinstance(form := fields.get("response_format"), str):
        fields["response_format"] = {"type": form}
    return fields
