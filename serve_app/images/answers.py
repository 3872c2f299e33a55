"""Answers of the image routes: a body with URLs or base64, or events."""

import base64
import time
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any

from fastapi import Request, Response
from pydantic_core import from_json

from serve_app.http.addresses import Addresses
from serve_app.http.json_response import json_response
from serve_app.media.generated_images import GeneratedImages
from wire.calls import Reply
from wire.ids import new_id
from wire.openai.images import (
    CompletedImageEvent,
    DrawnImageRequest,
    Image,
    ImageInputTokensDetails,
    ImageRequest,
    ImagesResponse,
    ImageStreamEvent,
    ImageUsage,
    OutputFormat,
    PartialImageEvent,
    QualityName,
    name_quality,
)
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
        self._format: OutputFormat = body.output_format or "png"
        self._quality: QualityName | None = name_quality(body.quality)
        self._images = images
        form = body.response_format or default_format(body.model)
        self._base = addresses.base(request) if form == "url" else None

    async def answer(self, reply: Reply) -> Response:
        """Return OpenAI's body for the images that a replica made."""
        facts = from_json(reply.body)
        data = [
            await self._image(file, index, seed)
            for index, (file, seed) in enumerate(zip(reply.files, facts["seeds"], strict=True))
        ]
        answer = ImagesResponse(
            created=self.created,
            id=new_id("img", "-"),
            data=data,
            output_format=self._format,
            quality=self._quality,
            size=facts["size"],
            usage=_usage(facts),
        )
        return json_response(answer)

    async def _image(self, file: bytes, index: int, seed: int) -> Image:
        if self._base is None:
            return Image(b64_json=base64.b64encode(file).decode(), index=index, seed=seed)
        url = self._base + await self._images.keep(file, self._format)
        return Image(url=url, index=index, seed=seed)


def default_format(model: str | None) -> str:
    """Return the response format of a request that sets none.

    As with OpenAI: base64 for models that support nothing else, by their aliases too; a URL for all
    others.
    """
    return "b64_json" if (model or "").startswith(NAMES_WITH_BASE64) else "url"


async def image_events(
    pieces: AsyncGenerator[bytes], prefix: str, body: DrawnImageRequest, created: int
) -> AsyncGenerator[bytes]:
    """Yield OpenAI's events for a replica's pieces: intermediate images, then the image."""
    size = body.size or "auto"
    common: dict[str, Any] = {
        "created_at": created,
        "quality": name_quality(body.quality) or "auto",
        "output_format": body.output_format or "png",
    }
    async with aclosing(pieces):
        async for piece in pieces:
            facts = from_json(piece)
            fields = {**common, "b64_json": facts["b64_json"]}
            if (index := facts.get("partial_image_index")) is not None:
                event: ImageStreamEvent = PartialImageEvent.model_validate(
                    {
                        **fields,
                        "type": f"{prefix}.partial_image",
                        "size": size,
                        "partial_image_index": index,
                    }
                )
            else:
                event = CompletedImageEvent.model_validate(
                    {
                        **fields,
                        "type": f"{prefix}.completed",
                        "size": facts["size"],
                        "seed": facts["seeds"][0],
                        "usage": _usage(facts),
                    }
                )
            yield write_event(event, event.type)


def _usage(facts: dict[str, Any]) -> ImageUsage:
    """Return OpenAI's usage, in which a diffusion model's output has no tokens."""
    text = facts["text_tokens"]
    details = ImageInputTokensDetails(text_tokens=text)
    return ImageUsage(input_tokens=text, input_tokens_details=details, total_tokens=text)
