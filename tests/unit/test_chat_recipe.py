"""What the recipe of the embedded chat model promises of its samples, whatever it draws."""

import json
import re
from random import Random

import pytest

from embedded.chat.recipe.mixture import (
    LONG,
    draw_held_out_samples,
    long_held_out_samples,
    training_samples,
)
from embedded.chat.recipe.sample import Sample, Split
from embedded.chat.recipe.skills import SKILLS, Skill
from embedded.chat.recipe.skills.arithmetic import problem, result
from embedded.chat.recipe.skills.reading import text_question
from embedded.chat.recipe.skills.tool_turns import call_tool


def conversation(sample: Sample) -> str:
    """The messages and tools of a sample, or its plain text, to compare it by."""
    return json.dumps([sample.messages, sample.tools, sample.prompt])


def test_recipe_draws_the_same_samples_for_a_step_again() -> None:
    assert training_samples(7_000, 16) == training_samples(7_000, 16)
    assert training_samples(7_000, 16) != training_samples(7_001, 16)


@pytest.mark.parametrize("skill", SKILLS, ids=lambda skill: skill.name)
def test_recipe_asks_the_same_held_out_questions_again(skill: Skill) -> None:
    first, again = (draw_held_out_samples(skill, 10) for _ in range(2))

    assert first == again
    assert all(sample.answer for sample in first)


def test_recipe_never_trains_on_a_held_out_sum() -> None:
    rng = Random(1)
    trained = {problem(rng, Split.TRAIN) for _ in range(5_000)}
    asked = {problem(rng, Split.HELD_OUT) for _ in range(500)}

    assert not trained & asked
    assert all(0 <= result(task) <= 198 for task in trained | asked)


def test_recipe_never_trains_on_a_conversation_that_is_asked() -> None:
    asked = {conversation(s) for skill in SKILLS for s in draw_held_out_samples(skill, 100)}
    trained = {conversation(s) for step in range(5_000, 5_050) for s in training_samples(step, 32)}

    assert not asked & trained


def test_text_question_is_answered_from_its_text() -> None:
    rng = Random(2)
    for _ in range(200):
        sample = text_question(rng, Split.HELD_OUT)
        text = " ".join(str(message["content"]) for message in sample.messages[:-1])

        assert all(told in text for told in re.findall(r"[A-Z][a-z]{3,}|[0-9]+", sample.answer))


def test_call_names_an_offered_tool_and_its_parameters() -> None:
    rng = Random(3)
    for _ in range(200):
        sample = call_tool(rng, Split.HELD_OUT)
        (call,) = sample.messages[-1]["tool_calls"]
        offered = {tool["function"]["name"]: tool["function"] for tool in sample.tools}

        assert 1 <= len(offered) <= 5
        properties = offered[call["function"]["name"]]["parameters"]["properties"]
        assert set(call["function"]["arguments"]) <= set(properties)


@pytest.mark.parametrize("name", LONG)
def test_recipe_asks_the_same_long_questions_again(name: str) -> None:
    first, again = (long_held_out_samples(name, 5) for _ in range(2))

    assert first == again
    assert all(len(conversation(sample)) > 600 for sample in first)
