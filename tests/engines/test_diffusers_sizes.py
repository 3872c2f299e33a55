"""Pictures of another size than the model was trained on: drawn in its own, then scaled."""

import base64
import json
from collections.abc import AsyncIterator
from io import BytesIO
from typing import Any

import pytest
from PIL import Image

from deployments.images.diffusers.engine import DiffusersEngine
from tests.engines.drawing import call_of, draw, half_mask, load, photo, pixels, png
from wire.calls import Operation

NATIVE: dict[str, Any] = {"native_pixels": 64 * 64, "max_edge": 1792}


@pytest.fixture
async def engine() -> AsyncIterator[DiffusersEngine]:
    engine = await load(**NATIVE)
    yield engine
    assert engine.num_unfinished() == 0
    await engine.close()


def scale(file: bytes, size: tuple[int, int]) -> bytes:
    picture = Image.open(BytesIO(file))
    return png(picture.resize(size, Image.Resampling.LANCZOS))


async def test_larger_picture_is_the_native_one_enlarged(engine: DiffusersEngine) -> None:
    native = await draw(engine, seed=7)
    large = await draw(engine, seed=7, size="256x256")

    assert json.loads(large.body)["size"] == "256x256"
    assert (pixels(large.files[0]) == pixels(scale(native.files[0], (256, 256)))).all()


@pytest.mark.parametrize("size", ["1792x1024", "1000x333", "65x64", "64x1024"])
async def test_picture_of_any_size_and_shape_is_drawn(engine: DiffusersEngine, size: str) -> None:
    reply = await draw(engine, size=size, step=1)

    width, height = Image.open(BytesIO(reply.files[0])).size
    assert f"{width}x{height}" == size


async def test_pictures_of_several_sizes_share_a_pass_and_keep_theirs(
    engine: DiffusersEngine,
) -> None:
    import asyncio

    passes: list[int] = []
    pipelines = engine.pipelines

    def draw_counted(jobs: Any) -> list[Any]:
        passes.append(len(jobs))
        return pipelines.draw(jobs)

    engine.queue.draw_pass = draw_counted
    sizes = ["64x64", "128x128", "1024x1024"]
    replies = await asyncio.gather(*(draw(engine, size=size) for size in sizes))

    assert [json.loads(reply.body)["size"] for reply in replies] == sizes
    assert [pixels(reply.files[0]).shape[0] for reply in replies] == [64, 128, 1024]
    assert passes == [3]


async def test_edit_keeps_every_pixel_that_is_not_marked(engine: DiffusersEngine) -> None:
    size = (333, 190)

    reply = await draw(engine, Operation.IMAGE_EDIT, png(photo(size)), png(half_mask(size)), seed=3)

    before, after = pixels(png(photo(size))), pixels(reply.files[0])
    assert json.loads(reply.body)["size"] == "333x190"
    half = size[0] // 2
    assert (after[:, :half] == before[:, :half]).all()
    assert (after[:, half:] != before[:, half:]).any(axis=2).mean() > 0.9


async def test_narrow_mask_is_drawn_although_it_is_narrower_than_what_is_drawn(
    engine: DiffusersEngine,
) -> None:
    size = (512, 512)
    mask = Image.new("L", size)
    mask.paste(255, (101, 0, 104, 512))

    reply = await draw(engine, Operation.IMAGE_EDIT, png(photo(size)), png(mask), seed=3)

    changed = (pixels(reply.files[0]) != pixels(png(photo(size)))).any(axis=2)
    assert changed[:, 101:104].mean() > 0.9
    assert changed.sum() == changed[:, 101:104].sum()


async def test_pictures_on_the_way_have_the_size_and_what_the_mask_keeps(
    engine: DiffusersEngine,
) -> None:
    size = (200, 120)
    files = (png(photo(size)), png(half_mask(size)))
    call = call_of(Operation.IMAGE_EDIT, files, step=8, partial_images=1)

    shown, *_ = [piece async for piece in engine.stream(call)]

    assert isinstance(shown, bytes)
    seen = pixels(base64.b64decode(json.loads(shown)["b64_json"]))
    assert seen.shape == (120, 200, 3)
    assert (seen[:, :100] == pixels(files[0])[:, :100]).all()
