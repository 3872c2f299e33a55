"""Fields that no beam search honours."""

from collections.abc import Mapping
from typing import Any

from wire.errors import InvalidRequestError
from wire.requests import type_of

BEAMS = "use_beam_search"

NEUTRAL: dict[str, tuple[Any, ...]] = {
    "allowed_token_ids": (None, []),
    "frequency_penalty": (None, 0),
    "grammar": (None, ""),
    "grammar_json_functions": (None,),
    "guided_choice": (None,),
    "guided_grammar": (None,),
    "guided_json": (None,),
    "guided_regex": (None,),
    "json_schema": (None,),
    "logit_bias": (None, {}),
    "logprob_token_ids": (None, []),
    "presence_penalty": (None, 0),
    "prompt_logprobs": (None,),
    "repeat_penalty": (None, 0, 1),
    "repetition_detection": (None,),
    "repetition_penalty": (None, 1),
    "structured_outputs": (None,),
    "tfz": (None, 0, 1),
    "thinking_token_budget": (None,),
    "typical_p": (None, 0, 1),
    "vllm_xargs": (None, {}),
}
"""Fields that change the engine's probabilities or the answer's form, and their values that do not.

Those of sampling (``temperature``, ``top_p``, ``seed`` …) have no effect: nothing is sampled.
"""


def refuse_with_beams(fields: Mapping[str, Any]) -> None:
    """Refuse a request for beam search that also asks for what it would ignore.

    Raises:
        InvalidRequestError: names the other field.
    """
    if not fields.get(BEAMS):
        return
    is_completion = "prompt" in fields
    asks = {name: fields.get(name) not in values for name, values in NEUTRAL.items()}
    asks["response_format"] = type_of(fields.get("response_format")) not in (None, "text")
    for name in ("tool_choice", "function_call"):
        asks[name] = fields.get(name) not in (None, "none", "auto")
    asks["stream"] = is_completion and bool(fields.get("stream"))
    asks["echo"] = is_completion and bool(fields.get("echo")) and fields.get("logprobs") is not None
    for name, is_asked in asks.items():
        if is_asked:
            raise InvalidRequestError(f"'{name}' is not supported with '{BEAMS}'.", name)
