"""What the embedded image model draws, served as ``make serve`` does: measured, not believed."""

from collections.abc import AsyncIterator
from io import BytesIO
from pathlib import Path
from random import Random
from typing import Any

import pytest
import torch
import yaml
from PIL import Image

from deployments.images.config import ImagesConfig
from deployments.images.diffusers.drawing import Pipelines
from deployments.images.diffusers.engine import DiffusersEngine
from deployments.images.diffusers.loading import load_pipeline
from embedded.images.recipe import evaluate
from embedded.images.recipe.captions import caption_of
from embedded.images.recipe.measure import look_at
from embedded.images.recipe.scenes import Scene, random_scene
from embedded.images.recipe.scenes import draw as draw_scene
from tests.engines.drawing import draw, pixels, png
from wire.calls import Operation

ROOT = Path(__file__).parents[2]


def local_config() -> ImagesConfig:
    """Return how ``configs/test.yaml`` serves it."""
    applications = yaml.safe_load((ROOT / "configs/test.yaml").read_text())["applications"]
    (images,) = [one for one in applications if one["name"] == "images"]
    return ImagesConfig.model_validate(images["args"])


@pytest.fixture(scope="module")
def pipelines() -> Pipelines:
    torch.set_num_threads(1)
    return Pipelines(load_pipeline(local_config()), local_config())


@pytest.fixture
async def engine(pipelines: Pipelines) -> AsyncIterator[DiffusersEngine]:
    engine = DiffusersEngine(pipelines, local_config())
    yield engine
    await engine.close()


def open_image(file: bytes) -> Image.Image:
    return Image.open(BytesIO(file))


async def draw_image(
    engine: DiffusersEngine, prompt: str, *files: bytes, **body: Any
) -> Image.Image:
    operation = Operation.IMAGE_EDIT if files else Operation.IMAGE_GENERATION
    prompts = [{"positive": prompt}]
    reply = await draw(engine, operation, *files, prompts=prompts, seed=1, **body)
    return open_image(reply.files[0])


def test_scores_of_the_card_are_of_the_model_as_it_is_served() -> None:
    config = local_config()

    assert config.default_steps == evaluate.STEPS
    assert config.pipeline_kwargs == {"guidance_scale": evaluate.GUIDANCE}


async def test_unseen_combinations_are_drawn_as_asked(engine: DiffusersEngine) -> None:
    rng = Random(2)
    scenes = [random_scene(rng, held_out=True) for _ in range(12)]
    wrong: list[str] = []
    for scene in scenes:
        prompt = caption_of(scene, rng, complete=True).text
        seen = look_at(await draw_image(engine, prompt))
        if seen.differs(scene) & {"colour", "shape", "background"}:
            wrong.append(prompt)

    assert len(wrong) <= 1, wrong


@pytest.mark.parametrize("size", ["1792x1024", "1024x1536", "512x512"])
@pytest.mark.parametrize("shape", ["circle", "square", "triangle"])
async def test_shape_is_one_in_every_size_of_openais(
    engine: DiffusersEngine, shape: str, size: str
) -> None:
    seen = look_at(await draw_image(engine, f"a blue {shape} on a yellow background", size=size))

    assert (seen.colour, seen.shape, seen.background) == ("blue", shape, "yellow")


async def test_edit_of_a_marked_part_puts_there_what_was_asked_for(
    engine: DiffusersEngine,
) -> None:
    before = draw_scene(Scene("blue", "square", "white", "small", "left"), Random(1))
    before = before.resize((256, 256))
    mask = Image.new("L", before.size)
    mask.paste(255, (128, 0, 256, 256))

    prompt = "a small red circle on the right on a white background"
    after = await draw_image(engine, prompt, png(before), png(mask), strength=1.0)

    seen = look_at(after.crop((128, 0, 256, 256)))
    assert (seen.colour, seen.background, seen.count) == ("red", "white", 1)
    assert (pixels(png(after))[:, :128] == pixels(png(before))[:, :128]).all()


async def test_image_to_image_gives_a_thing_another_colour(engine: DiffusersEngine) -> None:
    before = draw_scene(Scene("blue", "square", "white", "big"), Random(1))

    after = look_at(
        await draw_image(engine, "a big green square on a white background", png(before))
    )

    assert (after.colour, after.shape, after.background) == ("green", "square", "white")
