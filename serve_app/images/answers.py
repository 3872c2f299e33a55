"""What answers of the image routes look like: a body with URLs or base64, or events."""

import base64
import time
import uuid
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any

from fastapi import Request, Response
from pydantic_core import from_json, to_json

from serve_app.http.addresses import Addresses
from serve_app.media.generated_images import GeneratedImages
from wire.calls import Reply
from wire.openai.images import DrawnImageRequest, ImageRequest
from wire.sse import write_event

NAMES_WITH_BASE64 = ("gpt-image", "chatgpt-image")


class ImageAnswers:
    """Answers one request."""

    def __init__(
        self,
        body: ImageRequest,
        request: Request,
        images: GeneratedImages,
        addresses: Addresses,
    ) -> None:
        """Prepare, before any work is done, what the answer needs of the request.

        Raises:
            InvalidRequestError: no URL can be made of the request's ``Host``.
        """
        self.created = int(time.time())
        self._format = body.output_format or "png"
        self._images = images
        form = body.response_format or default_format(body.model)
        self._base = addresses.base(request) if form == "url" else None

    async def answer(self, reply: Reply) -> Response:
        """Return OpenAI's body for the images that a replica made."""
        facts = from_json(reply.body)
        data = [
            {**await self._item(file), "index": index, "seed": seed}
            for index, (file, seed) in enumerate(zip(reply.files, facts["seeds"], strict=True))
        ]
        answer = {
            "created": self.created,
            "id": f"img-{uuid.uuid4().hex}",
            "data": data,
            "background": "opaque",
            "output_format": self._format,
            "size": facts["size"],
            "usage": _usage(facts),
        }
        return Response(to_json(answer), media_type="application/json")

    async def _item(self, file: bytes) -> dict[str, str]:
        if self._base is None:
            return {"b64_json": base64.b64encode(file).decode()}
        return {"url": self._base + await self._images.keep(file, self._format)}


def default_format(model: str | None) -> str:
    """Return how images are answered when the request does not say.

    As OpenAI does it: base64 by the models that know nothing else, so that their clients find it
    under their aliases too; for all others a URL.
    """
    return "b64_json" if (model or "").startswith(NAMES_WITH_BASE64) else "url"


async def image_events(
    pieces: AsyncGenerator[bytes], prefix: str, body: DrawnImageRequest, created: int
) -> AsyncGenerator[bytes]:
    """Return OpenAI's events for a replica's pieces: pictures on the way, then the image."""
    size = body.size or "auto"
    quality = body.quality if isinstance(body.quality, str) else "auto"
    common = {
        "created_at": created,
        "quality": quality,
        "background": "opaque",
        "output_format": body.output_format or "png",
    }
    async with aclosing(pieces):
        async for piece in pieces:
            facts = from_json(piece)
            data: dict[str, Any] = {**common, "b64_json": facts["b64_json"]}
            if "partial_image_index" in facts:
                name = f"{prefix}.partial_image"
                data |= {"size": size, "partial_image_index": facts["partial_image_index"]}
            else:
                name = f"{prefix}.completed"
                data |= {"size": facts["size"], "seed": facts["seeds"][0], "usage": _usage(facts)}
            yield write_event({"type": name, **data}, name)


def _usage(facts: dict[str, Any]) -> dict[str, Any]:
    """Return OpenAI's usage. A diffusion model makes no tokens, so its output has none."""
    text = facts["text_tokens"]
    return {
        "input_tokens": text,
        "input_tokens_details": {"text_tokens": text, "image_tokens": 0},
        "output_tokens": 0,
        "total_tokens": text,
    }
