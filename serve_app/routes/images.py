"""POST /v1/images/generations, /v1/images/edits and /v1/images/variations."""

from fastapi import APIRouter, Request, Response

from serve_app.http.forms import read_form, require_file
from serve_app.http.json_body import JSONRoute
from serve_app.images.answers import ImageAnswers
from serve_app.images.drawing import edit_image, generate_images, vary_image
from serve_app.routes.dependencies import AddressesDep, CallsDep, ImagesDep, RemoteFilesDep
from wire.limits import MAX_SOURCES
from wire.openai.images import ImageEditRequest, ImageGenerationRequest, ImageVariationRequest

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
    return await generate_images(body, answers, calls, remote_files)


router.include_router(bodies)


@router.post("/images/edits")
@router.post("/images/inpainting")
async def create_image_edit(
    request: Request, calls: CallsDep, images: ImagesDep, addresses: AddressesDep
) -> Response:
    """Draw a part of an image anew: where the mask says, or where the image is transparent."""
    files = {"image": MAX_SOURCES, "mask": 1}
    body, uploads = await read_form(request, ImageEditRequest, files)
    answers = ImageAnswers(body, request, images, addresses)
    require_file(uploads, "image")
    sources = [upload.data for upload in uploads["image"]]
    needs_mask = uploads["mask"] or request.url.path.endswith("/inpainting")
    mask = require_file(uploads, "mask") if needs_mask else None
    return await edit_image(body, sources, mask, answers, calls)


@router.post("/images/variations")
async def create_image_variation(
    request: Request, calls: CallsDep, images: ImagesDep, addresses: AddressesDep
) -> Response:
    """Draw an image again, a little otherwise."""
    body, uploads = await read_form(request, ImageVariationRequest, {"image": 1})
    answers = ImageAnswers(body, request, images, addresses)
    return await vary_image(body, require_file(uploads, "image"), answers, calls)
