"""Blanks in guided JSON, by what the engine is asked. No engine is started."""

import json
from typing import Any

import pytest

SCHEMA = {"type": "object", "properties": {"age": {"type": "integer"}}, "required": ["age"]}
FORM = {"type": "json_schema", "json_schema": SCHEMA}


def bounded(**guided: Any) -> Any:
    from vllm.sampling_params import StructuredOutputsParams

    from deployments.chat.vllm.whitespace import limit_whitespace

    return limit_whitespace(StructuredOutputsParams(**guided), 1)


def accepts(tag: str, text: str) -> bool:
    """Tell whether an answer may be this text."""
    import xgrammar

    vocabulary = [chr(code) for code in range(128)]
    tokens = xgrammar.TokenizerInfo(vocabulary, stop_token_ids=[0])
    matcher = xgrammar.GrammarMatcher(
        xgrammar.GrammarCompiler(tokens).compile_structural_tag(tag), override_stop_tokens=[0]
    )
    return matcher.accept_string(text) and matcher.is_completed()


@pytest.mark.parametrize("guided", [{"json": SCHEMA}, {"json": json.dumps(SCHEMA)}])
def test_schema_allows_a_blank_and_no_more(guided: Any) -> None:
    tag = bounded(**guided).structural_tag

    assert accepts(tag, '{"age": 36}')
    assert accepts(tag, '{"age":36}')
    assert not accepts(tag, '{"age":  36}')
    assert not accepts(tag, '{"name": 36}')


def test_any_object_is_bounded_too() -> None:
    tag = bounded(json_object=True).structural_tag

    assert accepts(tag, '{"a": [1, {"b": null}]}')
    assert not accepts(tag, '{"a":   1}')


def test_form_inside_a_tag_is_bounded_wherever_it_stands() -> None:
    inside = {"type": "sequence", "elements": [{"type": "const_string", "value": "call "}, FORM]}
    tag = bounded(structural_tag=json.dumps({"type": "structural_tag", "format": inside}))

    assert accepts(tag.structural_tag, 'call {"age": 36}')
    assert not accepts(tag.structural_tag, 'call {"age":  36}')


def test_tool_that_must_be_called_is_bounded_in_vllms_own_form() -> None:
    from vllm.entrypoints.openai.chat_completion.protocol import ChatCompletionToolsParam
    from vllm.tool_parsers.structural_tag_registry import get_model_structural_tag

    function = {"name": "born", "parameters": SCHEMA, "strict": True}
    tool = ChatCompletionToolsParam.model_validate({"function": function})
    form = get_model_structural_tag("hermes", [tool], "required", reasoning=False)
    assert form is not None

    tag = bounded(structural_tag=json.dumps(form.model_dump())).structural_tag

    begin, end = '<tool_call>\n{"name": "born", "arguments": ', "}\n</tool_call>"
    assert accepts(tag, f'{begin}{{"age": 36}}{end}')
    assert not accepts(tag, f'{begin}{{"age":  36}}{end}')


def test_what_is_no_json_stays() -> None:
    assert bounded(choice=["yes", "no"]).choice == ["yes", "no"]
    assert bounded(regex="[a-z]+").regex == "[a-z]+"
