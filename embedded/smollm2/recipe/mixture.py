"""Which samples a step of the training reads, and which ones the scores are made of."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from embedded.chat.recipe.sample import SEED, Generator, Sample, Split
from embedded.chat.recipe.skills import json_objects
from embedded.smollm2.recipe import cited, turns


@dataclass(frozen=True)
class Skill:
    """A generator and its share of the samples in each of the training's parts."""

    name: str
    generate: Generator
    shares: tuple[float, ...]


SKILLS: tuple[Skill, ...] = (
    Skill("tool calls", turns.call_tool, (4, 7, 5, 7)),
    Skill("two calls at once", turns.call_two, (1, 1, 0.7, 2.5)),
    Skill("tool results", turns.tool_result, (1, 0.7, 2, 1)),
    Skill("no tool fits, own answer", turns.no_call, (1.5, 0.8, 2.5, 2)),
    Skill("no tool fits, request", turns.refuse, (0.7, 0.7, 0.7, 0.5)),
    Skill("passages, cited", cited.generate, (3, 1.5, 2.5, 1.5)),
    Skill("text questions", cited.text_question, (1.5, 0.7, 1, 0.5)),
    Skill("text does not say", cited.not_in_text, (0.7, 0.3, 0.4, 0.3)),
    Skill("json", json_objects.generate, (0.8, 0.3, 0.3, 0.2)),
)
SEVERAL_TURNS = Skill("several turns", turns.several_turns, (5, 4, 4, 4))
"""Only trained: the others are what it consists of."""


def draw_sample(rng: Random, part: int) -> Sample:
    """A sample of one of the training's parts."""
    skills = (*SKILLS, SEVERAL_TURNS)
    skill = rng.choices(skills, [each.shares[part] for each in skills])[0]
    return skill.generate(rng, Split.TRAIN)


def draw_held_out(skill: Skill, count: int) -> list[Sample]:
    """Always the same questions of a skill, none of which is trained."""
    rng = Random(f"{SEED}:held out:{skill.name}")
    return [skill.generate(rng, Split.HELD_OUT) for _ in range(count)]
