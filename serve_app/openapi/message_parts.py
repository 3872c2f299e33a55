"""Blocks of requests to ``/v1/messages`` that the request types leave open."""

from typing import Any, Literal

from serve_app.openapi.parts import Part, TextPart


class Base64Source(Part):
    """The image itself."""

    type: Literal["base64"]
    media_type: Literal["image/jpeg", "image/png", "image/gif", "image/webp"]
    data: str


class URLSource(Part):
    """An image of a host in `remote_file_hosts`."""

    type: Literal["url"]
    url: str


class ImageBlock(Part):
    """An image, for models whose `input_parts` have `image_url`."""

    type: Literal["image"]
    source: Base64Source | URLSource


class ToolResultBlock(Part):
    """The output of a tool."""

    type: Literal["tool_result"]
    tool_use_id: str
    content: str | list[TextPart | ImageBlock] | None = None
    is_error: bool | None = None


class EarlierToolUse(Part):
    """A call of a tool in an earlier answer."""

    type: Literal["tool_use"]
    id: str
    name: str
    input: dict[str, Any]


class EarlierThinking(Part):
    """The reasoning of an earlier answer."""

    type: Literal["thinking"]
    thinking: str
    signature: str | None = None


class OtherBlock(Part):
    """Documents and search results with text, and encrypted reasoning."""

    type: Literal["document", "search_result", "redacted_thinking"]


MessageBlock = (
    TextPart | ImageBlock | ToolResultBlock | EarlierToolUse | EarlierThinking | OtherBlock
)
