"""Grammars and functions in JSON, as LocalAI's clients send them, keep the model to them."""

import json
import re
from typing import Any

import openai
import pytest
from openai import OpenAI

QUESTIONS = ("What is the capital of France?", "Say hello.", "What is 2 + 3? Explain.")

LIST = r"""
# two or three things
root ::= item{2,3}
item ::= "- " word (
    " "   # a second word
    word
)? "\x0A"
word ::= [^ \n\x00-\x1F-]{1,8}
"""

FUNCTIONS: dict[str, Any] = {
    "oneOf": [
        {
            "type": "object",
            "properties": {
                "function": {"const": "get_weather"},
                "arguments": {
                    "type": "object",
                    "properties": {"city": {"$ref": "#/$defs/city"}},
                },
            },
        },
        {
            "type": "object",
            "properties": {
                "function": {"const": "get_time"},
                "arguments": {"type": "object", "properties": {"zone": {"enum": ["UTC", "CET"]}}},
            },
        },
    ],
    "$defs": {"city": {"enum": ["Paris", "Oslo"]}},
}


def ask(client: OpenAI, question: str, **extra: Any) -> str:
    answer = client.chat.completions.create(
        model="gpt-4o", messages=[{"role": "user", "content": question}], extra_body=extra
    )
    assert answer.choices[0].finish_reason == "stop"
    return answer.choices[0].message.content or ""


@pytest.mark.parametrize("question", QUESTIONS)
def test_grammar_of_two_words_allows_no_other_answer(client: OpenAI, question: str) -> None:
    assert ask(client, question, grammar='root ::= "yes" | "no"') in {"yes", "no"}


@pytest.mark.parametrize("temperature", [0, 2])
def test_grammar_of_several_rules_is_kept_at_any_temperature(
    client: OpenAI, temperature: float
) -> None:
    answer = ask(client, "List some things.", grammar=LIST, temperature=temperature)

    assert re.fullmatch(r"(- [^ \n-]{1,8}( [^ \n-]{1,8})?\n){2,3}", answer), answer


def test_grammar_is_kept_by_completions_and_streams(client: OpenAI) -> None:
    completion = client.completions.create(
        model="gpt-4o", prompt="Once", extra_body={"grammar": r'root ::= "a"{3} "\x62"'}
    )
    chunks = client.chat.completions.create(
        model="gpt-4o",
        messages=[{"role": "user", "content": "Hi"}],
        stream=True,
        extra_body={"grammar": 'root ::= ("a" | "é"){5}'},
    )

    assert completion.choices[0].text == "aaab"
    assert re.fullmatch("[aé]{5}", "".join(c.choices[0].delta.content or "" for c in chunks))


@pytest.mark.parametrize("question", ["What is the weather in Oslo?", "Hello."])
def test_functions_in_json_answer_with_a_call_of_one_of_them(client: OpenAI, question: str) -> None:
    call = json.loads(ask(client, question, grammar_json_functions=FUNCTIONS))

    assert call in [
        *({"function": "get_weather", "arguments": {"city": city}} for city in ("Paris", "Oslo")),
        *({"function": "get_time", "arguments": {"zone": zone}} for zone in ("UTC", "CET")),
    ]


@pytest.mark.parametrize(
    ("extra", "param"),
    [
        ({"structured_outputs": {"regex": "("}}, "structured_outputs.regex"),
        ({"structured_outputs": {"grammar": "root ::= ::="}}, "structured_outputs.grammar"),
        ({"structured_outputs": {"json": {"type": "strong"}}}, "structured_outputs.json.type"),
        ({"structured_outputs": {"choice": []}}, "structured_outputs.choice"),
        ({"structured_outputs": {"regex": "a", "choice": ["a"]}}, "structured_outputs"),
        ({"structured_outputs": {}}, "structured_outputs"),
        (
            {
                "response_format": {
                    "type": "json_schema",
                    "json_schema": {"name": "x", "schema": {"type": "strong"}},
                }
            },
            "response_format.json_schema.schema.type",
        ),
        ({"grammar": "root ::= ["}, "grammar"),
    ],
)
def test_form_that_the_engine_refuses_is_a_400_by_name(
    client: OpenAI, extra: dict[str, Any], param: str
) -> None:
    with pytest.raises(openai.BadRequestError) as raised:
        ask(client, "Hi", **extra)

    assert raised.value.param == param
