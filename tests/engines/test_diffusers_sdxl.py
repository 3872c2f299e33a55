"""The kind of pipeline that production serves, in half precision."""

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from deployments.images.diffusers.engine import DiffusersEngine
from tests.engines.drawing import call_of, draw, half_mask, load, photo, pixels, png
from tests.support.tiny_sdxl import make_tiny_sdxl
from wire.calls import Operation


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("sdxl")
    make_tiny_sdxl(directory)
    return directory


@pytest.fixture
async def engine(directory: Path) -> AsyncIterator[DiffusersEngine]:
    engine = await load(
        model=str(directory),
        engine_kwargs={"dtype": "float16"},
        pipeline_kwargs={"guidance_scale": 5.0},
    )
    yield engine
    await engine.close()


async def test_sdxl_draws_the_same_file_for_a_seed(engine: DiffusersEngine) -> None:
    first, again = [await draw(engine, seed=1) for _ in range(2)]
    others = [
        await draw(engine, seed=1, clip_skip=1),
        await draw(engine, seed=1, prompts=[{"positive": "a cat", "negative": "green"}]),
    ]

    assert first.files == again.files
    assert first.files[0] not in {other.files[0] for other in others}


async def test_sdxl_keeps_what_a_mask_does_not_mark(engine: DiffusersEngine) -> None:
    reply = await draw(engine, Operation.IMAGE_EDIT, png(photo()), png(half_mask()))

    before, after = pixels(png(photo())), pixels(reply.files[0])
    assert (after[:, :48] == before[:, :48]).all()
    assert (after[:, 48:] != before[:, 48:]).any()


async def test_sdxl_shows_pictures_on_the_way_and_ends_as_without_them(
    engine: DiffusersEngine,
) -> None:
    whole = await draw(engine, seed=2, step=4)
    call = call_of(Operation.IMAGE_GENERATION, seed=2, step=4, partial_images=2)
    first, second, image, _ = [piece async for piece in engine.stream(call)]

    import base64

    assert isinstance(first, bytes)
    assert isinstance(second, bytes)
    assert isinstance(image, bytes)
    assert json.loads(first)["b64_json"] != json.loads(second)["b64_json"]
    assert base64.b64decode(json.loads(image)["b64_json"]) == whole.files[0]
