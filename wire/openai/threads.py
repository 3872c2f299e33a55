"""Request types of threads and messages. Reference: the openai package, ``types/beta/threads``."""

from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints, Tag

from wire.answers import Answer, Omittable, OpenAnswer
from wire.limits import MAX_ATTACHMENTS, MAX_MESSAGE_CHARS, MAX_MESSAGE_PARTS, MAX_NEW_MESSAGES
from wire.openai.assistants import AssistantToolResources, FileIds, ToolResources
from wire.openai.objects import Deleted, ListPage, Metadata
from wire.requests import Matching, StoredBody, by_type, text_or

Text = Annotated[str, StringConstraints(min_length=1, max_length=MAX_MESSAGE_CHARS)]
Detail = Literal["auto", "low", "high"]


class MessageTextPart(StoredBody):
    """A text in a message."""

    type: Literal["text"]
    text: Text


class MessageImageURL(StoredBody):
    """A picture by its URL."""

    url: Annotated[
        str,
        Matching(
            r"([Dd][Aa][Tt][Aa]:|[Hh][Tt][Tt][Pp][Ss]?://)[\s\S]*",
            "a URL that begins with https:, http: or data:",
        ),
    ]
    detail: Detail | None = None


class ImageURLPart(StoredBody):
    """A picture in a message, by its URL."""

    type: Literal["image_url"]
    image_url: MessageImageURL


class ImageFile(StoredBody):
    """A picture by the file that has it."""

    file_id: str
    detail: Detail | None = None


class ImageFilePart(StoredBody):
    """A picture in a message, by its file."""

    type: Literal["image_file"]
    image_file: ImageFile


Part = Annotated[
    Annotated[MessageTextPart, Tag("[text]")]
    | Annotated[ImageURLPart, Tag("[image_url]")]
    | Annotated[ImageFilePart, Tag("[image_file]")],
    by_type({name: f"[{name}]" for name in ("text", "image_url", "image_file")}),
]
Content = Annotated[
    Annotated[Text, Tag("[text]")]
    | Annotated[list[Part], Field(min_length=1, max_length=MAX_MESSAGE_PARTS), Tag("[object]")],
    text_or("a list"),
]


class AttachmentTool(StoredBody):
    """A tool that may read an attachment."""

    type: Literal["file_search", "code_interpreter"]


class Attachment(StoredBody):
    """A file attached to a message."""

    file_id: str
    tools: list[AttachmentTool] = Field(min_length=1)


class MessageRequest(StoredBody):
    """Body of ``POST /v1/threads/{id}/messages``."""

    role: Literal["user", "assistant"]
    content: Content
    attachments: list[Attachment] | None = Field(default=None, max_length=MAX_ATTACHMENTS)
    file_ids: FileIds | None = None
    """Attachments in version 1 of the API."""
    metadata: Metadata | None = None


class MetadataUpdate(StoredBody):
    """Body of requests that change only metadata."""

    metadata: Metadata | None = None

    def changes(self) -> dict[str, Any]:
        """Return the fields to change."""
        return {"metadata": self.metadata or {}} if "metadata" in self.model_fields_set else {}


class ThreadRequest(StoredBody):
    """Body of ``POST /v1/threads``."""

    messages: list[MessageRequest] | None = Field(default=None, max_length=MAX_NEW_MESSAGES)
    tool_resources: ToolResources | None = None
    metadata: Metadata | None = None


class ThreadUpdate(StoredBody):
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


def as_content(content: Content) -> list[dict[str, Any]]:
    """Return a message's content as a list of parts."""
    if isinstance(content, str):
        return [text_part(content)]
    return [
        text_part(part.text)
        if isinstance(part, MessageTextPart)
        else part.model_dump(exclude_unset=True)
        for part in content
    ]


def text_part(value: str, annotations: list[dict[str, Any]] | None = None) -> dict[str, Any]:
    """Return a text part of a message, with its citations."""
    return {"type": "text", "text": {"value": value, "annotations": annotations or []}}
