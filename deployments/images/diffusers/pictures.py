"""Pictures in and out: what clients upload to Pillow's images, Pillow's images to files."""

import math
from collections.abc import Sequence
from io import BytesIO
from typing import Literal

from PIL import Image, ImageOps

from deployments.pictures import opaque, read_rgba
from wire.errors import InvalidRequestError
from wire.limits import MAX_PICTURE_PIXELS

FORMATS = ("PNG", "JPEG", "WEBP")
HALF = 128

OutputFormat = Literal["png", "jpeg", "webp"]


def read_picture(data: bytes, param: str) -> Image.Image:
    """Return an upload as RGBA, upright by its EXIF data.

    Raises:
        InvalidRequestError: it is no picture, or too large a one.
    """
    try:
        return read_rgba(data, FORMATS, _check_pixels)
    except InvalidRequestError as error:
        raise InvalidRequestError(f"Invalid '{param}': {error}.", param) from error


def mask_of(picture: Image.Image) -> Image.Image | None:
    """Return where a picture is entirely transparent, as white on black; None: nowhere."""
    alpha = picture.getchannel("A")
    if alpha.getextrema()[0] != 0:
        return None
    return alpha.point([255] + [0] * 255)


def read_mask(data: bytes, size: tuple[int, int], param: str) -> Image.Image:
    """Return a mask as white, to be drawn anew, on black, to be kept.

    A mask with transparent pixels means those, as OpenAI has it; any other its light ones.

    Raises:
        InvalidRequestError: it is no picture of this size, or marks nothing.
    """
    picture = read_picture(data, param)
    if picture.size != size:
        raise InvalidRequestError(
            f"Invalid '{param}': it must have the size of 'image', {_text(size)}, "
            f"received {_text(picture.size)}.",
            param,
        )
    mask = mask_of(picture)
    if mask is None:
        mask = picture.convert("L").point([0] * HALF + [255] * HALF)
    if mask.getextrema()[1] == 0:
        raise InvalidRequestError(
            f"Invalid '{param}': it marks nothing to draw; mark it transparent or white.", param
        )
    return mask


def join_pictures(files: Sequence[bytes], param: str, max_edge: int) -> Image.Image:
    """Return uploads as one opaque picture of at most ``max_edge``: a grid, read line by line.

    Each has a cell with the proportions of the first. One after the other is decoded.

    Raises:
        InvalidRequestError: one is no picture, or too large a one.
    """
    columns = math.ceil(math.sqrt(len(files)))
    rows = math.ceil(len(files) / columns)
    joined, cell = None, (0, 0)
    for index, file in enumerate(files):
        picture = opaque(read_picture(file, f"{param}[{index}]"))
        if joined is None:
            scale = min(1, max_edge / max(picture.width * columns, picture.height * rows))
            cell = max(1, int(picture.width * scale)), max(1, int(picture.height * scale))
            joined = Image.new("RGB", (cell[0] * columns, cell[1] * rows), "white")
        fitted = ImageOps.pad(picture, cell, Image.Resampling.LANCZOS, color="white")
        joined.paste(fitted, (index % columns * cell[0], index // columns * cell[1]))
    assert joined is not None
    return joined.convert("RGBA")


def resize(picture: Image.Image, size: tuple[int, int]) -> Image.Image:
    """Return a picture in another size."""
    return picture if picture.size == size else picture.resize(size, Image.Resampling.LANCZOS)


def resize_mask(mask: Image.Image, size: tuple[int, int]) -> Image.Image:
    """Return a mask in another size, still black and white: white where any of it was."""
    if mask.size == size:
        return mask
    return mask.resize(size, Image.Resampling.BOX).point([0] + [255] * 255)


def restore_outside(mask: Image.Image, drawn: Image.Image, source: Image.Image) -> Image.Image:
    """Return what was drawn where the mask is white, and the source elsewhere."""
    return Image.composite(drawn, source, mask)


def encode(picture: Image.Image, form: OutputFormat, compression: int) -> bytes:
    """Return a picture's file. The same picture makes the same bytes."""
    file = BytesIO()
    rgb = picture.convert("RGB")
    if form == "png":
        rgb.save(file, "PNG", compress_level=6)
    else:
        rgb.save(file, form.upper(), quality=compression)
    return file.getvalue()


def _check_pixels(width: int, height: int) -> None:
    if width * height > MAX_PICTURE_PIXELS:
        raise InvalidRequestError(
            f"at most {MAX_PICTURE_PIXELS} pixels are allowed, received {_text((width, height))}"
        )


def _text(size: tuple[int, int]) -> str:
    return f"{size[0]}x{size[1]}"
