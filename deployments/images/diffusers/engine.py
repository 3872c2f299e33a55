"""The diffusers engine: image requests as bytes in, image files out.

One thread draws, others decode uploads and encode answers meanwhile.
"""

import asyncio
import base64
from collections.abc import AsyncGenerator, Sequence
from contextlib import suppress
from typing import Any, ClassVar

import torch
from pydantic_core import to_json

from deployments.base import OperationEngine
from deployments.images.config import ImagesConfig
from deployments.images.diffusers.drawing import Pipelines
from deployments.images.diffusers.loading import load_pipeline
from deployments.images.diffusers.pictures import (
    encode,
    join_pictures,
    mask_of,
    read_mask,
    read_picture,
    resize,
    resize_mask,
)
from deployments.images.image_queue import ImageQueue
from deployments.images.job import Job, make_jobs
from deployments.pictures import opaque
from deployments.threads import WorkerThreads
from wire.bodies import ImagePrompt, ImagesBody
from wire.calls import Call, Operation, Reply, Usage
from wire.errors import (
    APIError,
    InvalidRequestError,
    ModelLoadError,
    ModelUnavailableError,
    internal_error,
)
from wire.logging import get_logger

logger = get_logger(__name__)

CODEC_THREADS = 2
"""Each holds a decoded upload, up to 160 MB."""


