"""What is said: sentences of the lexicon, some that make sense and some that do not.

Sense helps with words that sound alike; nonsense keeps the model from guessing instead of hearing.
Held out are whole sentences, by a checksum. Knows nothing of sound.
"""

import zlib
from collections.abc import Mapping
from random import Random
from string import Formatter

from embedded.transcriptions.recipe import lexicon

SEED = 20261122
HELD_OUT_ONE_IN = 8
NONSENSE_SHARE = 0.3
COUNTING_SHARE = 0.1

_SINGULAR = (*lexicon.PEOPLE, *lexicon.ANIMALS, *lexicon.THINGS)
_PLURAL = tuple(lexicon.plural(noun) for noun in _SINGULAR)
_VERBS = tuple(zip(*lexicon.VERBS, strict=True))

LISTS: Mapping[str, tuple[str, ...]] = {
    "name": lexicon.NAMES,
    "place": lexicon.PLACES,
    "day": lexicon.DAYS,
    "month": lexicon.MONTHS,
    "person": lexicon.PEOPLE,
    "animal": lexicon.ANIMALS,
    "thing": _SINGULAR,
    "things": _PLURAL,
    "spot": lexicon.SPOTS,
    "idea": lexicon.IDEAS,
    "adjective": lexicon.ADJECTIVES,
    "adverb": lexicon.ADVERBS,
    "do": _VERBS[0],
    "does": _VERBS[1],
    "did": _VERBS[2],
    "done": _VERBS[3],
    "doing": _VERBS[4],
    "digit": lexicon.DIGITS,
    "teen": lexicon.TEENS,
    "ten": lexicon.TENS,
    "ordinal": lexicon.ORDINALS,
    "he": ("he", "she", "it"),
    "they": ("I", "you", "we", "they"),
    "him": ("him", "her", "it", "me", "us", "them", "you"),
    "my": ("my", "your", "his", "her", "our", "their", "its"),
    "the": ("the", "the", "the", "this", "that", "every", "each", "another", "my", "your", "our"),
    "those": ("the", "the", "these", "those", "some", "many", "all", "few", "most", "no", "their"),
    "on": (
        *("on", "in", "at", "under", "behind", "near", "above", "below", "beside", "between"),
        *("over", "into", "from", "to", "by", "across", "along", "around", "through", "towards"),
        *("for", "with", "without", "about", "against", "off", "up", "down"),
    ),
    "and": (
        "and",
        "but",
        "or",
        "because",
        "so",
        "if",
        "when",
        "while",
        "although",
        "before",
        "after",
    ),
    "can": ("can", "could", "will", "would", "should", "must", "may", "might", "shall"),
    "where": ("where", "when", "why", "how"),
    "who": ("who", "what", "which one", "whose"),
    "some": (
        *("somebody", "someone", "something", "anybody", "anything", "everybody", "everyone"),
        *("everything", "nobody", "nothing", "none", "both", "neither", "either"),
    ),
    "self": ("myself", "yourself", "himself", "ourselves", "itself"),
}

