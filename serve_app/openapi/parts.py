"""Parts of requests that the request types leave open, because engines validate them."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

Text = Annotated[str, Field(min_length=1)]


class Part(BaseModel):
    """Base of parts; their other fields go to the engine."""

    model_config = ConfigDict(extra="allow", use_attribute_docstrings=True)


class TextPart(Part):
    """A text."""

    type: Literal["text"]
    text: str


class ImageURL(Part):
    """Where an image is."""

    url: str
    """A `data:` URL, or the URL of a host in `remote_file_hosts`."""
    detail: Literal["auto", "low", "high"] | None = None


class ImagePart(Part):
    """An image, for models whose `input_parts` have `image_url`."""

    type: Literal["image_url"]
    image_url: ImageURL


class InputAudio(Part):
    """A recording."""

    data: Text
    """In base64."""
    format: Text


class AudioPart(Part):
    """A recording, transcribed for models that cannot read audio."""

    type: Literal["input_audio"]
    input_audio: InputAudio


class RefusalPart(Part):
    """A refusal of the assistant."""

    type: Literal["refusal"]
    refusal: str


ContentPart = TextPart | ImagePart | AudioPart | RefusalPart


class NamedFunction(Part):
    """A function by its name."""

    name: Text


class NamedTool(Part):
    """A tool that must be called."""

    type: Literal["function"]
    function: NamedFunction


class AllowedTools(Part):
    """Only these tools may be called, or one of them must be."""

    mode: Literal["auto", "required"]
    tools: Annotated[list[dict[str, Any]], Field(min_length=1)]


class AllowedToolsChoice(Part):
    """A choice among some of the tools."""

    type: Literal["allowed_tools"]
    allowed_tools: AllowedTools


class CallArguments(Part):
    """The arguments of a call."""

    name: Text
    arguments: str


class EarlierCall(Part):
    """A call of a tool in an earlier answer."""

    id: str
    type: Literal["function"] = "function"
    function: CallArguments


class JSONSchema(Part):
    """A JSON schema by a name."""

    name: Text
    schema_: dict[str, Any] = Field(alias="schema")
    description: str | None = None
    strict: bool | None = None


class SchemaFormat(Part):
    """The answer follows a JSON schema."""

    type: Literal["json_schema"]
    json_schema: JSONSchema


class WordFormat(Part):
    """Any text, or any JSON object."""

    type: Literal["text", "json_object"]


class StructuredOutputs(Part):
    """vLLM's constraints of an answer; one of them."""

    json_: dict[str, Any] | str | None = Field(default=None, alias="json")
    regex: str | None = None
    choice: list[str] | None = None
    grammar: str | None = None


class TextResponseFormat(Part):
    """The format of the text of a response."""

    type: Literal["text", "json_object", "json_schema"]
    name: str | None = None
    schema_: dict[str, Any] | None = Field(default=None, alias="schema")
    strict: bool | None = None
    description: str | None = None


class ResponseText(Part):
    """The format of the text of a response."""

    format: TextResponseFormat | None = None
    verbosity: Literal["medium"] | None = None


class ResponseReasoning(Part):
    """How long the model thinks."""

    effort: Literal["none", "minimal", "low", "medium", "high", "xhigh", "max"] | None = None
    summary: str | None = None


class FunctionTool(Part):
    """A function that the client runs."""

    type: Literal["function"]
    name: Text
    description: str | None = None
    parameters: dict[str, Any] | None = None
    strict: bool | None = None


class CustomTextTool(Part):
    """A tool of the client's that takes a text."""

    type: Literal["custom"]
    name: Text
    description: str | None = None


class ItemPart(Part):
    """A part of a message."""

    type: Literal["input_text", "output_text"]
    text: str


class ItemImage(Part):
    """An image, for models whose `input_parts` have `image_url`."""

    type: Literal["input_image"]
    image_url: str | None = None
    file_id: str | None = None
    """In place of the URL: a stored file."""


class ItemMessage(Part):
    """A message."""

    type: Literal["message"] = "message"
    role: Literal["user", "system", "developer", "assistant"]
    content: str | list[ItemPart | ItemImage]


class ItemCall(Part):
    """A call of a function in an earlier answer."""

    type: Literal["function_call"]
    call_id: str
    name: str
    arguments: str


class ItemCallOutput(Part):
    """The output of a function."""

    type: Literal["function_call_output"]
    call_id: str
    output: str | list[ItemPart]


class ItemCustomCall(Part):
    """A call of a custom tool in an earlier answer."""

    type: Literal["custom_tool_call"]
    call_id: str
    name: str
    input: str


class ItemCustomCallOutput(Part):
    """The output of a custom tool."""

    type: Literal["custom_tool_call_output"]
    call_id: str
    output: str | list[ItemPart]


class ItemReasoning(Part):
    """The reasoning of an earlier answer."""

    type: Literal["reasoning"]
    summary: list[dict[str, Any]]


class ItemReference(Part):
    """An earlier item of the conversation."""

    type: Literal["item_reference"]
    id: str


Item = (
    ItemMessage | ItemCall | ItemCallOutput | ItemCustomCall | ItemCustomCallOutput | ItemReasoning
)
