"""Describes scenes in words, in many ways, and notes what was described and what was left open.

Uses no pictures and no model.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from random import Random

from embedded.images.recipe.scenes import (
    COLOURS,
    PLACES,
    SHAPES,
    SIZES,
    Colour,
    Scene,
    Size,
)

OPEN = "open"
"""The value of an aspect that a caption leaves open."""
ASPECTS: dict[str, tuple[str, ...]] = {
    "count": ("1", "2", "3"),
    "size": SIZES,
    "colour": (*COLOURS, OPEN),
    "shape": (*SHAPES, OPEN),
    "place": (*PLACES, OPEN),
    "background": (*COLOURS, OPEN),
}
"""What a caption is about, and what it may say of each."""

COLOUR_WORDS: dict[str, tuple[str, ...]] = {"purple": ("purple", "purple", "violet")}
SHAPE_WORDS: dict[str, tuple[str, ...]] = {
    "circle": ("circle", "circle", "circle", "disc", "disk", "dot", "ball"),
    "square": ("square", "square", "square", "box"),
}
PLURALS = {"box": "boxes"}
SIZE_WORDS: dict[Size, tuple[str, ...]] = {
    "small": ("small", "small", "little", "tiny"),
    "medium": ("",),
    "big": ("big", "big", "large", "huge"),
}
COUNT_WORDS = {1: ("a", "a", "a", "a", "one", "a single", "the", "1", ""), 2: ("two", "two", "2"),
               3: ("three", "three", "3")}  # fmt: skip
LEADS = (
    "", "", "", "", "", "", "draw ", "please draw ", "picture of ", "a picture of ", "an image of ",
    "image of ", "a drawing of ", "paint ", "show me ", "i want ", "make ", "create ", "generate ",
    "draw me ", "a photo of ", "can you draw ", "there is ", "i would like a picture with ",
    "an image with ", "a simple drawing of ", "an icon of ", "could you please make an image of ",
)  # fmt: skip
ENDS = ("", "", "", "", ".", "!", " please", ", please", ", please.", "?")
THINGS = (
    "cat", "dog", "house", "tree", "horse", "car", "portrait", "hair", "hat", "city", "mountain",
    "flower", "bird", "boat", "person", "robot", "castle", "forest", "river", "table",
)  # fmt: skip
"""What the model cannot draw."""
SOMETHING = ("shape", "thing", "figure", "object", *THINGS)


@dataclass(frozen=True)
class Caption:
    """A caption, and its value of each aspect."""

    text: str
    said: dict[str, str]


def usual_background(colour: Colour) -> Colour:
    """Return the background of a caption that names none."""
    return "black" if colour == "white" else "white"


def caption_of(scene: Scene, rng: Random, *, complete: bool = False) -> Caption:
    """Return a scene in words; ``complete`` leaves neither its colour nor its shape open."""
    said = {
        "count": str(scene.count), "size": scene.size, "colour": scene.colour,
        "shape": scene.shape, "place": scene.place or OPEN, "background": scene.background,
    }  # fmt: skip
    if scene.background == usual_background(scene.colour) and rng.random() < 0.5:
        said["background"] = OPEN
    if not complete and rng.random() < 0.03:
        said["colour"] = OPEN
    if not complete and rng.random() < 0.05:
        said["shape"] = OPEN
    place = _place(said["place"], rng)
    background = _background(said["background"], rng)
    thing = _thing(scene, said, rng)
    order = rng.random()
    if background and order < 0.12:
        parts = f"{background}, {thing} {place}"
    elif place and order < 0.25:
        parts = f"{place}, {thing} {background}"
    elif order < 0.45:
        parts = f"{thing} {background} {place}"
    elif order < 0.53:
        parts = ", ".join(part for part in (thing, place, background) if part)
    else:
        parts = f"{thing} {place} {background}"
    text = " ".join((rng.choice(LEADS) + parts).split()) + rng.choice(ENDS)
    return Caption(_change_case(text, rng), said)


def other_text(rng: Random) -> Caption:
    """Return a text that asks for nothing the model can draw, or nothing at all."""
    said = dict.fromkeys(ASPECTS, OPEN) | {"count": "1", "size": "medium"}
    words = [
        rng.choice(("a", "the", "of", "with", "and", *THINGS)) for _ in range(rng.randrange(5))
    ]
    if words and rng.random() < 0.5:
        letters = "abcdefghijklmnopqrstuvwxyz"
        words.append("".join(rng.choice(letters) for _ in range(rng.randrange(2, 8))))
    return Caption(_change_case(" ".join(words), rng), said)


def words() -> list[str]:
    """Return every word of any caption."""
    rng = Random(0)
    texts = [*LEADS, *ENDS, *SOMETHING, *PLURALS.values(), *COLOURS, *SHAPES, "in on at the of and"]
    texts += [word for some in COLOUR_WORDS.values() for word in some]
    texts += [word for some in SHAPE_WORDS.values() for word in some]
    texts += [f"{word}s" for word in (*SHAPES, *SOMETHING, "disc", "disk", "dot", "ball")]
    texts += [word for some in (*SIZE_WORDS.values(), *COUNT_WORDS.values()) for word in some]
    texts += [_place(place, rng) for place in PLACES for _ in range(100)]
    texts += [_background(colour, rng) for colour in COLOURS for _ in range(100)]
    texts += ["that is are colored coloured black and white"]
    return sorted({word for text in texts for word in re.findall(r"[a-z]+", text) if word[1:]})


def _thing(scene: Scene, said: dict[str, str], rng: Random) -> str:
    shape = _word_of(SHAPE_WORDS, said["shape"], rng)
    if said["shape"] == OPEN:
        shape = rng.choice(SOMETHING)
    if scene.count > 1:
        shape = PLURALS.get(shape, f"{shape}s")
    colour = _word_of(COLOUR_WORDS, said["colour"], rng) if said["colour"] != OPEN else ""
    size = rng.choice(SIZE_WORDS[scene.size])
    number = rng.choice(COUNT_WORDS[scene.count])
    adjectives = [word for word in (size, colour) if word]
    if rng.random() < 0.1:
        adjectives.reverse()
    if colour and rng.random() < 0.05:
        verb = "is" if scene.count == 1 else "are"
        return f"{number} {size} {shape} that {verb} {colour}"
    phrase = (", " if rng.random() < 0.05 else " ").join(adjectives)
    if number == "a" and phrase[:1] in ("o",):
        number = "an"
    return f"{number} {phrase} {shape}"


def _place(place: str, rng: Random) -> str:
    if place == OPEN:
        return ""
    if place == "centre":
        return rng.choice(
            ("in the centre", "in the center", "in the middle", "at the center", "centered")
        )
    if " " in place:
        down, across = place.split()
        down = rng.choice((down, down, {"top": "upper", "bottom": "lower"}[down]))
        form = rng.choice(("in the {} {} corner", "in the {} {} corner", "in the {} {}",
                           "at the {} {}", "{} {}", "{} {} corner"))  # fmt: skip
        return form.format(down, across)
    forms = ("at the {}", "at the {}", "on the {} side", "at the {} edge", "near the {}", "{}")
    if place in ("left", "right"):
        forms = ("on the {}", "on the {}", "on the {} side", "at the {} edge", "to the {}", "{}")
    return rng.choice(forms).format(place)


def _background(colour: str, rng: Random) -> str:
    if colour == OPEN:
        return ""
    word = _word_of(COLOUR_WORDS, colour, rng)
    article = "an" if word[0] == "o" else "a"
    form = rng.choice((
        "on {a} {c} background", "on {a} {c} background", "on {a} {c} background",
        "on {a} {c} background", "against {a} {c} background", "with {a} {c} background",
        "in front of {a} {c} background", "on {c}", "{c} background", "over {a} {c} background",
        "on {a} {c} canvas", "the background is {c}", "on {c} background",
    ))  # fmt: skip
    return form.format(a=article, c=word)


def _word_of(table: Mapping[str, tuple[str, ...]], name: str, rng: Random) -> str:
    return rng.choice(table.get(name, (name,)))


def _change_case(text: str, rng: Random) -> str:
    """Return the text as someone may type it."""
    chance = rng.random()
    if chance < 0.6:
        return text
    return text.upper() if chance < 0.65 else text[:1].upper() + text[1:]
