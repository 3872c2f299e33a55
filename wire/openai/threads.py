"""Request types of threads and messages. Reference: the openai package, ``types/beta/threads``."""

from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints, field_validator

from wire.answers import Answer, Omittable, OpenAnswer
from wire.openai.assistants import MAX_TEXT, AssistantToolResources, FileIds, ToolResources
from wire.openai.objects import Deleted, ListPage
from wire.openai.responses import Metadata
from wire.requests import RequestBody

PARTS = ("text", "image_url", "image_file")
MAX_MESSAGES = 32
"""Maximum number of messages per request."""

Text = Annotated[str, StringConstraints(min_length=1, max_length=MAX_TEXT)]
Content = Text | Annotated[list[dict[str, Any]], Field(min_length=1, max_length=100)]


class AttachmentTool(RequestBody):
    """A tool that may read an attachment."""

    type: Literal["file_search", "code_interpreter"]


class Attachment(RequestBody):
    """A file attached to a message."""

    file_id: str
    tools: list[AttachmentTool] = Field(min_length=1)


class MessageRequest(RequestBody):
    """Body of ``POST /v1/threads/{id}/messages``."""

    role: Literal["user", "assistant"]
    content: Content
    attachments: list[Attachment] | None = Field(default=None, max_length=500)
    file_ids: FileIds | None = None
    """Attachments in version 1 of the API."""
    metadata: Metadata | None = None

    @field_validator("content")
    @classmethod
    def _check_parts(cls, content: Content) -> Content:
        for part in content if isinstance(content, list) else ():
            _check_part(part)
        return content


class MetadataUpdate(RequestBody):
    """Body of requests that change only metadata."""

    metadata: Metadata | None = None

    def changes(self) -> dict[str, Any]:
        """Return the fields to change."""
        return {"metadata": self.metadata or {}} if "metadata" in self.model_fields_set else {}


class ThreadRequest(RequestBody):
    """Body of ``POST /v1/threads``."""

    messages: list[MessageRequest] | None = Field(default=None, max_length=MAX_MESSAGES)
    tool_resources: ToolResources | None = None
    metadata: Metadata | None = None


class ThreadUpdate(RequestBody):
    """Body of ``POST /v1/threads/{id}``: absent fields stay unchanged."""

    tool_resources: ToolResources | None = None
    metadata: Metadata | None = None


class Thread(Answer):
    """A thread, without its messages."""

    id: str
    object: Literal["thread"] = "thread"
    created_at: int
    metadata: dict[str, str]
    tool_resources: AssistantToolResources


class ThreadDeleted(Deleted[Literal["thread.deleted"]]):
    """The thread is deleted with its messages and runs."""

    object: Literal["thread.deleted"] = "thread.deleted"


class FileReference(Answer):
    """A file by its id."""

    file_id: str


class FileCitationAnnotation(Answer):
    """A part of the text that cites a file."""

    type: Literal["file_citation"] = "file_citation"
    text: str
    start_index: int
    """In characters of the whole text."""
    end_index: int
    file_citation: FileReference
    index: Omittable[int] = None
    """The number of the annotation in its text; in events only."""


class FilePathAnnotation(Answer):
    """A part of the text that names a file which code has written."""

    type: Literal["file_path"] = "file_path"
    text: str
    start_index: int
    end_index: int
    file_path: FileReference
    index: Omittable[int] = None


Annotation = FileCitationAnnotation | FilePathAnnotation


class AnnotatedText(Answer):
    """A text and its annotations."""

    value: str
    annotations: list[Annotation] = Field(default_factory=list[Annotation])


class TextContentBlock(Answer):
    """A text."""

    type: Literal["text"] = "text"
    text: AnnotatedText


class ImageContentBlock(OpenAnswer):
    """An image, as it was sent."""

    type: Literal["image_url", "image_file"]


class MessageAttachmentTool(Answer):
    """A tool that can read the file."""

    type: Literal["file_search", "code_interpreter"]


class MessageAttachment(OpenAnswer):
    """A file that is attached to a message."""

    file_id: str
    tools: list[MessageAttachmentTool]


class MessageIncompleteDetails(Answer):
    """Why the message is incomplete."""

    reason: Literal["max_tokens", "run_cancelled", "run_expired", "run_failed"]


class ThreadMessage(Answer):
    """A message of a thread. Times are Unix times."""

    id: str
    object: Literal["thread.message"] = "thread.message"
    created_at: int
    thread_id: str
    status: Literal["in_progress", "completed", "incomplete"] = "completed"
    incomplete_details: MessageIncompleteDetails | None = None
    completed_at: int | None
    incomplete_at: int | None = None
    role: Literal["user", "assistant"]
    content: list[TextContentBlock | ImageContentBlock]
    """Empty while the model writes it."""
    assistant_id: str | None = None
    run_id: str | None = None
    """The run that made it."""
    attachments: list[MessageAttachment] = Field(default_factory=list[MessageAttachment])
    metadata: dict[str, str] = Field(default_factory=dict[str, str])


class ThreadMessageList(ListPage[ThreadMessage]):
    """A page of messages."""


class ThreadMessageDeleted(Deleted[Literal["thread.message.deleted"]]):
    """The message is deleted."""

    object: Literal["thread.message.deleted"] = "thread.message.deleted"


def _check_part(part: dict[str, Any]) -> None:
    kind = part.get("type")
    if kind not in PARTS:
        raise ValueError(f"a part's 'type' must be one of {', '.join(PARTS)} (received {kind!r})")
    value = part.get(kind)
    if kind == "text" and not (isinstance(value, str) and 0 < len(value) <= MAX_TEXT):
        raise ValueError(f"a part of type 'text' has a 'text' of 1 to {MAX_TEXT} characters")
    if kind != "text":
        needed = "url" if kind == "image_url" else "file_id"
        if not (isinstance(value, dict) and isinstance(value.get(needed), str)):
            raise ValueError(f"a part of type '{kind}' has an object '{kind}' with '{needed}'")
        if value.get("detail", "auto") not in ("auto", "low", "high"):
            raise ValueError("'detail' must be one of auto, low, high")


def as_content(content: Content) -> list[dict[str, Any]]:
    """Return a message's content as a list of parts."""
    if isinstance(content, str):
        return [text_part(content)]
    return [text_part(part["text"]) if part["type"] == "text" else part for part in content]


def text_part(value: str, annotations: list[dict[str, Any]] | None = None) -> dict[str, Any]:
    """Return a text part of a message, with its citations."""
    return {"type": "text", "text": {"value": value, "annotations": annotations or []}}
