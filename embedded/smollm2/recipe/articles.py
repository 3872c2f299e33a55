"""Short articles as people write them, each with questions and the sentences that answer them."""

from __future__ import annotations

from pathlib import Path
from random import Random

from embedded.chat.recipe.sample import Split, belongs
from embedded.chat.recipe.skills.passages import Stated
from embedded.chat.recipe.skills.tool_kinds import some_word
from embedded.chat.recipe.vocabulary import city, name

ARTICLES = Path(__file__).with_suffix(".txt")
"""An article a block: its text, then a question with its answer a line; gaps in curly brackets."""
BLOCKS = tuple(block.split("\n") for block in ARTICLES.read_text().strip().split("\n\n"))
MONTHS = ("March", "April", "May", "June", "September", "October")
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday")


def article(rng: Random, split: Split) -> list[Stated]:
    """An article on one side of the split: the first sentence is what answers nothing else."""
    block = rng.choice([each for each in BLOCKS if belongs(f"article:{each[0]}", split)])
    parts = {
        "C": city(rng, split),
        "N": name(rng, split),
        "W": some_word(rng, split).capitalize(),
        "D": rng.choice(DAYS),
        "M": rng.choice(MONTHS),
        "y": rng.randint(1720, 2024),
        "n": rng.randint(2, 48),
        "k": rng.randint(50, 900),
        "h": rng.randint(13, 20),
        "v": f"{rng.randint(1, 9)}.{rng.randint(0, 12)}",
    }
    text, *lines = (line.format_map(parts) for line in block)
    pairs = [line.split(" => ") for line in lines]
    return [
        Stated(text),
        *(Stated("", (question,), answer) for question, answer in pairs),
    ]