class DiffusersEngine(OperationEngine):
    """A loaded image model."""

    def __init__(self, pipelines: Pipelines, config: ImagesConfig) -> None:
        self.pipelines = pipelines
        self._config = config
        self.queue = ImageQueue(pipelines.draw, config.max_batch_size)
        self._codecs = WorkerThreads(CODEC_THREADS)
        self._broken: Exception | None = None

    @classmethod
    async def load(cls, config: ImagesConfig) -> "DiffusersEngine":
        """Load the pipeline.

        Raises:
            ModelLoadError: the model or its options are wrong.
        """
        pipelines = Pipelines(await asyncio.to_thread(load_pipeline, config), config)
        usual = ImagesBody(prompts=[ImagePrompt(positive="a cat")], size=config.default_size)
        try:
            make_jobs(usual, config, pipelines.limits)
        except InvalidRequestError as error:
            raise ModelLoadError(f"default_size: {error}") from error
        return cls(pipelines, config)

    async def draw(self, body: ImagesBody, call: Call) -> Reply:
        """Return the images of a request and, as JSON, their sizes and seeds."""
        jobs = await self._jobs(call, body)
        making = [asyncio.create_task(self._draw(job, body, call)) for job in jobs]
        try:
            files = await asyncio.gather(*making)
        finally:
            for task in making:
                task.cancel()
        usage = await self._usage(body, len(jobs))
        return Reply(to_json(_facts(jobs, usage)), usage, tuple(files))

    async def draw_in_steps(self, body: ImagesBody, call: Call) -> AsyncGenerator[bytes | Usage]:
        """Yield the partial images of one image and then the image, each as JSON."""
        (job,) = await self._jobs(call, body)
        pictures: asyncio.Queue[tuple[int, Any] | None] = asyncio.Queue()
        loop = asyncio.get_running_loop()
        job.alone = True
        job.partial_images = body.partial_images
        if body.partial_images:

            def show(index: int, picture: Any) -> None:
                loop.call_soon_threadsafe(pictures.put_nowait, (index, picture))

            job.on_partial = show
        making = asyncio.create_task(self._draw(job, body, call))
        making.add_done_callback(lambda _: pictures.put_nowait(None))
        try:
            while (item := await pictures.get()) is not None:
                index, picture = item
                yield _piece(await self._encode(picture, body), {"partial_image_index": index})
            image = await making
            usage = await self._usage(body, 1)
            yield _piece(image, _facts([job], usage))
        finally:
            making.cancel()
            with suppress(asyncio.CancelledError, Exception):
                await making
        yield usage

    whole: ClassVar = {
        Operation.IMAGE_GENERATION: draw,
        Operation.IMAGE_EDIT: draw,
        Operation.IMAGE_VARIATION: draw,
    }
    streamed: ClassVar = {
        Operation.IMAGE_GENERATION: draw_in_steps,
        Operation.IMAGE_EDIT: draw_in_steps,
    }

    def num_unfinished(self) -> int:
        """Return how much work runs or waits."""
        return self.queue.num_unfinished() + self._codecs.num_unfinished()

    async def check_health(self) -> None:
        """Raise once the device has failed: its context does not recover in this process."""
        if self._broken is not None:
            raise RuntimeError("The model's device failed.") from self._broken

    async def close(self) -> None:
        """Stop what runs."""
        self.queue.close()
        self._codecs.close()

    async def _jobs(self, call: Call, body: ImagesBody) -> list[Job]:
        self._check_prompts(body)
        if not call.files:
            return make_jobs(body, self._config, self.pipelines.limits)
        return await self._codecs.run(lambda _: self._jobs_with_source(call, body))

    def _check_prompts(self, body: ImagesBody) -> None:
        if self.pipelines.takes_negative_prompts:
            return
        if any(prompt.negative for prompt in body.prompts):
            raise InvalidRequestError(
                "'negative_prompt': this model draws without guidance and takes none.",
                "negative_prompt",
            )

    def _jobs_with_source(self, call: Call, body: ImagesBody) -> list[Job]:
        """Decode the uploads and give every job its source and mask, in the image's size."""
        name = "file" if call.operation == Operation.IMAGE_GENERATION else "image"
        mask = None
        if body.num_sources > 1:
            source = join_pictures(call.files[: body.num_sources], name, self._config.max_edge)
        else:
            source = read_picture(call.files[0], name)
        if len(call.files) > body.num_sources:
            mask = read_mask(call.files[-1], source.size, "mask")
        elif call.operation == Operation.IMAGE_EDIT:
            mask = mask_of(source)
        self.pipelines.check_source(masked=mask is not None)
        jobs = make_jobs(body, self._config, self.pipelines.limits, source.size)
        size = jobs[0].size
        source = resize(opaque(source), size)
        strength = body.strength
        if strength is None and call.operation == Operation.IMAGE_VARIATION:
            strength = self._config.variation_strength
        for job in jobs:
            job.source = source
            job.mask = resize_mask(mask, size) if mask is not None else None
            job.strength = strength
            job.alone = True
        return jobs

    async def _draw(self, job: Job, body: ImagesBody, call: Call) -> bytes:
        """Return the file of a job's image."""
        try:
            image = await self.queue.draw(job)
        except ValueError as error:
            raise InvalidRequestError(f"The model refuses this: {error}.") from error
        except torch.OutOfMemoryError as error:
            raise ModelUnavailableError(
                "The model's device has not enough memory for this. Ask for a smaller image.",
                "size",
            ) from error
        except APIError:
            raise
        except Exception as error:
            if isinstance(error, torch.AcceleratorError):
                self._broken = error
            logger.exception("Request %s failed", call.request_id)
            raise internal_error(call.request_id) from error
        return await self._encode(image, body)

    async def _encode(self, picture: Any, body: ImagesBody) -> bytes:
        return await self._codecs.run(
            lambda _: encode(picture, body.output_format, body.output_compression)
        )

    async def _usage(self, body: ImagesBody, images: int) -> Usage:
        tokens = await self._codecs.run(
            lambda _: sum(self.pipelines.count_tokens(prompt) for prompt in body.prompts)
        )
        return Usage(prompt_tokens=tokens, images=images)


def _facts(jobs: Sequence[Job], usage: Usage) -> dict[str, Any]:
    """Return the fields of an answer about its images."""
    width, height = jobs[0].size
    return {
        "size": f"{width}x{height}",
        "seeds": [job.seed for job in jobs],
        "text_tokens": usage.prompt_tokens,
    }


def _piece(file: bytes, facts: dict[str, Any]) -> bytes:
    return to_json({"b64_json": base64.b64encode(file).decode(), **facts})