# A part of a sentence is one of these, with the lists' entries and other parts in it.
PARTS: Mapping[str, tuple[str, ...]] = {
    "number": (
        *("{digit}", "{teen}", "{ten}", "{ten} {digit}", "{digit} hundred", "{digit} thousand"),
        *("{digit} hundred and {ten}", "{digit} hundred {ten} {digit}", "a million"),
    ),
    "one": (
        *("the {thing}", "{the} {thing}", "{the} {adjective} {thing}", "a {adjective} {thing}"),
        *("{name}", "{name}", "{my} {person}", "the {person}", "{the} {idea}", "the {spot}"),
        *("the {ordinal} {thing}", "{the} {animal}"),
    ),
    "many": (
        *("{those} {things}", "the {adjective} {things}", "{number} {things}", "{those} {things}"),
        *("{number} {adjective} {things}", "{name} and {name}", "more {things} than {things}"),
    ),
    "what": ("{one}", "{one}", "{many}", "{him}", "{some}", "{idea}"),
    "there": (
        "{on} {one}",
        "{on} {one}",
        "{on} {many}",
        "in {place}",
        "{on} the {spot}",
        "{adverb}",
    ),
    "then": (
        "on {day}",
        "in {month}",
        "{adverb}",
        "{number} years ago",
        "every {day}",
        "at {number}",
    ),
    "rest": ("", "", " {there}", " {there}", " {then}", " {what}", " {what} {there}"),
    "clause": (
        *("{he} {did}{rest}", "{they} {do}{rest}", "{he} {does}{rest}", "{one} {did} {what}"),
        *("{one} {does} {what}", "{one} is {adjective}", "{one} was {there}", "{many} are {there}"),
        *("{many} were {adjective}", "{many} {did}{rest}", "{they} {can} {do} {what}{rest}"),
        *("{he} {can} not {do} {what}", "{they} did not {do} {what}", "{he} does not {do} {what}"),
        *("{one} has {done} {what}", "{they} have {done} {what}", "{he} had {done} {there}"),
        *("{he} is {doing} {what}", "{they} are {doing} {there}", "{they} were {doing} {what}"),
        *("there is {one} {there}", "there are {many} {there}", "there was {one} {there}"),
        *("{they} want to {do} {what}", "{one} has to {do}{rest}", "{he} {did} {self}"),
        *("{some} {did}{rest}", "I know {the} {thing}", "I am {adjective}", "{one} knew {what}"),
        *("{name} lives in {place}", "{name} ate {the} {thing}", "{they} buy {number} {things}"),
        *("it was {adverb} {adjective}", "{one} was {done} by {one}", "{one} and {one} {did} too"),
        *("my name is {name}", "{one} costs {number} coins", "I hear {what} here"),
        *("{one} is as {adjective} as {one}", "{one} is less {adjective} than {one}"),
    ),
    "statement": (
        *("{clause}", "{clause}", "{clause}", "{clause} {then}", "{clause} {and} {clause}"),
        *("{adverb} {clause}", "{then} {clause}", "yes {clause}", "no {clause}"),
        *("please {do} {what}{rest}", "{do} {what} {there}", "let us {do} {what}"),
        *("I think {clause}", "{name} said that {clause}", "{one} who {did} {what} is {adjective}"),
    ),
    "question": (
        *("{where} {can} {they} {do} {what}", "{where} did {one} {do}{rest}", "what is {one}"),
        *(
            "{where} is {one}",
            "{who} {did} {what}",
            "did {one} {do}{rest}",
            "do {they} {do} {what}",
        ),
        *("does {he} {do} {what}", "{can} {they} {do} {what}", "is {one} {adjective}"),
        *("how many {things} are {there}", "how much is {one}", "how old is {name}"),
        *("have {they} {done} {what}", "are {many} {there}", "which {thing} is {adjective}"),
        *("what did {one} {do} {there}", "whom did {they} {do}", "was {one} {there}"),
    ),
}


def _expand(rng: Random, text: str) -> str:
    """Put an entry or a part in place of each name in braces."""
    made: list[str] = []
    for literal, name, _, _ in Formatter().parse(text):
        made.append(literal)
        if name is not None:
            choices = PARTS.get(name)
            made.append(_expand(rng, rng.choice(choices)) if choices else rng.choice(LISTS[name]))
    return "".join(made)


_PLAIN = tuple(word for word in lexicon.WORDS if word not in lexicon.HOMOPHONES)


def _nonsense(rng: Random) -> str:
    return " ".join(rng.choice(_PLAIN) for _ in range(rng.randint(1, 10)))


def _counting(rng: Random) -> str:
    return " ".join(rng.choice(lexicon.NUMBERS[:28]) for _ in range(rng.randint(1, 8)))


def sentence(rng: Random) -> str:
    """Return a sentence as it is written: a capital at its start, a mark at its end."""
    roll = rng.random()
    end = "."
    if roll < NONSENSE_SHARE:
        text = _nonsense(rng)
    elif roll < NONSENSE_SHARE + COUNTING_SHARE:
        text = _counting(rng)
    elif roll < 0.88:
        text = _expand(rng, rng.choice(PARTS["statement"]))
    else:
        text, end = _expand(rng, rng.choice(PARTS["question"])), "?"
    return text[0].upper() + text[1:] + end


def is_held_out(text: str) -> bool:
    """Whether training never shows this sentence."""
    return zlib.crc32(f"homeport:{text.lower()}".encode()) % HELD_OUT_ONE_IN == 0


def draw(rng: Random, *, unseen: bool = False) -> str:
    """Return a sentence of one of the two sides."""
    while True:
        text = sentence(rng)
        if is_held_out(text) == unseen:
            return text
