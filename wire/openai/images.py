"""Request types of images. Reference: https://platform.openai.com/docs/api-reference/images."""

from typing import Annotated, Literal, cast

from pydantic import BeforeValidator, Field, model_validator

from wire.answers import Answer, Omittable
from wire.errors import InvalidRequestError
from wire.hints import OF_IMAGES
from wire.limits import MAX_IMAGE_PROMPT_CHARS, MAX_IMAGES
from wire.requests import Matching, ModelRequest, type_of

MAX_SEED = 2**63 - 1
MAX_MODE = 2

QUALITIES = ("auto", "low", "medium", "standard", "high", "hd", "xhigh", "max")

UNSUPPORTED = {
    "frame_count": "no model here draws animations",
    "frame_duration_ms": "no model here draws animations",
    "svg": "no model here draws SVG",
    "markup": "say in 'prompt' what to change, and in 'mask' where",
    "ref_images": "send one image as 'file'",
    "files": "send one image as 'file'",
    "images": "send one image as a file of the form",
}


def _auto_is_none(value: object) -> object:
    return None if value in ("auto", "") else value


def _quality(value: object) -> object:
    """Validate a quality: a name or a number of steps."""
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 10:
        return int(value)
    if isinstance(value, bool) or not (value is None or isinstance(value, int | str)):
        raise ValueError("must be a name or a number of steps")
    if isinstance(value, str) and value not in QUALITIES:
        raise ValueError(f"must be one of {', '.join(QUALITIES)}, or a number of steps")
    return value


SIZE = Matching(
    r"[1-9][0-9]{0,4}x[1-9][0-9]{0,4}",
    "the width and the height in pixels, such as '512x512', or 'auto'",
)
OutputFormat = Literal["png", "jpeg", "webp"]
QualityName = Literal["low", "medium", "high", "xhigh", "max"]
"""OpenAI's names of today; requests may have older ones."""
ResponseFormat = Annotated[Literal["url", "b64_json"] | None, BeforeValidator(type_of)]
Size = Annotated[
    Annotated[str, SIZE] | None,
    BeforeValidator(_auto_is_none),
]


def name_quality(quality: str | int | None) -> QualityName | None:
    """Return OpenAI's name of a request's quality; None: it is a number of steps."""
    if isinstance(quality, int):
        return None
    if quality == "hd":
        return "high"
    return "medium" if quality in (None, "auto", "standard") else cast("QualityName", quality)


class ImageRequest(ModelRequest):
    """Fields of all requests for images."""

    hints = OF_IMAGES

    n: int | None = Field(default=None, ge=1, le=MAX_IMAGES)
    size: Size = None
    response_format: ResponseFormat = None
    user: str | None = None
    safety_identifier: str | None = None
    step: int | None = Field(default=None, ge=1)
    seed: int | None = Field(default=None, ge=-1, le=MAX_SEED)
    quality: Annotated[str | int | None, BeforeValidator(_quality)] = None
    output_format: OutputFormat | None = None
    output_compression: int | None = Field(default=None, ge=0, le=100)
    strength: float | None = Field(default=None, ge=0.01, le=1)
    background: Literal["auto", "opaque"] | None = None
    """No model draws transparency."""
    moderation: Literal["auto", "low"] | None = None
    style: Literal["vivid", "natural"] | None = None
    input_fidelity: Literal["low", "high"] | None = None
    complexity: Literal["low", "medium", "high"] | None = None

    @model_validator(mode="after")
    def _refuse_unsupported(self) -> "ImageRequest":
        extra = self.model_extra or {}
        for name, reason in UNSUPPORTED.items():
            if extra.get(name) not in (None, "", []):
                raise InvalidRequestError(f"'{name}' is not supported: {reason}.", name)
        compression = self.output_compression
        if compression not in (None, 100) and self.output_format in (None, "png"):
            raise InvalidRequestError(
                "'output_compression' is for the formats jpeg and webp.", "output_compression"
            )
        return self


