"""An image model's card and answers, for tests of the image routes."""

import base64
import json
from typing import Any

from wire.calls import Kind, Reply, Usage
from wire.card import ModelCard

PNG = b"\x89PNG picture"
BASE64 = base64.b64encode(PNG).decode()
PATH = "/v1/images/generations"
CARD = ModelCard(
    id="draw", kind=Kind.IMAGES, aliases=("dall-e-3", "gpt-image-1"), backend="diffusers"
)


def reply(*files: bytes) -> Reply:
    """Return what a replica answers that drew these files."""
    facts = {"size": "64x64", "seeds": list(range(len(files))), "text_tokens": 5}
    return Reply(json.dumps(facts).encode(), Usage(5, images=len(files)), files)


def piece(**facts: Any) -> bytes:
    """Return a piece of a replica's stream."""
    return json.dumps({"b64_json": BASE64, **facts}).encode()


STREAM = [
    piece(partial_image_index=0),
    piece(size="64x64", seeds=[3], text_tokens=5),
    Usage(5, images=1),
]
