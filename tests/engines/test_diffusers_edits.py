"""Image to image, masks and uploads on the embedded pipeline."""

import json
import struct
from collections.abc import AsyncIterator
from io import BytesIO

import pytest
from PIL import Image

from deployments.images.diffusers.drawing import Pipelines
from deployments.images.diffusers.engine import DiffusersEngine
from deployments.images.diffusers.loading import load_pipeline
from deployments.images.diffusers.pictures import join_pictures
from tests.engines.drawing import configure, draw, half_mask, photo, pixels, png
from wire.calls import Operation
from wire.errors import InvalidRequestError
from wire.limits import MAX_PICTURE_PIXELS


@pytest.fixture(scope="module")
def pipelines() -> Pipelines:
    return Pipelines(load_pipeline(configure()), configure())


@pytest.fixture
async def engine(pipelines: Pipelines) -> AsyncIterator[DiffusersEngine]:
    engine = DiffusersEngine(pipelines, configure())
    yield engine
    assert engine.num_unfinished() == 0
    await engine.close()


async def test_image_to_image_begins_with_the_image(engine: DiffusersEngine) -> None:
    first = await draw(engine, Operation.IMAGE_GENERATION, png(photo()), seed=3)
    of_another = await draw(
        engine, Operation.IMAGE_GENERATION, png(Image.new("RGB", (96, 64), "white")), seed=3
    )

    assert pixels(first.files[0]).shape == (64, 96, 3)
    assert first.files != of_another.files


async def test_edit_with_a_mask_keeps_what_is_not_marked(engine: DiffusersEngine) -> None:
    reply = await draw(engine, Operation.IMAGE_EDIT, png(photo()), png(half_mask()), seed=3)

    before, after = pixels(png(photo())), pixels(reply.files[0])
    assert (after[:, :48] == before[:, :48]).all()
    assert (after[:, 48:] != before[:, 48:]).any(axis=2).mean() > 0.9


async def test_edit_draws_where_the_mask_is_transparent(engine: DiffusersEngine) -> None:
    mask = Image.new("RGBA", (96, 64), "white")
    mask.paste((0, 0, 0, 0), (0, 0, 48, 64))

    reply = await draw(engine, Operation.IMAGE_EDIT, png(photo()), png(mask), seed=3)

    before, after = pixels(png(photo())), pixels(reply.files[0])
    assert (after[:, 48:] == before[:, 48:]).all()
    assert (after[:, :48] != before[:, :48]).any()


async def test_edit_without_a_mask_draws_where_the_image_is_transparent(
    engine: DiffusersEngine,
) -> None:
    picture = photo().convert("RGBA")
    picture.paste((0, 0, 0, 0), (0, 0, 48, 64))

    reply = await draw(engine, Operation.IMAGE_EDIT, png(picture), seed=3)

    assert (pixels(reply.files[0])[:, 48:] == pixels(png(photo()))[:, 48:]).all()


@pytest.mark.parametrize(
    "operation", [Operation.IMAGE_GENERATION, Operation.IMAGE_EDIT, Operation.IMAGE_VARIATION]
)
async def test_one_step_is_enough_to_leave_an_image(
    engine: DiffusersEngine, operation: Operation
) -> None:
    assert (await draw(engine, operation, png(photo()), step=1)).files


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "I;16", "RGBA"])
async def test_picture_of_any_mode_is_read(engine: DiffusersEngine, mode: str) -> None:
    assert (await draw(engine, Operation.IMAGE_VARIATION, png(Image.new(mode, (64, 64))))).files


async def test_odd_sized_image_is_fitted_to_what_the_model_draws(engine: DiffusersEngine) -> None:
    reply = await draw(engine, Operation.IMAGE_VARIATION, png(photo((333, 90))), n=2)

    assert json.loads(reply.body)["size"] == "336x88"
    assert len(set(reply.files)) == 2


async def test_photo_is_turned_as_its_exif_says(engine: DiffusersEngine) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    file = BytesIO()
    photo().save(file, "JPEG", exif=exif)

    reply = await draw(engine, Operation.IMAGE_EDIT, file.getvalue())

    assert json.loads(reply.body)["size"] == "64x96"


