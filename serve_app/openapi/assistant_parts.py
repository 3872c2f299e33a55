"""Parts of requests of assistants that the request types leave open."""

from typing import Literal

from serve_app.openapi.parts import ImagePart, NamedTool, Part, SchemaFormat, TextPart, WordFormat


class ImageFile(Part):
    """A stored image."""

    file_id: str
    detail: Literal["auto", "low", "high"] | None = None


class ImageFilePart(Part):
    """A stored image, for models whose `input_parts` have `image_url`."""

    type: Literal["image_file"]
    image_file: ImageFile


class ServerTool(Part):
    """A tool of the server's that must be called."""

    type: Literal["file_search", "retrieval", "code_interpreter"]


MessagePart = TextPart | ImagePart | ImageFilePart
RunToolChoice = Literal["none", "auto", "required"] | NamedTool | ServerTool
RunFormat = Literal["auto"] | WordFormat | SchemaFormat
