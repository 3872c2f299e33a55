"""Opens uploaded pictures in bounded memory.

Only the formats that are asked for are tried, and the announced size is looked at before the
pixels are.
"""

import struct
import warnings
import zlib
from collections.abc import Callable
from io import BytesIO

from PIL import ExifTags, Image

from wire.errors import InvalidRequestError

UNREADABLE = (
    OSError,
    ValueError,
    TypeError,
    AttributeError,
    SyntaxError,
    EOFError,
    LookupError,
    OverflowError,
    MemoryError,
    struct.error,
    zlib.error,
    Image.DecompressionBombWarning,
)
"""What Pillow raises for files that are broken, on purpose or not."""

UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""What turns a picture upright, by its EXIF orientation."""

WHITE_16, WHITE_8 = 65535, 255

CheckPixels = Callable[[int, int], None]
"""Takes width and height, and raises if that is too much."""


def read_rgba(data: bytes, formats: tuple[str, ...], check_pixels: CheckPixels) -> Image.Image:
    """Return a picture, of several the first, with transparency and upright by its EXIF data.

    Raises:
        InvalidRequestError: it is of none of the formats, or is damaged. It names no parameter.
    """
    return _read(data, formats, check_pixels, lambda picture: picture.convert("RGBA"))


def read_rgb(data: bytes, formats: tuple[str, ...], check_pixels: CheckPixels) -> Image.Image:
    """Return a picture as ``read_rgba`` does, on white where it is transparent."""
    return _read(data, formats, check_pixels, _on_white)


def opaque(picture: Image.Image) -> Image.Image:
    """Return a picture of mode RGBA on white."""
    white = Image.new("RGBA", picture.size, "white")
    return Image.alpha_composite(white, picture).convert("RGB")


def _read(
    data: bytes,
    formats: tuple[str, ...],
    check_pixels: CheckPixels,
    convert: Callable[[Image.Image], Image.Image],
) -> Image.Image:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            picture = Image.open(BytesIO(data), formats=formats)
            check_pixels(*picture.size)
            # Not by ImageOps.exif_transpose: it writes all tags again and fails at odd ones.
            turn = UPRIGHT.get(picture.getexif().get(ExifTags.Base.Orientation, 1))
            converted = convert(_eight_bits(picture))
            upright = converted if turn is None else converted.transpose(turn)
            upright.info.clear()  # libraries would turn it again
            return upright
    except Image.DecompressionBombError as error:
        raise InvalidRequestError("it has far too many pixels") from error
    except UNREADABLE as error:
        names = ", ".join(formats[:-1]) + f" and {formats[-1]}"
        raise InvalidRequestError(
            f"it is not a readable picture; allowed are {names.replace('WEBP', 'WebP')}"
        ) from error


def _on_white(picture: Image.Image) -> Image.Image:
    if not picture.has_transparency_data:
        return picture.convert("RGB")
    return opaque(picture.convert("RGBA"))


def _eight_bits(picture: Image.Image) -> Image.Image:
    """Return a grey picture of 16 bits with 8, which Pillow would cut off instead of scaling."""
    if not picture.mode.startswith("I"):
        return picture
    scaled = picture.convert("I").point(lambda value: value * (WHITE_8 / WHITE_16))
    return scaled.convert("L")
