"""Draws training samples in their shares, and the held-out ones of the evaluation."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random

from embedded.chat.recipe import drills
from embedded.chat.recipe.phrasing import dress
from embedded.chat.recipe.sample import SEED, Message, Sample, Split
from embedded.chat.recipe.skills import SKILLS, Skill, arithmetic, memory, reading

LONG_SHARE, LONG_TEXT_SHARE = 0.02, 0.012
DISTANCES = (8, 30, 40, 46)
OPENERS = tuple(skill for skill in SKILLS if skill.opens)


def earlier_turns(rng: Random) -> Sequence[Message]:
    """A finished exchange of some skill, to stand before another one."""
    while True:
        sample = rng.choice(OPENERS).generate(rng, Split.TRAIN)
        if sample.is_chat and sample.messages[0]["role"] == "user":
            return sample.messages


def exchanges(rng: Random, count: int) -> list[Message]:
    """Finished exchanges of any skills."""
    return [message for _ in range(count) for message in earlier_turns(rng)]


def long_conversation(rng: Random, split: Split, between: int) -> Sample:
    """Many exchanges with a name told early and asked for late: trains far positions."""
    told = memory.state_name(rng, split)
    before = exchanges(rng, rng.randint(0, 4))
    return Sample(messages=(*before, *told[:2], *exchanges(rng, between), *told[2:]))


def late_sum(rng: Random, split: Split, before: int) -> Sample:
    """A sum at the end of a long conversation."""
    question, answer = arithmetic.exchange(rng, split)
    return Sample(
        messages=(
            *exchanges(rng, before),
            {"role": "user", "content": question},
            {"role": "assistant", "content": answer},
        )
    )


# What is asked in long prompts: the last ones of each kind nearly fill the context.
LONG: dict[str, Callable[[Random], Sample]] = {
    "sums after 33 exchanges": lambda rng: late_sum(rng, Split.HELD_OUT, 33),
    "a name told 6 exchanges before": lambda rng: long_conversation(rng, Split.HELD_OUT, 6),
    "a name told 33 exchanges before": lambda rng: long_conversation(rng, Split.HELD_OUT, 33),
    "texts of about 20 sentences": lambda rng: reading.about_text(rng, Split.HELD_OUT, 8, 1, 12),
    "texts of about 90 sentences": lambda rng: reading.about_text(rng, Split.HELD_OUT, 12, 1, 78),
}


def long_held_out_samples(name: str, count: int) -> list[Sample]:
    """Questions in long prompts: the same ones every time."""
    rng = Random(f"{SEED}:held-out:{name}")
    return [LONG[name](rng) for _ in range(count)]


def generate_sample(rng: Random, skill: Skill, split: Split) -> Sample:
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
            drawn.append(long_conversation(rng, Split.TRAIN, rng.choice(DISTANCES)))
        elif roll < LONG_SHARE + LONG_TEXT_SHARE:
            drawn.append(reading.long_text_questions(rng))
        else:
            drawn.append(generate_sample(rng, skill, Split.TRAIN))
    return drawn


def draw_held_out_samples(skill: Skill, count: int) -> list[Sample]:
    """The questions of the evaluation for one skill: the same ones every time."""
    rng = Random(f"{SEED}:held-out:{skill.name}")
    return [generate_sample(rng, skill, Split.HELD_OUT) for _ in range(count)]
