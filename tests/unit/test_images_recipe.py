"""The embedded image model's lessons: scenes, their words, and how pictures are measured."""

import json
import re
from pathlib import Path
from random import Random

import pytest
from PIL import Image, ImageDraw

from embedded.images.recipe.captions import ASPECTS, OPEN, caption_of, other_text, words
from embedded.images.recipe.measure import Sight, look_at
from embedded.images.recipe.scenes import (
    COLOURS,
    PALETTE,
    SHAPES,
    Scene,
    Shape,
    draw,
    random_scene,
)


@pytest.mark.parametrize("shape", SHAPES)
def test_measurement_finds_what_was_drawn(shape: Shape) -> None:
    rng = Random(shape)
    for _ in range(40):
        scene = random_scene(rng, held_out=rng.random() < 0.5)
        scene = Scene(scene.colour, shape, scene.background, scene.size, scene.place, scene.count)

        picture = draw(scene, rng)

        assert look_at(picture).differs(scene) == set(), scene


def test_measurement_is_the_same_of_an_enlarged_picture() -> None:
    rng = Random(5)
    scene = Scene("orange", "triangle", "purple", "small", "top left")

    picture = draw(scene, rng).resize((1024, 1024), Image.Resampling.LANCZOS)

    assert look_at(picture).differs(scene) == set()


def test_measurement_tells_what_is_not_what_was_asked_for() -> None:
    drawn = look_at(draw(Scene("red", "circle", "blue", "big", "left"), Random(1)))

    other = Scene("green", "square", "white", "small", "right", 1)
    assert drawn.differs(other) == {"colour", "shape", "background", "size", "place"}
    assert drawn.differs(Scene("red", "circle", "blue", "big", None, 2)) == {"count"}


def test_nothing_is_seen_in_an_empty_picture() -> None:
    assert look_at(Image.new("RGB", (128, 128), PALETTE["pink"])) == Sight("pink")


def test_different_shapes_are_no_one_shape() -> None:
    picture = draw(Scene("red", "circle", "white", "small", "left"), Random(1))
    ImageDraw.Draw(picture).rectangle((90, 50, 120, 80), fill=PALETTE["red"])

    seen = look_at(picture)

    assert (seen.count, seen.shape, seen.colour) == (2, None, "red")


@pytest.mark.parametrize("held_out", [True, False])
def test_scenes_are_of_the_one_side_of_the_rule(held_out: bool) -> None:
    rng = Random(1)

    scenes = [random_scene(rng, held_out=held_out) for _ in range(300)]

    assert {scene.is_held_out for scene in scenes} == {held_out}
    assert all(scene.colour != scene.background for scene in scenes)


def test_an_eighth_of_all_combinations_is_held_out() -> None:
    scenes = [
        Scene(colour, shape, background)
        for colour in COLOURS
        for shape in SHAPES
        for background in COLOURS
    ]

    assert 0.1 < sum(scene.is_held_out for scene in scenes) / len(scenes) < 0.15


def test_captions_say_what_they_note() -> None:
    rng = Random(3)
    for _ in range(300):
        scene = random_scene(rng, held_out=False)
        caption = caption_of(scene, rng)
        assert all(caption.said[aspect] in known for aspect, known in ASPECTS.items())
        if caption.said["background"] == OPEN:
            assert scene.background == ("black" if scene.colour == "white" else "white")
        for aspect in ("colour", "shape"):
            assert caption.said[aspect] in (getattr(scene, aspect), OPEN)


def test_complete_captions_leave_neither_colour_nor_shape_open() -> None:
    rng = Random(4)
    captions = [
        caption_of(random_scene(rng, held_out=True), rng, complete=True) for _ in range(300)
    ]

    assert all(OPEN not in (one.said["colour"], one.said["shape"]) for one in captions)


def test_texts_of_nothing_that_can_be_drawn_note_nothing() -> None:
    rng = Random(5)

    assert {other_text(rng).said["shape"] for _ in range(50)} == {OPEN}


def test_every_word_of_a_caption_is_known() -> None:
    known = set(words())
    rng = Random(6)
    for _ in range(500):
        text = caption_of(random_scene(rng, held_out=False), rng).text.lower()
        said = set(re.findall("[a-z]{2,}", text))
        assert not said - known, text


def test_shipped_files_do_not_tell_where_they_were_made() -> None:
    root = Path(__file__).parents[2] / "embedded" / "images"
    configs = [path for path in root.glob("*/*.json") if path.parent.name != "work"]

    assert configs
    for path in configs:
        assert not str(json.loads(path.read_text()).get("_name_or_path", "")).startswith("/"), path