def with_exif(*tags: tuple[int, int, int, int]) -> bytes:
    """Return a photo with these tags: their number, type, count and value."""
    entries = b"".join(struct.pack("<HHII", *tag) for tag in tags)
    exif = b"Exif\0\0II*\0" + struct.pack("<IH", 8, len(tags)) + entries + bytes(4)
    file = BytesIO()
    photo().save(file, "JPEG", exif=exif)
    return file.getvalue()


ASCII, SHORT, FLOAT = 2, 3, 11


@pytest.mark.parametrize(
    ("tags", "size"),
    [
        # A description that is a number, which Pillow cannot write again.
        ([(0x010E, FLOAT, 1, 5), (0x0112, SHORT, 1, 6)], "64x96"),
        ([(0x0112, SHORT, 1, 9)], "96x64"),
        ([(0x0112, ASCII, 4, 0x36363636)], "96x64"),
    ],
)
async def test_photo_with_odd_exif_is_read(
    engine: DiffusersEngine, tags: list[tuple[int, int, int, int]], size: str
) -> None:
    reply = await draw(engine, Operation.IMAGE_EDIT, with_exif(*tags))

    assert json.loads(reply.body)["size"] == size


@pytest.mark.parametrize("error", [TypeError, AttributeError, KeyError])
async def test_photo_whose_exif_cannot_be_read_is_refused(
    engine: DiffusersEngine, monkeypatch: pytest.MonkeyPatch, error: type[Exception]
) -> None:
    def fail(_: Image.Image) -> None:
        raise error("odd")

    monkeypatch.setattr(Image.Image, "getexif", fail)

    with pytest.raises(InvalidRequestError, match="not a readable picture"):
        await draw(engine, Operation.IMAGE_EDIT, png(photo()))


def bomb() -> bytes:
    return png(Image.new("1", (10_000, 10_000)))


@pytest.mark.parametrize(
    ("files", "param", "says"),
    [
        ((b"no picture",), "image", "PNG, JPEG and WebP"),
        ((b"<svg xmlns='http://www.w3.org/2000/svg'/>",), "image", "PNG, JPEG and WebP"),
        ((png(photo())[:200],), "image", "not a readable picture"),
        ((bomb(),), "image", f"at most {MAX_PICTURE_PIXELS} pixels"),
        ((png(photo()), png(half_mask((64, 64)))), "mask", "the size of 'image', 96x64"),
        ((png(photo()), png(Image.new("L", (96, 64)))), "mask", "marks nothing"),
    ],
)
async def test_bad_upload_is_refused(
    engine: DiffusersEngine, files: tuple[bytes, ...], param: str, says: str
) -> None:
    with pytest.raises(InvalidRequestError) as raised:
        await draw(engine, Operation.IMAGE_EDIT, *files)

    assert raised.value.param == param
    assert says in str(raised.value)


async def test_edit_of_several_images_begins_with_all_of_them(engine: DiffusersEngine) -> None:
    white = Image.new("RGB", (96, 64), "white")

    async def edit(*pictures: Image.Image) -> bytes:
        files = [png(picture) for picture in pictures]
        body = {"seed": 3, "strength": 0.3, "num_sources": len(files)}
        return (await draw(engine, Operation.IMAGE_EDIT, *files, **body)).files[0]

    both, turned = await edit(photo(), white), await edit(white, photo())

    assert pixels(both).shape[1] > pixels(both).shape[0]
    assert both != turned
    assert both != await edit(photo(), photo())


def test_pictures_are_joined_line_by_line_in_the_proportions_of_the_first() -> None:
    colors = ("red", "lime", "blue")
    files = [png(Image.new("RGB", (40, 20), color)) for color in colors]
    tall = png(Image.new("RGBA", (10, 100), (0, 0, 0, 0)))

    joined = join_pictures([*files, tall], "image", 60).convert("RGB")

    assert joined.size == (60, 30)
    centers = [joined.getpixel(place) for place in ((15, 7), (45, 7), (15, 22), (45, 22))]
    assert centers == [(255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255)]


def test_picture_that_cannot_be_read_is_named_by_its_index() -> None:
    with pytest.raises(InvalidRequestError, match=r"image\[1\]"):
        join_pictures([png(photo()), b"no picture"], "image", 100)
