"""Answers from the closed list of general facts; held out are pairs of a fact and a phrasing."""

from __future__ import annotations

from random import Random

from embedded.chat.recipe.listing import phrases
from embedded.chat.recipe.phrasing import vary
from embedded.chat.recipe.sample import Sample, Split, chat, draw, plain
from embedded.chat.recipe.skills import fact_tables as tables

Fact = tuple[str, str]


def bare(noun: str) -> str:
    """The noun without its article."""
    return noun.split(" ", 1)[1] if noun.startswith(("a ", "an ", "the ")) else noun


def article(noun: str) -> str:
    """The noun with an indefinite article."""
    return f"an {noun}" if noun[0] in "aeiou" else f"a {noun}"


def upper_first(text: str) -> str:
    """The text with a capital at its start."""
    return text[0].upper() + text[1:]


# One row for each category: the table, its phrasings and the answer; {k} and {v} are key and value,
# {b} is the key without its article and {n} with an indefinite one.
ROWS: tuple[tuple[dict[str, str], tuple[str, ...], str], ...] = (
    (
        tables.CAPITALS,
        phrases("""
        What is the capital of {k}? | What's the capital of {k}? |
        Which city is the capital of {k}? | Name the capital of {k}. |
        Tell me the capital of {k}. | The capital of {k} is | Capital of {k}? |
        What is the capital city of {k}? | Do you know the capital of {k}? |
        Which city is {k}'s capital? | What city is the capital of {k}?
    """),
        "The capital of {k} is {v}.",
    ),
    (
        tables.COLOURS,
        phrases("""
        What colour is {k}? | What color is {k}? | Which colour is {k}? |
        What colour does {k} have? | Tell me the colour of {k}. | What is the color of {k}? |
        What is the colour of {k}? | Name the colour of {k}. | The colour of {k} is
    """),
        "{k} is {v}.",
    ),
    (
        tables.OPPOSITES,
        phrases("""
        What is the opposite of {k}? | Opposite of {k}? | Name the opposite of {k}. |
        What's the opposite of {k}? | Tell me the opposite of {k}. |
        Which word is the opposite of {k}? | Give me the opposite of {k}. | The opposite of {k} is
    """),
        "The opposite of {k} is {v}.",
    ),
    (
        tables.SOUNDS,
        phrases("""
        What sound does a {k} make? | What noise does a {k} make? | What does a {k} say? |
        How does a {k} sound? | Which sound does a {k} make? | Tell me the sound of a {k}. |
        What does the {k} say?
    """),
        "A {k} says {v}.",
    ),
    (
        tables.LEGS,
        phrases("""
        How many legs does {n} have? | How many legs has {n}? | Tell me how many legs {n} has. |
        What is the number of legs of {n}? | Number of legs of {n}? | How many legs are on {n}?
    """),
        "{n} has {v} legs.",
    ),
    (
        tables.PLURALS,
        phrases("""
        What is the plural of {k}? | Plural of {k}? | What's the plural of {k}? |
        The plural of {k} is | Give me the plural of {k}. | Tell me the plural of {k}. |
        Which word is the plural of {k}?
    """),
        "The plural of {k} is {v}.",
    ),
    (
        tables.YOUNG,
        phrases("""
        What is a baby {k} called? | What do you call a baby {k}? | What is a young {k} called? |
        What is the name of a young {k}? | How do you call a baby {k}?
    """),
        "A baby {k} is called a {v}.",
    ),
    (
        tables.PAST,
        phrases("""
        What is the past tense of {k}? | Past tense of {k}? | What's the past tense of {k}? |
        Give me the past tense of {k}. | Tell me the past tense of {k}. | The past tense of {k} is
    """),
        "The past tense of {k} is {v}.",
    ),
)
ORDERS: tuple[tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]], ...] = (
    (
        tables.DAYS,
        phrases("""
        What day comes after {k}? | Which day comes after {k}? | What is the day after {k}? |
        Which day follows {k}? | What day is it after {k}?
    """),
        phrases("""
         What day comes before {k}? | Which day comes before {k}? | What is the day before {k}?
     """),
    ),
    (
        tables.MONTHS,
        phrases("""
        What month comes after {k}? | Which month comes after {k}? |
        What is the month after {k}? | Which month follows {k}? |
        What is the next month after {k}?
    """),
        phrases("""
         What month comes before {k}? | Which month comes before {k}? |
         What is the month before {k}?
     """),
    ),
)
LISTS: tuple[tuple[tuple[str, ...], str], ...] = (
    (
        phrases("""
        List the days of the week. | Name the days of the week. | What are the days of the week? |
        Tell me the days of the week. | Which days does a week have?
    """),
        ", ".join(tables.DAYS),
    ),
    (
        phrases("""
        List the months of the year. | Name the months of the year. |
        What are the months of the year? | Tell me the months of the year. |
        Which months does a year have?
    """),
        ", ".join(tables.MONTHS),
    ),
    (
        phrases("""
        Recite the alphabet. | Give me the alphabet. | Which letters are in the alphabet? |
        What is the alphabet? | List the letters of the alphabet.
    """),
        " ".join(tables.LETTERS),
    ),
)
SINGLE_FORMS = phrases("""
    {q} | {q} | Do you know this? {q} | {q} Answer in one sentence. | I want to know: {q} |
    My question: {q}
""")


def from_row(rng: Random) -> Fact:
    """A question on one of the tables."""
    # Capitals are the largest table: they are drawn as often as three of the others together.
    facts, phrasings, answer = ROWS[rng.choice((0, 0, 0, *range(1, len(ROWS))))]
    key = rng.choice(tuple(facts))
    parts = {"k": key, "v": facts[key], "b": bare(key), "n": article(bare(key))}
    return rng.choice(phrasings).format_map(parts), upper_first(answer.format_map(parts))


def from_order(rng: Random) -> Fact:
    """A question on what comes before or after."""
    items, after, before = rng.choice(ORDERS)
    place = rng.randrange(len(items))
    following = items[(place + 1) % len(items)]
    if rng.random() < 0.6:
        question = rng.choice(after).format(k=items[place])
        return question, f"After {items[place]} comes {following}."
    question = rng.choice(before).format(k=following)
    return question, f"Before {following} comes {items[place]}."


def fact(rng: Random) -> Fact:
    """Any question of the list and its answer."""
    roll = rng.random()
    if roll < 0.68:
        return from_row(rng)
    if roll < 0.84:
        return from_order(rng)
    if roll < 0.88:
        questions, answer = rng.choice(LISTS)
        return rng.choice(questions), answer
    question = rng.choice(tuple(tables.SINGLES))
    return rng.choice(SINGLE_FORMS).format(q=question), tables.SINGLES[question]


def statement(rng: Random) -> Sample:
    """A fact as plain text, begun in the prompt and finished in the completion."""
    facts, _, answer = ROWS[rng.choice((0, 0, 0, *range(1, len(ROWS))))]
    key = rng.choice(tuple(facts))
    parts = {"k": key, "v": facts[key], "b": bare(key), "n": article(bare(key))}
    begun, ended = answer.split("{v}")
    prompt = upper_first(begun.format_map(parts)).rstrip()
    completion = facts[key] + ended
    return (
        plain(prompt + " ", completion) if rng.random() < 0.25 else plain(prompt, " " + completion)
    )


def generate(rng: Random, split: Split) -> Sample:
    """A question, or in training sometimes a statement to finish."""
    if rng.random() < 0.12 and split is Split.TRAIN:
        return statement(rng)
    question, answer = draw(lambda: fact(rng), split, key=lambda f: f"fact:{f[0]}")
    return chat(vary(rng, question), answer)
