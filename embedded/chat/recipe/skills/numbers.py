"""Counting up and down, the number that comes next, and numbers in words."""

from __future__ import annotations

from random import Random

from embedded.chat.recipe.listing import phrases, words
from embedded.chat.recipe.phrasing import vary
from embedded.chat.recipe.sample import Sample, Split, belongs, chat, draw, plain

UNITS = words("""
    zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen
    sixteen seventeen eighteen nineteen
""")
TENS = words("twenty thirty forty fifty sixty seventy eighty ninety")
COUNT = phrases("""
    Count from {a} to {b}. | Count from {a} to {b} | Please count from {a} to {b}. |
    Can you count from {a} to {b}? | List the numbers from {a} to {b}. |
    Write the numbers from {a} to {b}. | Say the numbers from {a} to {b}. |
    Count from {a} up to {b}. | Count starting at {a} and stop at {b}. |
    Give me the numbers {a} to {b}. | Count: {a} to {b} | Start at {a} and count to {b}.
""")
COUNT_TO = phrases("""
    Count to {b}. | Count up to {b}. | Please count to {b}. | Can you count to {b}? |
    Count up to {b}
""")
NEXT = phrases("""
    What comes after {a}? | Which number comes after {a}? | What number follows {a}? |
    What is the next number after {a}? | Which number comes next after {a}?
""")
BEFORE = phrases("""
    What comes before {a}? | Which number comes before {a}? | What number is before {a}?
""")
WORDS = phrases("""
    Write {a} in words. | How do you write {a} in words? | Spell out the number {a}. |
    {a} in words, please.
""")
DIGITS = phrases("""
    Write {w} in digits. | How do you write {w} in digits? | {w} in digits, please. |
    Write {w} as a number.
""")


def in_words(number: int) -> str:
    """0 to 100 in English words."""
    if number == 100:
        return "one hundred"
    if number < 20:
        return UNITS[number]
    tens, unit = divmod(number, 10)
    return TENS[tens - 2] + (f"-{UNITS[unit]}" if unit else "")


def span(rng: Random, split: Split) -> tuple[int, int, bool]:
    """First and last number of a count and whether it is in words, on the side of the split."""

    def make() -> tuple[int, int, bool]:
        spoken = rng.random() < 0.35
        start = rng.choice((1, 1, rng.randint(0, 12), rng.randint(0, 20 if spoken else 90)))
        return start, start + rng.randint(2, 11), spoken

    return draw(make, split, key=lambda s: f"count:{s[0]}-{s[1]}")


def write_numbers(numbers: range, spoken: bool) -> list[str]:
    """The numbers as words or digits."""
    return [in_words(n) if spoken else str(n) for n in numbers]


def counting(rng: Random, split: Split) -> Sample:
    """A request to count up or down."""
    first, last, spoken = span(rng, split)
    numbers = write_numbers(range(first, last + 1), spoken)
    if rng.random() < 0.15:
        backwards = numbers[::-1]
        ask = rng.choice(
            phrases("""
            Count down from {a} to {b}. | Count backwards from {a} to {b}. |
            Count down: {a} to {b}
        """)
        )
        return chat(vary(rng, ask.format(a=backwards[0], b=backwards[-1])), ", ".join(backwards))
    phrase = rng.choice(COUNT_TO if first == 1 and rng.random() < 0.6 else COUNT)
    return chat(vary(rng, phrase.format(a=numbers[0], b=numbers[-1])), ", ".join(numbers))


def continue_count(rng: Random, split: Split) -> Sample:
    """A count that the prompt began, as plain text or as a question."""
    first, last, spoken = span(rng, split)
    numbers = write_numbers(range(first, last + 1), spoken)
    cut = rng.randint(2, len(numbers) - 1)
    shown, rest = ", ".join(numbers[:cut]) + ",", ", ".join(numbers[cut:])
    goal = (
        rng.choice(("Count up to {b}: ", "Count to {b}: ", "Counting up to {b}: "))
        if first == 1
        else rng.choice(
            ("Count from {a} to {b}: ", "Counting from {a} to {b}: ", "Numbers from {a} to {b}: ")
        )
    )
    start = goal.format(a=numbers[0], b=numbers[-1]) + shown
    if rng.random() < 0.35:
        return chat(vary(rng, start, lead=False).rstrip() + rng.choice(("", " ")), rest)
    return plain(start + " ", rest) if rng.random() < 0.5 else plain(start, " " + rest)


def open_ended(rng: Random) -> Sample:
    """A bare list of numbers as plain text: it goes on for as long as ten is not reached."""
    spoken = rng.random() < 0.5
    first = rng.randint(0, 5)
    numbers = write_numbers(range(first, 11), spoken)
    cut = rng.randint(2, len(numbers) - 1)
    shown, rest = ", ".join(numbers[:cut]) + ",", ", ".join(numbers[cut:])
    return plain(shown + " ", rest) if rng.random() < 0.3 else plain(shown, " " + rest)


def neighbour(rng: Random, split: Split) -> Sample:
    """A question on the next or the previous number."""
    number = draw(lambda: rng.randint(1, 98), split, key=lambda n: f"next:{n}")
    if rng.random() < 0.7:
        return chat(
            vary(rng, rng.choice(NEXT).format(a=number)), f"After {number} comes {number + 1}."
        )
    return chat(
        vary(rng, rng.choice(BEFORE).format(a=number)), f"Before {number} comes {number - 1}."
    )


def number_words(rng: Random, split: Split) -> Sample:
    """A number to write in words or in digits."""
    # The words below twenty cannot be put together from others: they are always trained.
    lowest = 0 if split is Split.TRAIN else 20
    number = rng.randint(lowest, 99)
    while number >= 20 and not belongs(f"words:{number}", split):
        number = rng.randint(lowest, 99)
    if rng.random() < 0.5:
        return chat(
            vary(rng, rng.choice(WORDS).format(a=number)), f"{number} is {in_words(number)}."
        )
    return chat(
        vary(rng, rng.choice(DIGITS).format(w=in_words(number))), f"{in_words(number)} is {number}."
    )


def generate(rng: Random, split: Split) -> Sample:
    """A request of one of these kinds."""
    roll = rng.random()
    if roll < 0.4:
        return counting(rng, split)
    if roll < 0.7:
        return continue_count(rng, split)
    if roll < 0.73 and split is Split.TRAIN:
        return open_ended(rng)
    return neighbour(rng, split) if roll < 0.86 else number_words(rng, split)
