# pyright: standard, reportPrivateImportUsage=false
"""Asks the embedded image model for scenes it has never learnt, and measures what it draws.

    python -m embedded.images.recipe.evaluate [--update-card]

Held out is every combination of a colour, a shape and a background on the one side of a checksum.
Without chance: the same weights give the same table.
"""

import argparse
import collections
from collections.abc import Sequence
from pathlib import Path
from random import Random
from typing import Any

import torch
from diffusers import StableDiffusionPipeline
from diffusers.pipelines.auto_pipeline import AutoPipelineForImage2Image, AutoPipelineForInpainting
from PIL import Image

from embedded.images.recipe.captions import caption_of
from embedded.images.recipe.measure import look_at
from embedded.images.recipe.pixels import sheet
from embedded.images.recipe.scenes import (
    EDGE,
    SEED,
    SIZES_TO_DRAW,
    Box,
    Place,
    Scene,
    draw,
    random_scene,
)
from embedded.scores import Score, as_table, share, update_card
from embedded.untyped import drop_types

DIRECTORY = Path(__file__).resolve().parents[1]
STEPS = 12
GUIDANCE = 3.0
"""As ``configs/test.yaml`` has them."""
NUM_PICTURES, NUM_CHANGES = 140, 24
AT_ONCE = 16
MEASURE = "Right"
LARGE = 0.8
"""The strength with which a picture is made another."""


def questions(number: int, rng: Random) -> list[tuple[Scene, str]]:
    """Return held-out scenes and how each is asked for."""
    scenes = [random_scene(rng, held_out=True) for _ in range(number)]
    return [(scene, caption_of(scene, rng, complete=True).text) for scene in scenes]


def load(directory: Path = DIRECTORY) -> StableDiffusionPipeline:
    """Return the pipeline."""
    pipeline = drop_types(StableDiffusionPipeline).from_pretrained(directory)
    pipeline.set_progress_bar_config(disable=True)
    return pipeline


def answers(pipeline: Any, texts: Sequence[str], **how: Any) -> list[Image.Image]:
    """Return a picture for each text; of a list in ``how``, each has its own item."""
    pictures: list[Image.Image] = []
    for first in range(0, len(texts), AT_ONCE):
        rows = range(first, min(first + AT_ONCE, len(texts)))
        arguments: dict[str, Any] = {"num_inference_steps": STEPS, "guidance_scale": GUIDANCE}
        for name, value in how.items():
            arguments[name] = [value[row] for row in rows] if isinstance(value, list) else value
        chances = [torch.Generator("cpu").manual_seed(SEED + row) for row in rows]
        output = pipeline([texts[row] for row in rows], generator=chances, **arguments)
        pictures += output.images
    return pictures


def score_drawings(pipeline: StableDiffusionPipeline, number: int, **how: Any) -> list[Score]:
    """Return how pictures made of nothing but words are."""
    rng = Random(SEED + 3)
    asked = questions(number, rng)
    seen: list[set[str]] = []
    square: list[set[str]] = []
    for row, size in enumerate(SIZES_TO_DRAW):  # each shape of picture in its turn
        part = asked[row :: len(SIZES_TO_DRAW)]
        texts = [text for _, text in part]
        pictures = answers(pipeline, texts, width=size[0], height=size[1], **how)
        looks = zip(part, pictures, strict=True)
        found = [look_at(picture).differs(scene) for (scene, _), picture in looks]
        seen += found
        square += found if size[0] == size[1] else []
    wrong = collections.Counter(aspect for differs in seen for aspect in differs)
    placed = sum(scene.place is not None for scene, _ in asked)
    both, both_in_square = (
        sum(not differs & {"colour", "shape"} for differs in some) for some in (seen, square)
    )
    aspects = {"colour": number, "shape": number, "background": number, "size": number,
               "count": number, "place": placed}  # fmt: skip
    return [
        Score("colour and shape", share(both, number), number),
        Score(
            "colour and shape, in square pictures", share(both_in_square, len(square)), len(square)
        ),
        *(Score(f"{name}", share(of - wrong[name], of), of) for name, of in aspects.items()),
        Score("all of these", share(sum(not differs for differs in seen), number), number),
    ]


