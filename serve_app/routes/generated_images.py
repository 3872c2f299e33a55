"""GET /generated-images/{name}: the images that answers gave URLs of."""

from fastapi import APIRouter, Request, Response

from serve_app.routes.dependencies import ImagesDep
from wire.errors import NotFoundError

router = APIRouter()


@router.get("/generated-images/{name}")
async def get_generated_image(name: str, request: Request, images: ImagesDep) -> Response:
    """Return an image until it expires. Its name is the key, so no other is asked for."""
    image = await images.find(name)
    if image is None:
        raise NotFoundError("There is no such image, or it has expired.")
    # The name never means another image, so it is its own ETag.
    headers = {
        "ETag": f'"{name.partition(".")[0]}"',
        "Cache-Control": f"private, max-age={image.seconds_left}, immutable",
        "X-Content-Type-Options": "nosniff",
    }
    if request.headers.get("if-none-match") == headers["ETag"]:
        return Response(status_code=304, headers=headers)
    return Response(image.data, media_type=image.media_type, headers=headers)
