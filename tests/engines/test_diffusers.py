"""diffusers on the embedded pipeline: what the pictures are, not how pretty."""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from io import BytesIO
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image, ImageDraw

from deployments.images.config import ImagesConfig
from deployments.images.diffusers_drawing import Pipelines
from deployments.images.diffusers_engine import DiffusersEngine
from deployments.images.diffusers_loading import load_pipeline
from deployments.images.job import Job
from serve_app.errors import APIError, InvalidRequestError, ModelLoadError
from serve_app.protocol.common import Call, Reply, Usage


def configured(**options: Any) -> ImagesConfig:
    torch.set_num_threads(1)
    defaults = {"model": "embedded/images", "default_size": "64x64", "default_steps": 2}
    return ImagesConfig.model_validate({"model_id": "draw", **defaults, **options})


async def load(**options: Any) -> DiffusersEngine:
    return await DiffusersEngine.load(configured(**options))


@pytest.fixture(scope="module")
def pipelines() -> Pipelines:
    return Pipelines(load_pipeline(configured()), configured())


@pytest.fixture
async def engine(pipelines: Pipelines) -> AsyncIterator[DiffusersEngine]:
    engine = DiffusersEngine(pipelines, configured())
    yield engine
    assert engine.num_unfinished() == 0
    await engine.close()


def call_of(operation: str, files: tuple[bytes, ...] = (), **body: Any) -> Call:
    body.setdefault("prompts", [{"positive": "a cat"}])
    return Call(operation, json.dumps(body).encode(), "req_1", files=files)


async def draw(
    engine: DiffusersEngine, operation: str = "generation", *files: bytes, **body: Any
) -> Reply:
    return await engine.run(call_of(operation, files, **body))


def pixels(file: bytes) -> Any:
    return np.asarray(Image.open(BytesIO(file)).convert("RGB")).astype(int)


def png(picture: Image.Image) -> bytes:
    file = BytesIO()
    picture.save(file, "PNG")
    return file.getvalue()


def photo(size: tuple[int, int] = (96, 64)) -> Image.Image:
    picture = Image.new("RGB", size, "navy")
    ImageDraw.Draw(picture).ellipse((10, 10, 40, 40), fill="orange")
    return picture