def score_recolouring(pipeline: StableDiffusionPipeline, number: int) -> Score:
    """Return how often a picture becomes one of another colour."""
    rng = Random(SEED + 4)
    asked: list[Scene] = []
    sources: list[Image.Image] = []
    while len(asked) < number:
        scene, other = random_scene(rng, held_out=True), random_scene(rng, held_out=False)
        if other.colour not in (scene.colour, scene.background) and scene.count == 1:
            asked.append(scene)
            before = Scene(other.colour, scene.shape, scene.background, scene.size)
            sources.append(draw(before, rng))
    texts = [caption_of(scene, rng, complete=True).text for scene in asked]
    changing: Any = AutoPipelineForImage2Image.from_pipe(pipeline)
    changing.set_progress_bar_config(disable=True)
    pictures = answers(changing, texts, image=sources, strength=LARGE)
    return Score("image to image: asked colour and shape", share(_right(asked, pictures), number),
                 number)  # fmt: skip


def score_filling(pipeline: StableDiffusionPipeline, number: int) -> Score:
    """Return how often what is asked for appears where a mask has marked a picture."""
    rng = Random(SEED + 5)
    boxes: dict[Place, Box] = {
        "left": (0, 0, 64, EDGE), "right": (64, 0, EDGE, EDGE), "bottom": (0, 64, EDGE, EDGE),
    }  # fmt: skip
    right = 0
    filling: Any = AutoPipelineForInpainting.from_pipe(pipeline)
    filling.set_progress_bar_config(disable=True)
    for row, (place, box) in enumerate(boxes.items()):
        asked: list[Scene] = []
        sources: list[Image.Image] = []
        for _ in range(number * (row + 1) // len(boxes) - number * row // len(boxes)):
            scene, other = random_scene(rng, held_out=True), random_scene(rng, held_out=False)
            scene = Scene(scene.colour, scene.shape, scene.background, "small", place)
            asked.append(scene)
            before = Scene(other.colour, other.shape, scene.background)
            sources.append(draw(before, rng))
        mask = Image.new("L", (EDGE, EDGE))
        mask.paste(255, box)
        texts = [caption_of(scene, rng, complete=True).text for scene in asked]
        pictures = answers(
            filling, texts, image=sources, mask_image=[mask] * len(texts), strength=1.0
        )
        right += _right(asked, [picture.crop(box) for picture in pictures])
    return Score(
        "a marked half, and where in words: colour and shape", share(right, number), number
    )


def _right(asked: Sequence[Scene], pictures: Sequence[Image.Image]) -> int:
    return sum(
        not look_at(picture).differs(scene) & {"colour", "shape"}
        for scene, picture in zip(asked, pictures, strict=True)
    )


def scores(directory: Path = DIRECTORY) -> list[Score]:
    """Return the table of the card."""
    pipeline = load(directory)
    return [
        *score_drawings(pipeline, NUM_PICTURES),
        score_recolouring(pipeline, NUM_CHANGES),
        score_filling(pipeline, NUM_CHANGES),
    ]


def glance(directory: Path, number: int, seen: Path) -> str:
    """Return in a line how a few pictures are, and keep them to be looked at."""
    pipeline = load(directory)
    asked = questions(number, Random(SEED + 6))
    pictures = answers(pipeline, [text for _, text in asked], width=EDGE, height=EDGE)
    sheet(pictures, 8).save(seen)
    seen.with_suffix(".txt").write_text("\n".join(text for _, text in asked))
    wrong: collections.Counter[str] = collections.Counter()
    for (scene, _), picture in zip(asked, pictures, strict=True):
        differs = look_at(picture).differs(scene)
        wrong.update([*differs, *(["colour or shape"] if differs & {"colour", "shape"} else [])])
    return f"of {number} wrong: {dict(wrong)}"


def main() -> None:
    """Print the table, and write it into the card if asked to."""
    options = argparse.ArgumentParser()
    options.add_argument("--update-card", action="store_true")
    options.add_argument("--directory", type=Path, default=DIRECTORY)
    asked = options.parse_args()
    torch.set_flush_denormal(True)
    table = as_table(MEASURE, scores(asked.directory))
    print(table)
    if asked.update_card:
        update_card(table, DIRECTORY / "README.md")


if __name__ == "__main__":
    main()
