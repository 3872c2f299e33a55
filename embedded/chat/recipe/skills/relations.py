"""What the paragraphs say: relations of people, places and things, with the questions on them.

Knows nothing of how sentences become a paragraph or a conversation.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from embedded.chat.recipe.listing import phrases, words
from embedded.chat.recipe.sample import Split
from embedded.chat.recipe.skills.fact_tables import MONTHS
from embedded.chat.recipe.vocabulary import (
    COLOURS,
    FOODS,
    HOBBIES,
    JOBS,
    PETS,
    city,
    code,
    name,
)

Maker = Callable[[Random, Split], str]


@dataclass(frozen=True)
class Relation:
    """Ways to state {v} of {s}, questions on {s}, and where {v} comes from.

    All statements begin with {s}; the first of them is the usual one and that of the answer.
    """

    statements: tuple[str, ...]
    questions: tuple[str, ...]
    make: Maker


def relation(statements: str, questions: str, make: Maker) -> Relation:
    """A relation from texts of phrases."""
    return Relation(phrases(statements), phrases(questions), make)


def one_of(items: tuple[str, ...]) -> Maker:
    """Draws from the given values."""
    return lambda rng, split: rng.choice(items)


def whole(low: int, high: int) -> Maker:
    """Draws whole numbers between the two."""
    return lambda rng, split: str(rng.randint(low, high))


def hour(rng: Random, split: Split) -> str:
    """A time of the day."""
    number = rng.randint(1, 12)
    return rng.choice((f"{number}", f"{number}:30", f"{number} am", f"{number} pm", f"{number}:15"))


def day(rng: Random, split: Split) -> str:
    """A day of the year."""
    month = rng.choice(MONTHS)
    return rng.choice((f"{rng.randint(1, 28)} {month}", f"{month} {rng.randint(1, 28)}"))


def phone(rng: Random, split: Split) -> str:
    """A telephone number."""
    return f"555 {rng.randint(1000, 9999)}"


def sum_of_money(rng: Random, split: Split) -> str:
    """A price."""
    return f"{rng.randint(1, 400)} {rng.choice(('euros', 'euros', 'dollars', 'pounds'))}"


YEAR = whole(1500, 2025)
LANGUAGES = words("French German Spanish Italian Polish Dutch Greek Turkish Japanese Hindi")
MATERIALS = words("wood stone glass iron silver gold cotton silk steel brick clay paper")
ROOMS = words("kitchen garden garage attic cellar bedroom hall office shed drawer basket bathroom")

PEOPLE: tuple[Relation, ...] = (
    relation(
        "{s} lives in {v}. | {s} has a flat in {v}. | {s} moved to {v}.",
        "Where does {s} live? | Which city does {s} live in? | In which city does {s} live? |"
        " What city does {s} live in?",
        city,
    ),
    relation(
        "{s} was born in {v}.",
        "Where was {s} born? | In which city was {s} born?",
        city,
    ),
    relation(
        "{s} works as a {v}. | {s} is a {v}. | {s} has a job as a {v}.",
        "What does {s} do? | What is {s}'s job? | What does {s} work as? | What is the job of {s}?",
        one_of(JOBS),
    ),
    relation(
        "{s} is {v} years old. | {s} turned {v} this year.",
        "How old is {s}? | What is {s}'s age? | What is the age of {s}?",
        whole(3, 99),
    ),
    relation(
        "{s} has a {v}. | {s} keeps a {v}. | {s} owns a {v}.",
        "What pet does {s} have? | Which pet does {s} have? | What animal does {s} have?",
        one_of(PETS),
    ),
    relation(
        "{s} likes the colour {v}. | {s} loves the colour {v}.",
        "Which colour does {s} like? | What colour does {s} like? | What is {s}'s favourite"
        " colour? | What color does {s} like?",
        one_of(COLOURS),
    ),
    relation(
        "{s} likes to eat {v}. | {s} often eats {v}. | {s} loves to eat {v}.",
        "What does {s} like to eat? | What does {s} eat? | Which food does {s} like? |"
        " What is {s}'s favourite food?",
        one_of(FOODS),
    ),
    relation(
        "{s} enjoys {v}. | {s} spends the weekend {v}.",
        "What does {s} enjoy? | What is {s}'s hobby? | Which hobby does {s} have?",
        one_of(HOBBIES),
    ),
    relation(
        "{s} is married to {v}. | {s} married {v} last year.",
        "Who is {s} married to? | Who did {s} marry?",
        name,
    ),
    relation(
        "{s} has the phone number {v}.",
        "What is {s}'s phone number? | What is the phone number of {s}?",
        phone,
    ),
    relation(
        "{s} speaks {v}.",
        "Which language does {s} speak? | What language does {s} speak?",
        one_of(LANGUAGES),
    ),
)
PLACES: tuple[Relation, ...] = (
    relation(
        "{s} opens at {v}. | {s} is open from {v} on.",
        "When does {s} open? | What time does {s} open? | At what time does {s} open?",
        hour,
    ),
    relation(
        "{s} closes at {v}.",
        "When does {s} close? | What time does {s} close? | At what time does {s} close?",
        hour,
    ),
    relation(
        "{s} was built in {v}. | {s} was founded in {v}. | {s} was opened in {v}.",
        "When was {s} built? | When was {s} founded? | In which year was {s} built? |"
        " What year was {s} founded?",
        YEAR,
    ),
    relation(
        "{s} is in {v}. | {s} is located in {v}. | {s} stands in {v}.",
        "Where is {s}? | Where is {s} located? | In which city is {s}? | Which city is {s} in?",
        city,
    ),
    relation(
        "{s} belongs to {v}. | {s} is owned by {v}.",
        "Who owns {s}? | Who is the owner of {s}? | Who does {s} belong to?",
        name,
    ),
    relation(
        "{s} costs {v}. | {s} charges {v} for a visit.",
        "How much does {s} cost? | What is the price of {s}? | What does {s} cost?",
        sum_of_money,
    ),
    relation(
        "{s} has {v} rooms.",
        "How many rooms does {s} have? | How many rooms are in {s}?",
        whole(2, 300),
    ),
    relation(
        "{s} sells {v}.",
        "What does {s} sell? | What can I buy in {s}?",
        one_of(FOODS),
    ),
    relation(
        "{s} has the phone number {v}.",
        "What is the phone number of {s}? | Which phone number does {s} have?",
        phone,
    ),
)
THINGS: tuple[Relation, ...] = (
    relation(
        "{s} is in the {v}. | {s} is kept in the {v}.",
        "Where is {s}? | Where can I find {s}? | In which place is {s}?",
        one_of(ROOMS),
    ),
    relation(
        "{s} costs {v}. | {s} is sold for {v}.",
        "How much does {s} cost? | What is the price of {s}? | What does {s} cost?",
        sum_of_money,
    ),
    relation(
        "{s} has the code {v}.",
        "What is the code of {s}? | Which code does {s} have? | Tell me the code of {s}.",
        lambda rng, split: code(rng),
    ),
    relation(
        "{s} is {v}. | {s} was painted {v}.",
        "What colour is {s}? | What is the colour of {s}? | What color is {s}?",
        one_of(COLOURS),
    ),
    relation(
        "{s} is made of {v}.",
        "What is {s} made of?",
        one_of(MATERIALS),
    ),
    relation(
        "{s} belongs to {v}. | {s} is owned by {v}.",
        "Who owns {s}? | Who is the owner of {s}? | Who does {s} belong to?",
        name,
    ),
    relation(
        "{s} weighs {v} kilos.",
        "How much does {s} weigh? | What is the weight of {s}? | How heavy is {s}?",
        whole(1, 900),
    ),
    relation(
        "{s} was made by {v}. | {s} was written by {v}.",
        "Who made {s}? | Who wrote {s}?",
        name,
    ),
    relation(
        "{s} arrives on {v}. | {s} will be delivered on {v}.",
        "When does {s} arrive? | When will {s} be delivered?",
        day,
    ),
)