class DrawnImageRequest(ImageRequest):
    """A request for images from a prompt."""

    prompt: str | list[str]
    negative_prompt: Annotated[str, Field(max_length=MAX_IMAGE_PROMPT_CHARS)] | None = None
    clip_skip: int | None = Field(default=None, ge=0)
    mode: int | None = Field(default=None, ge=0, le=MAX_MODE)
    stream: bool | None = None
    partial_images: int | None = Field(default=None, ge=0, le=3)

    @property
    def prompts(self) -> list[str]:
        """The prompts, each of which gets ``n`` images."""
        return [self.prompt] if isinstance(self.prompt, str) else self.prompt

    @property
    def num_images(self) -> int:
        """The number of requested images."""
        return (self.n or 1) * len(self.prompts)

    @model_validator(mode="after")
    def _check_combinations(self) -> "DrawnImageRequest":
        _check_prompts(self.prompts)
        if self.num_images > MAX_IMAGES:
            raise InvalidRequestError(
                f"'n' times the prompts makes {self.num_images} images; "
                f"at most {MAX_IMAGES} are allowed.",
                "n",
            )
        if not self.stream:
            if self.partial_images:
                raise InvalidRequestError(
                    "'partial_images' needs 'stream': true.", "partial_images"
                )
        elif self.num_images != 1:
            raise InvalidRequestError(
                f"'n': a stream carries one image, {self.num_images} are asked for.", "n"
            )
        elif self.response_format == "url":
            raise InvalidRequestError(
                "'response_format' of a stream can only be b64_json.", "response_format"
            )
        return self


class ImageGenerationRequest(DrawnImageRequest):
    """POST /v1/images/generations."""

    file: str | None = None
    """LocalAI's field: the initial image, as base64, a data URL, or a URL of an allowed host."""

    @model_validator(mode="after")
    def _check_strength(self) -> "ImageGenerationRequest":
        if self.strength is not None and not self.file:
            raise InvalidRequestError("'strength' needs an image in 'file'.", "strength")
        return self


class ImageEditRequest(DrawnImageRequest):
    """POST /v1/images/edits: the fields of the form without ``image`` and ``mask``."""


class ImageVariationRequest(ImageRequest):
    """POST /v1/images/variations: the fields of the form without ``image``."""

    stream: bool | None = None

    @model_validator(mode="after")
    def _refuse_stream(self) -> "ImageVariationRequest":
        if self.stream:
            raise InvalidRequestError("'stream': variations are not streamed.", "stream")
        return self


class ImageInputTokensDetails(Answer):
    """Tokens of the prompt."""

    text_tokens: int
    image_tokens: int = 0


class ImageUsage(Answer):
    """Tokens that the text encoder read; a diffusion model makes none."""

    input_tokens: int
    input_tokens_details: ImageInputTokensDetails
    output_tokens: int = 0
    total_tokens: int


class Image(Answer):
    """An image, under a URL or in base64."""

    url: Omittable[str] = None
    """Needs no key, and expires."""
    b64_json: Omittable[str] = None
    index: int
    seed: int
    """With this seed, the same request makes this image again."""


class ImagesResponse(Answer):
    """The images."""

    created: int
    id: str
    data: list[Image]
    background: Literal["opaque"] = "opaque"
    output_format: OutputFormat
    quality: Omittable[QualityName] = None
    """Absent where the request has a number of steps."""
    size: str
    usage: ImageUsage


class ImageEvent(Answer):
    """The fields of both events of a stream."""

    created_at: int
    b64_json: str
    size: str
    quality: QualityName | Literal["auto"]
    background: Literal["opaque"] = "opaque"
    output_format: OutputFormat


class PartialImageEvent(ImageEvent):
    """An intermediate image."""

    type: Literal["image_generation.partial_image", "image_edit.partial_image"]
    partial_image_index: int


class CompletedImageEvent(ImageEvent):
    """The image."""

    type: Literal["image_generation.completed", "image_edit.completed"]
    seed: int
    usage: ImageUsage


ImageStreamEvent = PartialImageEvent | CompletedImageEvent


def _check_prompts(prompts: list[str]) -> None:
    if not prompts:
        raise InvalidRequestError("'prompt' must not be an empty list.", "prompt")
    for prompt in prompts:
        if not prompt.partition("|")[0].strip():
            raise InvalidRequestError("'prompt' must say something.", "prompt")
        if len(prompt) > MAX_IMAGE_PROMPT_CHARS:
            raise InvalidRequestError(
                f"'prompt' may have {MAX_IMAGE_PROMPT_CHARS} characters, received {len(prompt)}.",
                "prompt",
            )