def half_mask(size: tuple[int, int] = (96, 64)) -> Image.Image:
    """White, to be drawn anew, in the right half."""
    mask = Image.new("L", size, 0)
    ImageDraw.Draw(mask).rectangle((size[0] // 2, 0, *size), fill=255)
    return mask


async def test_generation_draws_pictures_of_the_size(engine: DiffusersEngine) -> None:
    reply = await draw(engine, n=2, size="128x64")

    assert [Image.open(BytesIO(file)).size for file in reply.files] == [(128, 64)] * 2
    assert reply.usage.images == 2
    assert reply.usage.prompt_tokens == 2 + len("acat")  # bytes, a beginning and an end


async def test_seed_makes_the_same_file_alone_and_among_others(engine: DiffusersEngine) -> None:
    alone = await draw(engine, seed=7)
    second_of_two, *others = await asyncio.gather(
        draw(engine, seed=6, n=2), draw(engine), draw(engine), draw(engine, seed=9)
    )

    assert second_of_two.files[1] == alone.files[0]
    assert alone.files[0] not in {file for other in others for file in other.files}
    assert json.loads(second_of_two.body)["seeds"] == [6, 7]


async def test_without_a_seed_every_picture_is_another(engine: DiffusersEngine) -> None:
    reply = await draw(engine, n=3)

    assert len(set(reply.files)) == 3
    assert len(set(json.loads(reply.body)["seeds"])) == 3


@pytest.mark.parametrize(
    "change",
    [
        {"prompts": [{"positive": "a dog"}]},
        {"prompts": [{"positive": "a cat", "negative": "green"}]},
        {"step": 3},
        {"quality": "hd"},
        {"quality": 5},
        {"clip_skip": 1},
        {"seed": 8},
    ],
)
async def test_field_changes_the_picture(engine: DiffusersEngine, change: dict[str, Any]) -> None:
    plain = await draw(engine, seed=7)
    body: dict[str, Any] = {"seed": 7, **change}
    changed = await draw(engine, **body)

    assert plain.files != changed.files


@pytest.mark.parametrize("form", ["png", "jpeg", "webp"])
async def test_output_format_is_the_files(engine: DiffusersEngine, form: str) -> None:
    reply = await draw(engine, output_format=form, output_compression=100)

    assert Image.open(BytesIO(reply.files[0])).format == form.upper()


async def test_output_compression_makes_smaller_files(engine: DiffusersEngine) -> None:
    large = await draw(engine, seed=1, output_format="jpeg", output_compression=95)
    small = await draw(engine, seed=1, output_format="jpeg", output_compression=10)

    assert len(small.files[0]) < len(large.files[0])


async def test_image_to_image_begins_with_the_image(engine: DiffusersEngine) -> None:
    first = await draw(engine, "generation", png(photo()), seed=3)
    of_another = await draw(engine, "generation", png(Image.new("RGB", (96, 64), "white")), seed=3)

    assert pixels(first.files[0]).shape == (64, 96, 3)
    assert first.files != of_another.files


async def test_edit_with_a_mask_keeps_what_is_not_marked(engine: DiffusersEngine) -> None:
    reply = await draw(engine, "edit", png(photo()), png(half_mask()), seed=3)

    before, after = pixels(png(photo())), pixels(reply.files[0])
    assert (after[:, :48] == before[:, :48]).all()
    assert (after[:, 48:] != before[:, 48:]).any(axis=2).mean() > 0.9


async def test_edit_draws_where_the_mask_is_transparent(engine: DiffusersEngine) -> None:
    mask = Image.new("RGBA", (96, 64), "white")
    mask.paste((0, 0, 0, 0), (0, 0, 48, 64))

    reply = await draw(engine, "edit", png(photo()), png(mask), seed=3)

    before, after = pixels(png(photo())), pixels(reply.files[0])
    assert (after[:, 48:] == before[:, 48:]).all()
    assert (after[:, :48] != before[:, :48]).any()


async def test_edit_without_a_mask_draws_where_the_image_is_transparent(
    engine: DiffusersEngine,
) -> None:
    picture = photo().convert("RGBA")
    picture.paste((0, 0, 0, 0), (0, 0, 48, 64))

    reply = await draw(engine, "edit", png(picture), seed=3)

    assert (pixels(reply.files[0])[:, 48:] == pixels(png(photo()))[:, 48:]).all()


async def test_odd_sized_image_is_fitted_to_what_the_model_draws(engine: DiffusersEngine) -> None:
    reply = await draw(engine, "variation", png(photo((333, 90))), n=2)

    assert json.loads(reply.body)["size"] == "336x88"
    assert len(set(reply.files)) == 2


async def test_photo_is_turned_as_its_exif_says(engine: DiffusersEngine) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    file = BytesIO()
    photo().save(file, "JPEG", exif=exif)

    reply = await draw(engine, "edit", file.getvalue())

    assert json.loads(reply.body)["size"] == "64x96"


async def test_stream_shows_pictures_on_the_way_and_then_the_image(
    engine: DiffusersEngine,
) -> None:
    pieces = [
        piece async for piece in engine.stream(call_of("generation", step=8, partial_images=3))
    ]

    *shown, image, usage = pieces
    assert usage == Usage(prompt_tokens=6, images=1)
    facts = [json.loads(piece) for piece in [*shown, image] if isinstance(piece, bytes)]
    assert [fact.get("partial_image_index") for fact in facts] == [0, 1, 2, None]
    assert len({fact["b64_json"] for fact in facts}) == 4
    assert facts[-1]["size"] == "64x64"


async def test_stream_makes_the_image_that_the_whole_answer_has(engine: DiffusersEngine) -> None:
    import base64

    whole = await draw(engine, seed=5, step=4)
    call = call_of("generation", seed=5, step=4, partial_images=2)
    *_, image, _usage = [piece async for piece in engine.stream(call)]

    assert isinstance(image, bytes)
    assert base64.b64decode(json.loads(image)["b64_json"]) == whole.files[0]


async def test_client_that_leaves_stops_the_drawing() -> None:
    engine = await load(max_steps=10**6, default_size="256x256")
    long = asyncio.create_task(draw(engine, step=900))
    waiting = asyncio.create_task(draw(engine, step=900))
    await asyncio.wait({long, waiting}, timeout=0.5)  # one draws, one waits

    long.cancel()
    waiting.cancel()
    await asyncio.gather(long, waiting, return_exceptions=True)

    reply = await draw(engine, size="64x64")  # comes after them, in the same thread
    assert reply.files
    assert engine.num_unfinished() == 0
    await engine.close()


async def test_images_without_a_seed_share_a_pass() -> None:
    engine = await load(max_batch_size=4)
    passes: list[int] = []
    pipelines = engine._pipelines

    def counted(jobs: Sequence[Job]) -> list[Any]:
        passes.append(len(jobs))
        return pipelines.draw(jobs)

    engine._batches._draw = counted

    await asyncio.gather(draw(engine, n=3), draw(engine, n=2), draw(engine, size="128x64"))

    assert sorted(passes) == [1, 1, 4]
    await engine.close()


async def test_failure_reaches_the_request_and_not_the_next(engine: DiffusersEngine) -> None:
    pipelines = engine._pipelines

    def fail(_: Any) -> list[Any]:
        raise RuntimeError("kernel")

    engine._batches._draw = fail
    with pytest.raises(APIError) as raised:
        await draw(engine)
    engine._batches._draw = pipelines.draw

    assert raised.value.status == 500
    assert "req_1" in str(raised.value)
    assert (await draw(engine)).files


@pytest.mark.parametrize(
    ("change", "param", "says"),
    [
        ({"size": "65x64"}, "size", "multiples of 8 for this model, received '65x64'; the nearest"),
        ({"size": "8x64"}, "size", "from 64 to 1024"),
        ({"size": "1032x64"}, "size", "from 64 to 1024"),
        ({"step": 101}, "step", "from 1 to 100"),
        ({"quality": 0}, "quality", "from 1 to 100"),
        ({"clip_skip": 2}, "clip_skip", "from 0 to 1"),
    ],
)  # fmt: skip
async def test_what_the_model_cannot_do_is_refused(
    engine: DiffusersEngine, change: dict[str, Any], param: str, says: str
) -> None:
    with pytest.raises(InvalidRequestError) as raised:
        await draw(engine, **change)

    assert raised.value.param == param
    assert says in str(raised.value)


def bomb() -> bytes:
    return png(Image.new("1", (10_000, 10_000)))


@pytest.mark.parametrize(
    ("files", "param", "says"),
    [
        ((b"no picture",), "image", "PNG, JPEG and WebP"),
        ((b"<svg xmlns='http://www.w3.org/2000/svg'/>",), "image", "PNG, JPEG and WebP"),
        ((png(photo())[:200],), "image", "not a readable picture"),
        ((bomb(),), "image", "at most 40000000 pixels"),
        ((png(photo()), png(half_mask((64, 64)))), "mask", "the size of 'image', 96x64"),
        ((png(photo()), png(Image.new("L", (96, 64)))), "mask", "marks nothing"),
    ],
)
async def test_bad_upload_is_refused(
    engine: DiffusersEngine, files: tuple[bytes, ...], param: str, says: str
) -> None:
    with pytest.raises(InvalidRequestError) as raised:
        await draw(engine, "edit", *files)

    assert raised.value.param == param
    assert says in str(raised.value)


async def test_model_without_guidance_refuses_a_negative_prompt() -> None:
    engine = await load(pipeline_kwargs={"guidance_scale": 0.0})

    with pytest.raises(InvalidRequestError) as raised:
        await draw(engine, prompts=[{"positive": "a", "negative": "b"}])

    assert raised.value.param == "negative_prompt"
    await engine.close()


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"engine_kwargs": {"torch_dtyp": "float16"}}, "Did you mean 'torch_dtype'"),
        ({"engine_kwargs": {"torch_dtype": "float7"}}, "'float7' is not one of float16"),
        ({"pipeline_kwargs": {"guidance": 1}}, "Did you mean 'guidance_scale'"),
        ({"pipeline_kwargs": {"width": 1}}, "decided by each request"),
        ({"model": "embedded/nothing"}, "No model directory"),
        ({"model": "embedded/chat"}, "diffusers cannot load"),
        ({"device": "cuda:0"}, "torch sees no GPU"),
    ],
)
async def test_wrong_options_are_named(options: dict[str, Any], says: str) -> None:
    if "device" in options and torch.cuda.is_available():
        options = {"device": "cuda:99"}
        says = "diffusers cannot load"

    with pytest.raises(ModelLoadError) as raised:
        await load(**options)

    assert says in str(raised.value)
