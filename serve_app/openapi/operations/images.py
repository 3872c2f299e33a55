"""Images, and the URLs under which they are."""

from serve_app.media.generated_images import MEDIA_TYPES
from serve_app.openapi.operation import EVENTS, JSON, Events, Form, Operation
from serve_app.routes import generated_images, images
from wire.openai.images import (
    ImageEditRequest,
    ImagesResponse,
    ImageStreamEvent,
    ImageVariationRequest,
)

DRAWN = {JSON: ImagesResponse, EVENTS: Events(ImageStreamEvent)}

PICTURE = "@picture.png"
MASK = "@mask.png"

OPERATIONS = (
    Operation(
        endpoint=images.create_image,
        tag="images",
        calls_model=True,
        answers=DRAWN,
        examples={
            "URL": {"model": "stablediffusion", "prompt": "a red circle", "size": "128x128"},
            "base64": {
                "prompt": "a blue square|text",
                "size": "128x128",
                "step": 4,
                "seed": 7,
                "response_format": "b64_json",
            },
            "stream": {
                "prompt": "a red circle",
                "size": "128x128",
                "stream": True,
                "partial_images": 1,
            },
        },
    ),
    Operation(
        endpoint=images.create_image_edit,
        tag="images",
        calls_model=True,
        form=Form(ImageEditRequest, {"image": True, "mask": False}, frozenset({"image"})),
        answers=DRAWN,
        examples={
            "mask": {"image": PICTURE, "mask": MASK, "prompt": "a blue square"},
            "stream": {
                "image": PICTURE,
                "mask": MASK,
                "prompt": "a blue square",
                "stream": True,
                "step": 4,
            },
        },
    ),
    Operation(
        endpoint=images.create_image_variation,
        tag="images",
        calls_model=True,
        form=Form(ImageVariationRequest, {"image": True}),
        answers={JSON: ImagesResponse},
        examples={"picture": {"image": PICTURE, "step": 4}},
    ),
    Operation(
        endpoint=generated_images.get_generated_image,
        tag="images",
        answers=dict.fromkeys(MEDIA_TYPES.values(), bytes),
        other={304: ("`If-None-Match` names the image.", {})},
        errors=(404,),
    ),
)
