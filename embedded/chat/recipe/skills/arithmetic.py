"""Sums and differences of numbers from 0 to 99 with a result that is not negative."""

from __future__ import annotations

from random import Random

from embedded.chat.recipe.listing import phrases
from embedded.chat.recipe.phrasing import vary
from embedded.chat.recipe.sample import Message, Sample, Split, chat, draw, plain
from embedded.chat.recipe.skills.numbers import in_words

PLUS = phrases("""
    What is {a}+{b}? | How much is {a}+{b}? | What is {a} + {b}? | What is {a} plus {b}? |
    How much is {a} plus {b}? | {a} + {b} = | {a}+{b}= | {a} + {b} | {a}+{b} | {a}+{b}? |
    Add {a} and {b}. | What is the sum of {a} and {b}? | Calculate {a} + {b}. |
    Compute {a} + {b} | {a} plus {b} | What do you get when you add {b} to {a}? |
    What's {a} plus {b}? | Sum {a} and {b}. | Solve {a} + {b}. | Can you add {a} and {b}? |
    I have {a} apples and get {b} more. How many apples do I have? |
    How many are {a} and {b} together? | What does {a}+{b} equal? | Do the math: {a}+{b} |
    What is the answer to {a} + {b}? | Please work out {a} + {b}. | {a} plus {b} is what? |
    Give me the result of {a} + {b}. | what's {a}+{b} | {a} and {b} makes how many?
""")
MINUS = phrases("""
    What is {a}-{b}? | How much is {a}-{b}? | What is {a} - {b}? | What is {a} minus {b}? |
    How much is {a} minus {b}? | {a} - {b} = | {a}-{b}= | {a} - {b} | {a}-{b} | {a}-{b}? |
    Subtract {b} from {a}. | What is the difference between {a} and {b}? | Calculate {a} - {b}. |
    Compute {a} - {b} | {a} minus {b} | Take {b} away from {a}. | What's {a} minus {b}? |
    Solve {a} - {b}. | Can you subtract {b} from {a}? |
    I have {a} apples and eat {b}. How many apples are left? |
    How much is left when you take {b} from {a}? | What does {a}-{b} equal? |
    Do the math: {a}-{b} | What is the answer to {a} - {b}? | Please work out {a} - {b}. |
    {a} minus {b} is what? | Give me the result of {a} - {b}. | what's {a}-{b} |
    {a} less {b} is how many?
""")
Problem = tuple[int, str, int]


def result(problem: Problem) -> int:
    """What the problem comes to."""
    a, sign, b = problem
    return a + b if sign == "+" else a - b


def problem(rng: Random, split: Split) -> Problem:
    """Two numbers and a sign on the side of the split."""

    def make() -> Problem:
        top = 20 if rng.random() < 0.5 else 99
        a, b = rng.randint(0, top), rng.randint(0, top)
        if rng.random() < 0.5:
            return a, "+", b
        return max(a, b), "-", min(a, b)

    return draw(make, split, key=lambda p: f"sum:{p[0]}{p[1]}{p[2]}")


def exchange(rng: Random, split: Split) -> tuple[str, str]:
    """A question about one problem and its answer."""
    a, sign, b = task = problem(rng, split)
    phrase = rng.choice(PLUS if sign == "+" else MINUS)
    spoken = rng.random() < 0.1
    shown = (in_words(a), in_words(b)) if spoken else (str(a), str(b))
    text = vary(rng, phrase.format(a=shown[0], b=shown[1]))
    return text, f"{a} {sign} {b} = {result(task)}."


def generate(rng: Random, split: Split) -> Sample:
    """One or several problems, asked in a conversation or as plain text."""
    if split is Split.TRAIN and rng.random() < 0.25:
        # Several sums in one conversation: more arithmetic per trained token.
        turns: list[Message] = []
        for _ in range(rng.randint(2, 5)):
            question, answer = exchange(rng, split)
            turns += [
                {"role": "user", "content": question},
                {"role": "assistant", "content": answer},
            ]
        return Sample(messages=tuple(turns))
    if rng.random() < 0.1:
        a, sign, b = task = problem(rng, split)
        return plain(f"{a} {sign} {b} =", f" {result(task)}")
    return chat(*exchange(rng, split))
