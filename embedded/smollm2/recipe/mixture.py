"""Which samples a step of the training reads, and which ones the scores are made of."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from embedded.chat.recipe.sample import SEED, Generator, Sample, Split
from embedded.chat.recipe.skills import json_objects
from embedded.smollm2.recipe import cited, turns


@dataclass(frozen=True)
class Skill:
    """A generator and its share of the samples."""

    name: str
    generate: Generator
    share: float


SKILLS: tuple[Skill, ...] = (
    Skill("tool calls", turns.call_tool, 4),
    Skill("two calls at once", turns.call_two, 1.2),
    Skill("tool results", turns.tool_result, 1),
    Skill("no tool fits, own answer", turns.no_call, 1.2),
    Skill("no tool fits, request", turns.refuse, 2),
    Skill("passages, cited", cited.generate, 5),
    Skill("text questions", cited.text_question, 0.8),
    Skill("text does not say", cited.not_in_text, 0.3),
    Skill("json", json_objects.generate, 0.3),
)
SEVERAL_TURNS = Skill("several turns", turns.several_turns, 5)
ORDINARY = Skill("ordinary questions", turns.ordinary, 2)
"""Only trained: the others are what the first consists of, and the second has no right answer."""


def draw_sample(rng: Random) -> Sample:
    """A sample of the training."""
    skills = (*SKILLS, SEVERAL_TURNS, ORDINARY)
    skill = rng.choices(skills, [each.share for each in skills])[0]
    return skill.generate(rng, Split.TRAIN)


def draw_held_out(skill: Skill, count: int) -> list[Sample]:
    """Always the same questions of a skill, none of which is trained."""
    rng = Random(f"{SEED}:held out:{skill.name}")
    return [skill.generate(rng, Split.HELD_OUT) for _ in range(count)]
