# pyright: standard
"""Decodes pictures and recordings in a conversation for vLLM, within limits.

Replaces vLLM's own reader of media, which would try dozens of formats and let FFmpeg open what a
file refers to. The bytes are untrusted, and nothing is fetched.
"""

import os
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from typing import Any, TypeVar

import numpy as np
import pybase64
from numpy.typing import NDArray
from PIL import Image
from pydantic_core import from_json
from vllm.config import ModelConfig
from vllm.entrypoints.serve.engine.protocol import ErrorInfo
from vllm.exceptions import VLLMValidationError
from vllm.multimodal import MULTIMODAL_REGISTRY
from vllm.multimodal.media import MEDIA_CONNECTOR_REGISTRY, MediaWithBytes

from deployments.chat.config import ChatConfig
from deployments.chat.vllm.causes import clean_message
from deployments.decoding import SAMPLE_RATE, decode
from deployments.pictures import read_rgb
from deployments.samples import to_float
from deployments.threads import Cancelled, WorkerThreads
from wire.errors import InvalidRequestError, ModelLoadError

T = TypeVar("T")

NAME = "homeport"
os.environ["VLLM_MEDIA_CONNECTOR"] = NAME  # the only way in which vLLM takes another reader

FORMATS = ("PNG", "JPEG", "WEBP", "GIF")
"""OpenAI's and Anthropic's."""

NUM_THREADS = 4
"""Files that are decoded at once: a large picture takes half a second and as many megabytes."""

MIN_AUDIO_S = 0.1
"""OpenAI's minimum. Models fail on less, each in its own way."""

MODALITIES = {"image_url": "image", "input_audio": "audio", "audio_url": "audio"}
"""Part of a message → vLLM's name of its modality."""

PROCESSOR_FAILED = "Failed to apply "
"""The beginning of vLLM's error when a model's own code cannot prepare its input."""

EITHER = "vision_chunk"
"""vLLM's name of pictures for models that read videos as pictures."""


class Media:
    """What a replica reads of the media in its requests."""

    def __init__(self, config: ChatConfig) -> None:
        self.max_image_pixels = config.max_image_pixels
        self.max_request_pixels = config.max_request_pixels
        self.max_audio_s = config.max_audio_s
        self.threads = WorkerThreads(NUM_THREADS)

    def begin(self, body: bytes) -> None:
        """Set the request whose media vLLM reads in this task from now on."""
        current.set(RequestMedia(self, body))


class RequestMedia:
    """Decodes the media of one request. Takes the place of vLLM's ``MediaConnector``."""

    def __init__(self, media: Media, body: bytes) -> None:
        self._media = media
        self._body = body
        self._num_pixels = 0

    def begin_again(self) -> None:
        """Count the pictures from the beginning: vLLM reads the same ones once more."""
        self._num_pixels = 0

    async def fetch_image_async(self, image_url: str) -> MediaWithBytes[Image.Image]:
        """Return the picture in a data URL, of several the first, on white."""
        return await self._read(image_url, self._picture)

    async def fetch_audio_async(self, audio_url: str) -> tuple[NDArray[np.float32], int]:
        """Return the audio of a data URL in the format of models."""
        return await self._read(audio_url, self._sound)

    async def _read(self, url: str, read: Callable[[bytes, Cancelled], T]) -> T:
        start, _, data = url.rpartition(",")

        def work(cancelled: Cancelled) -> T:
            if not start.startswith("data:") or not start.endswith(";base64"):
                raise InvalidRequestError("it must be a data URL in base64")
            return read(_decode_base64(data), cancelled)

        try:
            return await self._media.threads.run(work)
        except InvalidRequestError as error:
            place = _place_of(url, self._body)
            reason = error.message.removeprefix("'file': ").removesuffix(".")
            raise VLLMValidationError(f"Invalid '{place}': {reason}.", parameter=place) from error

    def _picture(self, data: bytes, _: Cancelled) -> MediaWithBytes[Image.Image]:
        return MediaWithBytes(read_rgb(data, FORMATS, self._check_pixels), data)

    def _sound(self, data: bytes, cancelled: Cancelled) -> tuple[NDArray[np.float32], int]:
        sound = decode(data, self._media.max_audio_s, cancelled)
        if len(sound) < MIN_AUDIO_S * SAMPLE_RATE:
            raise InvalidRequestError(f"it is shorter than {MIN_AUDIO_S} seconds")
        return to_float(sound), SAMPLE_RATE

    def _check_pixels(self, width: int, height: int) -> None:
        if width * height > self._media.max_image_pixels:
            raise InvalidRequestError(
                f"at most {self._media.max_image_pixels} pixels are allowed, "
                f"received {width}x{height}"
            )
        self._num_pixels += width * height
        if self._num_pixels > self._media.max_request_pixels:
            raise InvalidRequestError(
                f"the pictures of a request may have {self._media.max_request_pixels} pixels "
                "together"
            )


