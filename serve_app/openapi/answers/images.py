"""Answers of the image routes."""

from typing import Literal

from serve_app.openapi.answers.common import Absent, Answer

OutputFormat = Literal["png", "jpeg", "webp"]


class ImageTokens(Answer):
    """Tokens of the prompt."""

    text_tokens: int
    image_tokens: int


class ImageUsage(Answer):
    """Tokens that the text encoder read; a diffusion model makes none."""

    input_tokens: int
    input_tokens_details: ImageTokens
    output_tokens: int
    total_tokens: int


class Image(Answer):
    """An image, under a URL or in base64."""

    url: str | Absent = None
    """Needs no key, and expires."""
    b64_json: str | Absent = None
    index: int
    seed: int
    """With this seed, the same request makes this image again."""


class ImageList(Answer):
    """The images."""

    created: int
    id: str
    data: list[Image]
    background: Literal["opaque"]
    output_format: OutputFormat
    size: str
    usage: ImageUsage


class ImageEvent(Answer):
    """What both events of a stream have."""

    created_at: int
    b64_json: str
    size: str
    quality: str
    background: Literal["opaque"]
    output_format: OutputFormat


class PartialImage(ImageEvent):
    """A picture on the way."""

    type: Literal["image_generation.partial_image", "image_edit.partial_image"]
    partial_image_index: int


class CompletedImage(ImageEvent):
    """The image."""

    type: Literal["image_generation.completed", "image_edit.completed"]
    seed: int
    usage: ImageUsage


ImageStreamEvent = PartialImage | CompletedImage
