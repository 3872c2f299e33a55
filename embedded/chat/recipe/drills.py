"""Plain-text drills; they are no skill, but the skills grow from them.

A small network takes long to find out that it can copy from its prompt, and longer to learn sums
and the letters of its tokens. Drills are dense in occasions to do so: training begins with copying
alone, and drills stay among the samples to its end.
"""

from __future__ import annotations

from random import Random

from embedded.chat.recipe.sample import Sample, Split
from embedded.chat.recipe.skills.arithmetic import problem, result
from embedded.chat.recipe.skills.copying import spelling
from embedded.chat.recipe.vocabulary import CITIES, NAMES, WORDS, code, make_up_word

FIRST_SHARE, LAST_SHARE, FADED_AFTER = 1.0, 0.1, 900
COPYING_ALONE_UNTIL = 700
FORMS = ("{k}: ", "{k} = ", '"{k}": ', "{k} is ", "The {k} is ", "{k}-")


def share(step: int) -> float:
    """The share of drills among the samples of a step."""
    left = max(0.0, 1 - step / FADED_AFTER)
    return LAST_SHARE + (FIRST_SHARE - LAST_SHARE) * left


def token(rng: Random) -> str:
    """Something worth copying."""
    roll = rng.random()
    if roll < 0.4:
        return make_up_word(rng) if rng.random() < 0.7 else make_up_word(rng).capitalize()
    if roll < 0.6:
        return rng.choice(WORDS)
    if roll < 0.8:
        return rng.choice(NAMES if rng.random() < 0.6 else CITIES)
    return code(rng) if roll < 0.9 else str(rng.randint(0, 999))


def repeat_line(rng: Random) -> Sample:
    """A line of words and the same line again, up to four times."""
    line = " ".join(token(rng) for _ in range(rng.choice((1, 2, 3, 4, 5, 6, 9, 12))))
    between = rng.choice(("\n", "\n", "\n\n", " | ", " ", ". "))
    return Sample(drill=((line + between, False), (between.join([line] * rng.randint(1, 4)), True)))


def look_up_pairs(rng: Random) -> Sample:
    """Pairs of a key and a value, then the same pairs in another order."""
    form, end = rng.choice(FORMS), rng.choice(("\n", " ", ", ", ".\n"))
    pairs = [(form.format(k=token(rng)), token(rng) + end) for _ in range(rng.randint(2, 7))]
    again = [part for k, v in rng.sample(pairs, len(pairs)) for part in ((k, False), (v, True))]
    return Sample(drill=(("".join(k + v for k, v in pairs), False), *again))


def spell_words(rng: Random) -> Sample:
    """Words with their letters."""
    parts: list[tuple[str, bool]] = [("Letters\n", False)]
    for _ in range(rng.randint(4, 9)):
        _, word = spelling(rng, Split.TRAIN)
        parts += [(f"{word}: ", False), ("-".join(word) + "\n", True)]
    return Sample(drill=tuple(parts))


def sum_numbers(rng: Random) -> Sample:
    """Problems with their results."""
    parts: list[tuple[str, bool]] = [("Sums\n", False)]
    for _ in range(rng.randint(5, 12)):
        a, sign, b = task = problem(rng, Split.TRAIN)
        parts += [(f"{a} {sign} {b} =", False), (f" {result(task)}\n", True)]
    return Sample(drill=tuple(parts))


def drill(rng: Random, step: int) -> Sample:
    """One drill of a kind that is due at this step."""
    weights = (5, 5, 0, 0) if step < COPYING_ALONE_UNTIL else (1, 1, 5, 4)
    return rng.choices((repeat_line, look_up_pairs, spell_words, sum_numbers), weights)[0](rng)
