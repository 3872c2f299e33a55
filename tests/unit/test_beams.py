"""What beam search would ignore is refused by name, before any model is called."""

from typing import Any

import pytest

from wire.beams import BEAMS, NEUTRAL
from wire.errors import InvalidRequestError
from wire.fields import engine_fields

CHAT: dict[str, Any] = {"messages": [], BEAMS: True, "n": 2}
TEXT: dict[str, Any] = {"prompt": "x", BEAMS: True, "n": 2}
FUNCTION = {"type": "function", "function": {"name": "f"}}

SET: dict[str, Any] = {
    "allowed_token_ids": [1],
    "frequency_penalty": 0.5,
    "grammar": 'root ::= "a"',
    "grammar_json_functions": {"oneOf": []},
    "guided_choice": ["a"],
    "guided_grammar": "x",
    "guided_json": {},
    "guided_regex": "a",
    "json_schema": {},
    "logit_bias": {"1": 5},
    "logprob_token_ids": [1],
    "presence_penalty": -1,
    "prompt_logprobs": 1,
    "repeat_penalty": 1.2,
    "repetition_detection": {"max_pattern_size": 2},
    "repetition_penalty": 1.2,
    "structured_outputs": {"choice": ["a"]},
    "tfz": 0.5,
    "thinking_token_budget": 5,
    "typical_p": 0.5,
    "vllm_xargs": {"a": 1},
}


@pytest.mark.parametrize("body", [CHAT, TEXT])
@pytest.mark.parametrize("name", [*NEUTRAL, "response_format"])
def test_field_without_a_place_in_the_search_is_refused(body: Any, name: str) -> None:
    value = SET.get(name, {"type": "json_object"})

    with pytest.raises(InvalidRequestError, match=f"'{name}'.*'{BEAMS}'") as refused:
        engine_fields({**body, name: value})

    assert refused.value.param == name


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        (CHAT | {"tool_choice": "required"}, "tool_choice"),
        (CHAT | {"tool_choice": FUNCTION}, "tool_choice"),
        (TEXT | {"stream": True}, "stream"),
        (TEXT | {"echo": True, "logprobs": 0}, "echo"),
    ],
)
def test_combination_is_refused(fields: Any, param: str) -> None:
    with pytest.raises(InvalidRequestError) as refused:
        engine_fields(fields)

    assert refused.value.param == param


@pytest.mark.parametrize(
    "fields",
    [
        *({name: value} for name, values in NEUTRAL.items() for value in values),
        {"response_format": {"type": "text"}},
        {"stop": ["a"], "stop_token_ids": [1], "min_tokens": 3, "bad_words": ["b"]},
        {"temperature": 1, "top_p": 0.5, "top_k": 3, "seed": 1, "ignore_eos": True},
        {"length_penalty": 0.5, "max_tokens": 5, "include_stop_str_in_output": True},
        {"tools": [FUNCTION], "tool_choice": "auto"},
        {"tools": [FUNCTION], "tool_choice": "none", "stream": True, "echo": True},
    ],
)
def test_others_are_accepted(fields: Any) -> None:
    prepared = engine_fields(CHAT | fields)

    assert prepared[BEAMS] is True


def test_request_without_beams_may_set_all() -> None:
    engine_fields({"messages": [], BEAMS: False, "logit_bias": {"1": 5}})
