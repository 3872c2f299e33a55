import json
from pathlib import Path
from typing import Any

import pytest

from serve_app.errors import InvalidRequestError
from serve_app.protocol.chat import ChatCompletionRequest
from serve_app.protocol.completions import CompletionRequest
from serve_app.protocol.contract import ELSEWHERE, LOAD_TIME, NEUTRAL, UNSUPPORTED, engine_fields

LOCALAI_FIELDS = json.loads((Path(__file__).parent / "localai_request_fields.json").read_text())


@pytest.mark.parametrize("field", LOCALAI_FIELDS)
def test_every_field_of_localais_request_has_a_fate(field: str) -> None:
    typed = set(ChatCompletionRequest.model_fields) | set(CompletionRequest.model_fields)
    decided = set(NEUTRAL) | set(LOAD_TIME) | set(ELSEWHERE) | set(UNSUPPORTED) | {"backend"}

    assert field in typed | decided


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("tfz", 0.5),
        ("typical_p", 0.2),
        ("n_keep", 5),
        ("batch", 32),
        ("rope_freq_base", 1e4),
        ("tokenizer", "x"),
        ("use_fast_tokenizer", True),
        ("model_base_name", "x"),
        ("size", "64x64"),
        ("file", "x"),
        ("negative_prompt", "x"),
        ("negative_prompt_scale", 2.0),
        ("grammar_json_functions", {}),
        ("store", True),
        ("modalities", ["text", "audio"]),
        ("prediction", {}),
    ],
)
def test_field_that_cannot_be_honoured_is_refused_by_name(field: str, value: Any) -> None:
    with pytest.raises(InvalidRequestError) as raised:
        engine_fields({field: value})

    assert raised.value.param == field
    assert f"'{field}'" in raised.value.message


@pytest.mark.parametrize(
    ("field", "value"),
    [("tfz", 1), ("n_keep", 0), ("batch", 0), ("size", ""), ("store", False)],
)
def test_field_that_asks_for_nothing_is_left_out(field: str, value: Any) -> None:
    assert engine_fields({field: value}) == {}


@pytest.mark.parametrize(
    "fields",
    [
        {"repeat_penalty": 1.2, "repetition_penalty": 1.1},
        {"grammar": "root ::= x", "structured_outputs": {"regex": "x"}},
    ],
)
def test_two_names_for_the_same_are_refused(fields: dict[str, Any]) -> None:
    with pytest.raises(InvalidRequestError, match="send one"):
        engine_fields(fields)


def test_localais_spellings_become_the_engines() -> None:
    fields = {"repeat_penalty": 1.2, "grammar": "root ::= x", "response_format": "json_object"}

    assert engine_fields(fields) == {
        "repetition_penalty": 1.2,
        "structured_outputs": {"grammar": "root ::= x"},
        "response_format": {"type": "json_object"},
    }