current: ContextVar[RequestMedia] = ContextVar("current")
"""The media of the request that vLLM reads."""


@MEDIA_CONNECTOR_REGISTRY.register(NAME)  # type: ignore[type-var]
def _of_current_request(**_: Any) -> RequestMedia:
    return current.get()


def check_input_parts(config: ChatConfig, model: ModelConfig) -> None:
    """Check that the model reads the parts that the operator configured.

    Raises:
        ModelLoadError: it does not.
    """
    wanted = [part for part in config.input_parts if part in MODALITIES]
    if not wanted:
        return
    reads: dict[str, int] = {}
    if model.is_multimodal_model:
        reads = dict(MULTIMODAL_REGISTRY.get_processing_info(model).allowed_mm_limits)
        reads["image"] = reads.get("image") or reads.get(EITHER, 0)
    for part in wanted:
        if not reads.get(MODALITIES[part]):
            known = ", ".join(sorted(name for name, limit in reads.items() if limit)) or "only text"
            raise ModelLoadError(
                f"input_parts names '{part}', which '{config.model}' does not read; vLLM says that "
                f"it reads: {known}."
            )


def translate_error(error: ErrorInfo, prompt: str) -> tuple[str, str | None]:
    """Return vLLM's message for a refused request, and the field that it is about.

    ``prompt`` is the field with the conversation, for which vLLM reports too many "images".
    """
    message = clean_message(error.message)
    if message.startswith(PROCESSOR_FAILED):
        # The rest is how the library was called.
        return "A picture or recording has a shape that the model does not take.", prompt
    message = message.replace("Set `--limit-mm-per-prompt` to increase this limit.", "").strip()
    return message, prompt if error.param in MODALITIES.values() else error.param


def media_limits(config: ChatConfig) -> dict[str, Any]:
    """Return vLLM's options by which a model reserves no memory for media that it does not read."""
    read = {MODALITIES[part] for part in config.input_parts if part in MODALITIES}
    limits = dict.fromkeys(sorted({"image", "audio", "video"} - read), 0)
    own = config.engine_kwargs.get("limit_mm_per_prompt", {})
    return {"limit_mm_per_prompt": limits | own if isinstance(own, dict) else own}


def _decode_base64(data: str) -> bytes:
    try:
        decoded = pybase64.b64decode(data, validate=True)
    except ValueError:
        decoded = b""
    if not decoded:
        raise InvalidRequestError("it must be a file in base64")
    return decoded


def _place_of(url: str, body: bytes) -> str:
    """Return the part that has this data URL, or what is in it, as the client would name it."""
    data = url.rpartition(",")[2]
    read = from_json(body)
    for name in ("messages", "input"):
        # Earlier turns of a conversation come before what the client sent.
        for path, value in _texts(read.get(name), name, read.get("num_before", 0)):
            if value == url or (data and value.endswith(data)):
                return path.removesuffix(".url").removesuffix(".data")
    return next(name for name in ("messages", "input") if name in read)


def _texts(value: Any, path: str, before: int = 0) -> Iterator[tuple[str, str]]:
    """Return all texts at any depth, with their paths."""
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, dict):
        for name, each in value.items():
            yield from _texts(each, f"{path}.{name}")
    elif isinstance(value, list):
        for index, each in enumerate(value[before:]):
            yield from _texts(each, f"{path}[{index}]")
