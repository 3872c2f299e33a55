"""Images from a text, from an image, or both."""

from collections.abc import Sequence

from fastapi import Response

from serve_app.http.streaming import event_stream
from serve_app.images.answers import ImageAnswers, image_events
from serve_app.media.file_inputs import read_file_input
from serve_app.media.remote_files import RemoteFiles
from serve_app.models.calls import Calls
from serve_app.models.discovery import ServedModel
from wire.bodies import ImagePrompt, ImagesBody
from wire.calls import Kind, Operation
from wire.errors import InvalidRequestError
from wire.fields import own_fields
from wire.openai.images import (
    DrawnImageRequest,
    ImageEditRequest,
    ImageGenerationRequest,
    ImageRequest,
    ImageVariationRequest,
)

EVENT_PREFIXES = {
    Operation.IMAGE_GENERATION: "image_generation",
    Operation.IMAGE_EDIT: "image_edit",
}
"""How the names of OpenAI's events begin, by operation."""


async def generate_images(
    body: ImageGenerationRequest, answers: ImageAnswers, calls: Calls, remote_files: RemoteFiles
) -> Response:
    """Draw what a text says, from nothing or from an image."""
    model = await calls.resolve(Kind.IMAGES, body.model, body.backend)
    fields = _fields(body, _prompts(body))
    files: tuple[bytes, ...] = ()
    if body.file:
        files = (await read_file_input(body.file, "file", remote_files),)
    return await _draw(Operation.IMAGE_GENERATION, model, body, fields, files, answers, calls)


async def edit_image(
    body: ImageEditRequest,
    sources: Sequence[bytes],
    mask: bytes | None,
    answers: ImageAnswers,
    calls: Calls,
) -> Response:
    """Draw a part of an image anew: where the mask says, or where the image is transparent.

    Several images are drawn together as one.
    """
    if mask is not None and len(sources) > 1:
        raise InvalidRequestError(
            f"'mask' is for one image, received {len(sources)} files as 'image'.", "mask"
        )
    model = await calls.resolve(Kind.IMAGES, body.model, body.backend)
    fields = _fields(body, _prompts(body))
    if len(sources) > 1:
        fields = fields.model_copy(update={"num_sources": len(sources)})
    files = sources if mask is None else [*sources, mask]
    return await _draw(Operation.IMAGE_EDIT, model, body, fields, files, answers, calls)


async def vary_image(
    body: ImageVariationRequest, image: bytes, answers: ImageAnswers, calls: Calls
) -> Response:
    """Draw an image again, a little otherwise."""
    model = await calls.resolve(Kind.IMAGES, body.model, body.backend)
    fields = _fields(body, [ImagePrompt(positive="")])
    reply = await calls.run(
        model, Operation.IMAGE_VARIATION, fields, files=(image,), slots=body.n or 1
    )
    return await answers.answer(reply)


async def _draw(
    operation: Operation,
    model: ServedModel,
    body: DrawnImageRequest,
    fields: ImagesBody,
    files: Sequence[bytes],
    answers: ImageAnswers,
    calls: Calls,
) -> Response:
    """Answer whole or as a stream, as ``body`` says."""
    if body.stream:
        pieces = calls.stream(model, operation, fields, files=files)
        events = image_events(pieces, EVENT_PREFIXES[operation], body, answers.created)
        return await event_stream(events, calls.record)
    reply = await calls.run(model, operation, fields, files=files, slots=body.num_images)
    return await answers.answer(reply)


def _fields(body: ImageRequest, prompts: list[ImagePrompt]) -> ImagesBody:
    """Return the replica's body."""
    return ImagesBody(prompts=prompts, **own_fields(body))


def _prompts(body: DrawnImageRequest) -> list[ImagePrompt]:
    """Return each text with what must not be drawn: its part after ``|``, or the field."""
    prompts: list[ImagePrompt] = []
    for prompt in body.prompts:
        positive, _, negative = prompt.partition("|")
        if negative.strip() and body.negative_prompt:
            raise InvalidRequestError(
                "'negative_prompt' and the part of 'prompt' after '|' mean the same; send one.",
                "negative_prompt",
            )
        negative = negative.strip() or (body.negative_prompt or "").strip()
        prompts.append(ImagePrompt(positive=positive.strip(), negative=negative))
    return prompts
