"""LocalAI's ways to choose the next token, through the whole server."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import openai
import pytest
from openai import OpenAI

SUM: list[Any] = [{"role": "user", "content": "What is 2+2?"}]
STRICT = 1e-6
"""So small a limit that one token is left."""


def draw_answers(client: OpenAI, **fields: Any) -> list[str]:
    """Return ten answers at random to a prompt without a right one."""
    answer = client.completions.create(
        model="gpt-4o", prompt="zq", n=10, temperature=2, max_tokens=12, extra_body=fields
    )
    return [choice.text for choice in answer.choices]


def answer_to_the_sum(client: OpenAI, **fields: Any) -> str:
    answer = client.chat.completions.create(model="gpt-4o", messages=SUM, extra_body=fields)
    assert answer.choices[0].finish_reason == "stop"
    return str(answer.choices[0].message.content)


@pytest.mark.parametrize("field", ["typical_p", "tfz"])
def test_strict_limit_leaves_one_answer_where_chance_gives_many(client: OpenAI, field: str) -> None:
    assert len(set(draw_answers(client, seed=5))) > 1
    assert len(set(draw_answers(client, seed=5, **{field: 1}))) > 1
    assert len(set(draw_answers(client, seed=5, **{field: STRICT}))) == 1


def test_limits_are_those_of_their_own_request(client: OpenAI) -> None:
    limits: list[dict[str, float]] = [{"tfz": STRICT}, {}, {"typical_p": STRICT}, {"tfz": 1}] * 2
    with ThreadPoolExecutor(2) as clients:  # a replica holds 24 answers here
        waiting = [clients.submit(draw_answers, client, **fields) for fields in limits]
    answers = [drawing.result() for drawing in waiting]

    assert [len(set(several)) == 1 for several in answers] == [True, False, True, False] * 2
    assert answers[0] == answers[4]
    assert answers[2] == answers[6]


@pytest.mark.parametrize("field", ["typical_p", "tfz"])
def test_sure_answer_is_left_at_any_temperature(client: OpenAI, field: str) -> None:
    plain = answer_to_the_sum(client, temperature=0)

    assert "4" in plain
    assert answer_to_the_sum(client, temperature=0, **{field: STRICT}) == plain
    assert "4" in answer_to_the_sum(client, temperature=1, **{field: STRICT})


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"typical_p": 1.5}, "typical_p"),
        ({"tfz": -0.1}, "tfz"),
        ({"vllm_xargs": {"tfz": 7}}, "tfz"),
        ({"vllm_xargs": {"typical_p": "x"}}, "typical_p"),
        ({"tfz": 0.5, "use_beam_search": True}, "tfz"),
    ],
)
def test_limit_that_cannot_be_is_refused(
    client: OpenAI, fields: dict[str, Any], param: str
) -> None:
    with pytest.raises(openai.BadRequestError) as raised:
        answer_to_the_sum(client, **fields)

    assert raised.value.param == param


def test_localais_values_for_nothing_ask_for_nothing(client: OpenAI) -> None:
    nothing = {"max_tokens": 0, "top_k": 0, "repeat_penalty": 0, "typical_p": 0, "tfz": 0}

    assert "4" in answer_to_the_sum(client, temperature=0, seed=-1, **nothing)


def test_seed_of_minus_1_is_another_each_time(client: OpenAI) -> None:
    assert draw_answers(client, seed=-1) != draw_answers(client, seed=-1)
