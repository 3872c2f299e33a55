"""Draws training samples in their shares, and the held-out ones that the evaluation asks."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from embedded.chat.recipe import drills
from embedded.chat.recipe.phrasing import dress
from embedded.chat.recipe.sample import SEED, Message, Sample, Split
from embedded.chat.recipe.skills import SKILLS, Skill, memory, reading

LONG_SHARE, LONG_TEXT_SHARE = 0.004, 0.002
LONG = LONG_TEXT, LONG_MEMORY = "text questions, long texts", "memory, long conversations"
OPENERS = tuple(skill for skill in SKILLS if skill.opens)


def earlier_turns(rng: Random) -> Sequence[Message]:
    """A finished exchange of some skill, to stand before another one."""
    while True:
        sample = rng.choice(OPENERS).generate(rng, Split.TRAIN)
        if sample.is_chat and sample.messages[0]["role"] == "user":
            return sample.messages


def long_conversation(rng: Random, split: Split = Split.TRAIN, exchanges: int = 0) -> Sample:
    """Many exchanges with something told early and asked for late: trains far positions."""
    messages = memory.told_name(rng, split)
    before = [m for _ in range(rng.randint(0, 4)) for m in earlier_turns(rng)]
    many = exchanges or rng.choice((4, 6, 8, 12, 16, 40))
    between = [m for _ in range(many) for m in earlier_turns(rng)]
    return Sample(messages=(*before, *messages[:2], *between, *messages[2:]))


def long_held_out_samples(name: str, count: int) -> list[Sample]:
    """Questions on what stands far back in a long prompt."""
    rng = Random(f"{SEED}:held-out:{name}")
    if name == LONG_MEMORY:
        return [long_conversation(rng, Split.HELD_OUT, 33) for _ in range(count)]
    return [reading.long_text_question(rng, Split.HELD_OUT) for _ in range(count)]


def dressed(rng: Random, skill: Skill, split: Split) -> Sample:
    """One sample of the skill with what may stand around it."""
    sample = skill.generate(rng, split)
    return dress(rng, sample, lambda: earlier_turns(rng), skill.system_share, skill.earlier_share)


def training_samples(step: int, count: int) -> list[Sample]:
    """The samples of one training step: the same ones whenever that step is run."""
    rng = Random(f"{SEED}:train:{step}")
    drawn: list[Sample] = []
    for skill in rng.choices(SKILLS, weights=[skill.share for skill in SKILLS], k=count):
        if rng.random() < drills.share(step):
            drawn.append(drills.drill(rng, step))
            continue
        roll = rng.random()
        if roll < LONG_SHARE:
            drawn.append(long_conversation(rng))
        elif roll < LONG_SHARE + LONG_TEXT_SHARE:
            drawn.append(reading.long_text_question(rng, Split.TRAIN))
        else:
            drawn.append(dressed(rng, skill, Split.TRAIN))
    return drawn


def held_out_samples(skill: Skill, count: int) -> list[Sample]:
    """The questions that the evaluation asks for one skill: the same ones every time."""
    rng = Random(f"{SEED}:held-out:{skill.name}")
    return [dressed(rng, skill, Split.HELD_OUT) for _ in range(count)]
