import json
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from wire.errors import InvalidRequestError
from wire.fields import ELSEWHERE, LOAD_TIME, NEUTRAL, UNSUPPORTED, engine_fields
from wire.openai.chat import ChatCompletionRequest, Sampling
from wire.openai.completions import CompletionRequest
from wire.openai.edits import EditRequest

HI = {"role": "user", "content": "hi"}
LOCALAI_FIELDS = json.loads((Path(__file__).parent / "localai_request_fields.json").read_text())


@pytest.mark.parametrize("field", LOCALAI_FIELDS)
def test_every_field_of_localais_request_has_a_fate(field: str) -> None:
    typed = set(ChatCompletionRequest.model_fields) | set(CompletionRequest.model_fields)
    decided = set(NEUTRAL) | set(LOAD_TIME) | set(ELSEWHERE) | set(UNSUPPORTED) | {"backend"}

    assert field in typed | decided


@pytest.mark.parametrize(
    ("field", "value"),
    [
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
        ("modalities", ["text", "audio"]),
        ("moderation", {}),
    ],
)
def test_field_that_cannot_be_honoured_is_refused_by_name(field: str, value: Any) -> None:
    with pytest.raises(InvalidRequestError) as raised:
        engine_fields({field: value})

    assert raised.value.param == field
    assert f"'{field}'" in raised.value.message


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("tfz", 1),
        ("tfz", 0.0),
        ("typical_p", 0),
        ("typical_p", None),
        ("repeat_penalty", 0),
        ("seed", -1),
        ("n_keep", 0),
        ("batch", 0),
        ("size", ""),
        ("store", False),
        ("store", True),
        ("verbosity", "low"),
    ],
)
def test_field_that_asks_for_nothing_is_left_out(field: str, value: Any) -> None:
    assert engine_fields({field: value}) == {}


@pytest.mark.parametrize(
    "fields",
    [
        {"repeat_penalty": 1.2, "repetition_penalty": 1.1},
        {"grammar": 'root ::= "x"', "structured_outputs": {"regex": "x"}},
        {"tfz": 0.5, "vllm_xargs": {"tfz": 0.5}},
    ],
)
def test_two_names_for_the_same_are_refused(fields: dict[str, Any]) -> None:
    with pytest.raises(InvalidRequestError, match="send one"):
        engine_fields(fields)


def test_localais_spellings_become_the_engines() -> None:
    fields = {"repeat_penalty": 1.2, "response_format": "json_object"}

    assert engine_fields(fields) == {
        "repetition_penalty": 1.2,
        "response_format": {"type": "json_object"},
    }


def test_localais_ways_to_sample_go_to_vllms_extensions_beside_the_clients_own() -> None:
    fields = {"typical_p": 0.2, "tfz": 0.5, "vllm_xargs": {"session_id": "a"}}

    assert engine_fields(fields) == {
        "vllm_xargs": {"session_id": "a", "typical_p": 0.2, "tfz": 0.5}
    }
    assert fields["vllm_xargs"] == {"session_id": "a"}, "what the client sent stays as it was"
    assert engine_fields({"tfz": 0.5, "vllm_xargs": None}) == {"vllm_xargs": {"tfz": 0.5}}


def test_extensions_that_are_no_object_are_refused() -> None:
    with pytest.raises(InvalidRequestError) as raised:
        engine_fields({"tfz": 0.5, "vllm_xargs": "x"})

    assert raised.value.param == "vllm_xargs"


@pytest.mark.parametrize("field", ["typical_p", "tfz"])
@pytest.mark.parametrize("value", [-0.1, 1.5, "x", {}])
def test_share_of_probability_is_between_0_and_1(field: str, value: Any) -> None:
    with pytest.raises(ValidationError, match=field):
        CompletionRequest.model_validate({"prompt": "x", field: value})


def test_no_tokens_are_no_limit_in_chat_and_none_in_completions() -> None:
    chat = ChatCompletionRequest.model_validate(
        {"messages": [{"role": "user", "content": "x"}], "max_tokens": 0}
    )
    completion = CompletionRequest.model_validate({"prompt": "x", "max_tokens": 0})

    assert "max_tokens" not in engine_fields(chat.model_dump(exclude_unset=True))
    assert engine_fields(completion.model_dump(exclude_unset=True))["max_tokens"] == 0


def test_top_k_of_0_stays_off() -> None:
    # vLLM's off, too; left out it would be what the model's own configuration says.
    assert engine_fields({"top_k": 0}) == {"top_k": 0}


@pytest.mark.parametrize(
    ("request_", "least", "field", "value"),
    [
        (ChatCompletionRequest, {"messages": [HI]}, "prompt", "x"),
        (CompletionRequest, {"prompt": "x"}, "messages", [HI]),
        (CompletionRequest, {"prompt": "x"}, "tools", [{"type": "function"}]),
        (CompletionRequest, {"prompt": "x"}, "tool_choice", "required"),
        (EditRequest, {"instruction": "x"}, "messages", [HI]),
        (EditRequest, {"instruction": "x"}, "tools", [{"type": "function"}]),
    ],
)
def test_field_that_this_operation_would_not_read_is_refused_unless_it_is_empty(
    request_: type[Sampling], least: Any, field: str, value: Any
) -> None:
    with pytest.raises(InvalidRequestError) as raised:
        request_.model_validate({**least, field: value})

    assert raised.value.param == field
    for nothing in (None, [], "", "auto"):
        request_.model_validate({**least, field: nothing})
