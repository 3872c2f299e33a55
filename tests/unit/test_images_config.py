"""What the arguments of an image model are refused for, before anything is loaded."""

import pytest
from pydantic import ValidationError

from deployments.images.config import ImagesConfig
from deployments.images.job import Limits, make_jobs
from wire.bodies import ImagePrompt, ImagesBody


@pytest.mark.parametrize("size", ["8x8", "512x63", "1032x512", "0x64", "64"])
def test_default_size_that_no_request_may_ask_for_is_refused(size: str) -> None:
    with pytest.raises(ValidationError, match="default_size"):
        ImagesConfig(model_id="draw", model="embedded/images", default_size=size)


def test_native_pixels_fewer_than_the_smallest_picture_are_refused() -> None:
    with pytest.raises(ValidationError, match="native_pixels"):
        ImagesConfig(model_id="draw", model="embedded/images", native_pixels=63 * 64)


@pytest.mark.parametrize(
    ("size", "drawn"),
    [
        ("128x128", (128, 128)),
        ("256x256", (128, 128)),
        ("64x64", (128, 128)),
        ("1792x1024", (168, 96)),
        ("1024x1536", (104, 160)),
        ("1023x1025", (128, 128)),
        ("64x1792", (24, 680)),
    ],
)
def test_image_is_drawn_with_as_many_pixels_as_the_model_knows(
    size: str, drawn: tuple[int, int]
) -> None:
    config = ImagesConfig(
        model_id="draw", model="embedded/images", native_pixels=128 * 128, max_edge=1792
    )
    body = ImagesBody(prompts=[ImagePrompt(positive="a cat")], size=size)

    (job,) = make_jobs(body, config, Limits(multiple=8, max_clip_skip=None))

    assert f"{job.size[0]}x{job.size[1]}" == size
    assert (job.drawing.width, job.drawing.height) == drawn
