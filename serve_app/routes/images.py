"""POST /v1/images/generations, /v1/images/edits and /v1/images/variations."""

from fastapi import APIRouter, Request, Response

from serve_app.http.forms import Upload, read_form
from serve_app.http.json_body import JSONRoute
from serve_app.http.sse import event_stream
from serve_app.media.file_inputs import read_file_input
from serve_app.media.image_answers import ImageAnswers, image_events
from serve_app.routes.dependencies import AddressesDep, CallsDep, ImagesDep, RemoteFilesDep
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

bodies = APIRouter(route_class=JSONRoute)
router = APIRouter()


@bodies.post("/images/generations")
async def create_image(
    body: ImageGenerationRequest,
    request: Request,
    calls: CallsDep,
    images: ImagesDep,
    addresses: AddressesDep,
    remote_files: RemoteFilesDep,
) -> Response:
    """Draw what a text says, from nothing or from an image."""
    answers = ImageAnswers(body, request, images, addresses)
    model = await calls.resolve(Kind.IMAGES, body.model, body.backend)
    fields = _fields(body, _prompts(body))
    files: tuple[bytes, ...] = ()
    if body.file:
        files = (await read_file_input(body.file, "file", remote_files),)
    if body.stream:
        pieces = calls.stream(model, Operation.IMAGE_GENERATION, fields, files=files)
        return await event_stream(
            image_events(pieces, "image_generation", body, answers.created), calls.record
        )
    reply = await calls.run(
        model, Operation.IMAGE_GENERATION, fields, files=files, slots=body.num_images
    )
    return await answers.answer(reply)


router.include_router(bodies)


@router.post("/images/edits")
@router.post("/images/inpainting")
async def create_image_edit(
    request: Request, calls: CallsDep, images: ImagesDep, addresses: AddressesDep
) -> Response:
    """Draw a part of an image anew: where the mask says, or where the image is transparent."""
    body, uploads = await read_form(request, ImageEditRequest, {"image": 1, "mask": 1})
    answers = ImageAnswers(body, request, images, addresses)
    model = await calls.resolve(Kind.IMAGES, body.model, body.backend)
    fields = _fields(body, _prompts(body))
    files = [_required(uploads, "image")]
    if uploads["mask"]:
        files.append(uploads["mask"][0].data)
    elif request.url.path.endswith("/inpainting"):
        raise InvalidRequestError("Missing required file: 'mask'.", "mask")
    if body.stream:
        pieces = calls.stream(model, Operation.IMAGE_EDIT, fields, files=files)
        return await event_stream(
            image_events(pieces, "image_edit", body, answers.created), calls.record
        )
    reply = await calls.run(model, Operation.IMAGE_EDIT, fields, files=files, slots=body.num_images)
    return await answers.answer(reply)


@router.post("/images/variations")
async def create_image_variation(
    request: Request, calls: CallsDep, images: ImagesDep, addresses: AddressesDep
) -> Response:
    """Draw an image again, a little otherwise."""
    body, uploads = await read_form(request, ImageVariationRequest, {"image": 1})
    answers = ImageAnswers(body, request, images, addresses)
    model = await calls.resolve(Kind.IMAGES, body.model, body.backend)
    fields = _fields(body, [ImagePrompt(positive="")])
    files = [_required(uploads, "image")]
    reply = await calls.run(
        model, Operation.IMAGE_VARIATION, fields, files=files, slots=body.n or 1
    )
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


def _required(uploads: dict[str, list[Upload]], name: str) -> bytes:
    if not uploads[name]:
        raise InvalidRequestError(f"Missing required file: '{name}'.", name)
    return uploads[name][0].data
