"""Saying back exactly what is asked for, and spelling words letter by letter."""

from __future__ import annotations

from random import Random

from embedded.chat.recipe.listing import phrases, words
from embedded.chat.recipe.phrasing import vary
from embedded.chat.recipe.sample import Sample, Split, chat, draw
from embedded.chat.recipe.vocabulary import CITIES, MORE_NAMES, NAMES, WORDS, code, make_up_word

# What follows the colon or stands between the quotation marks is what is said.
OPEN = phrases("""
    Repeat after me: {x} | Say exactly: {x} | Repeat: {x} | Please repeat after me: {x} |
    Say this: {x} | Echo: {x} | Reply with exactly: {x} | Answer with exactly: {x} |
    Say exactly this: {x} | Copy this: {x} | Write exactly: {x} | Repeat this back to me: {x} |
    Say the following: {x} | Respond with exactly: {x} | Repeat the following words: {x} |
    Output exactly this text: {x} | Say {x} | Say: {x} | Repeat {x} | Now repeat after me: {x} |
    Your answer must be exactly: {x} | Type this: {x} | Please say: {x} | Reply with just: {x}
""")
QUOTED = phrases("""
    Say "{x}". | Repeat "{x}". | Please say "{x}" | Reply with "{x}" and nothing else. |
    Say exactly "{x}". | Answer only "{x}". | Can you say "{x}"? | Write "{x}". | Say '{x}'. |
    Please repeat '{x}'. | Just say "{x}". | Respond with "{x}". | I want you to say "{x}". |
    Repeat "{x}" after me. | Your reply should be "{x}". | Echo "{x}" | Output "{x}".
""")
SINGLE = phrases("""
    Reply with the word {x}. | Say the word {x}. | Answer with the single word {x}. |
    Say only the word {x}. | Reply with one word: {x} | Repeat the word {x}. |
    Respond with the word {x} only.
""")
SPELL = phrases("""
    Spell {x}. | Spell {x} | How do you spell {x}? | Spell the word {x}. | Can you spell {x}? |
    Spell "{x}". | Please spell {x}. | Spell the word {x} letter by letter. |
    How is {x} spelled? | Spell this word: {x} | How do you spell the word "{x}"? |
    What is the spelling of {x}? | Spell out {x}.
""")
UNUSUAL = words("-> #1 a/b x_y 100% ok! no? 3.5")


def piece(rng: Random) -> str:
    """One word, name, code or odd string."""
    roll = rng.random()
    if roll < 0.57:
        return rng.choice(WORDS)
    if roll < 0.75:
        word = make_up_word(rng)
        return word.capitalize() if rng.random() < 0.2 else word
    if roll < 0.87:
        return rng.choice(NAMES if rng.random() < 0.5 else MORE_NAMES)
    if roll < 0.93:
        return rng.choice(CITIES)
    return code(rng) if roll < 0.98 else rng.choice(UNUSUAL)


def phrase(rng: Random, split: Split) -> str:
    """One to six pieces on the side of the split."""

    def make() -> str:
        text = " ".join(piece(rng) for _ in range(rng.randint(1, 6)))
        if rng.random() < 0.15:
            text = text[0].upper() + text[1:] + rng.choice((".", "!", "?"))
        return text

    return draw(make, split, key=lambda p: f"say:{p}")


def repeat(rng: Random, split: Split) -> Sample:
    """A request to say something exactly."""
    text = phrase(rng, split)
    single = " " not in text and text[-1].isalnum()
    if single and rng.random() < 0.4:
        return chat(vary(rng, rng.choice(SINGLE).format(x=text), keep_case=True), text)
    form, quoted = (rng.choice(QUOTED), True) if rng.random() < 0.4 else (rng.choice(OPEN), False)
    head, tail = form.split("{x}")
    if rng.random() < 0.12:
        head = head.lower()
    ask = head + text + tail
    # Without quotation marks the text ends where the request does: nothing is cut.
    return chat(vary(rng, ask, keep_case=True) if quoted else ask, text)


def spelling_word(rng: Random) -> tuple[str, bool]:
    """A word to spell and whether it is one of the listed ones."""
    roll = rng.random()
    if roll < 0.55:
        return rng.choice(WORDS if roll < 0.45 else NAMES), True
    return make_up_word(rng, rng.choice((1, 2, 2))), False


def spelling(rng: Random, split: Split) -> tuple[str, str]:
    """A request to spell a word, and the word.

    Whoever has never seen the letters of a word that is one token cannot know them: of the listed
    words only pairs of a word and a phrasing are held out, of all others the words themselves.
    """

    def make() -> tuple[str, str, str]:
        (word, is_listed), form = spelling_word(rng), rng.choice(SPELL)
        return form, word, f"spell:{form}:{word}" if is_listed else f"spell:{word}"

    form, word, _ = draw(make, split, key=lambda made: made[2])
    return form, word


def spell(rng: Random, split: Split) -> Sample:
    """A request to spell a word."""
    form, word = spelling(rng, split)
    head, tail = form.split("{x}")
    ask = (head.lower() if rng.random() < 0.15 else head) + word + tail
    return chat(vary(rng, ask, keep_case=True), "-".join(word))
