"""Answers of threads and their messages."""

from typing import Literal

from serve_app.openapi.answers.assistants import Metadata, ResourcesOfTools
from serve_app.openapi.answers.common import Absent, Answer, OpenAnswer


class Thread(Answer):
    """A thread, without its messages."""

    id: str
    object: Literal["thread"]
    created_at: int
    metadata: Metadata
    tool_resources: ResourcesOfTools


class DeletedThread(Answer):
    """It is forgotten, with its messages and runs."""

    id: str
    object: Literal["thread.deleted"]
    deleted: Literal[True]


class CitedFile(Answer):
    """A file by its id."""

    file_id: str


class FileCitation(Answer):
    """A part of the text that names the file which it rests on."""

    type: Literal["file_citation"]
    text: str
    start_index: int
    """In characters of the whole text."""
    end_index: int
    file_citation: CitedFile
    index: int | Absent = None
    """Which of the text's annotations it is; in events only."""


class FilePath(Answer):
    """A part of the text that names a file which a program has written."""

    type: Literal["file_path"]
    text: str
    start_index: int
    end_index: int
    file_path: CitedFile
    index: int | Absent = None


class AnnotatedText(Answer):
    """A text, and what in it names files."""

    value: str
    annotations: list[FileCitation | FilePath]


class ThreadText(Answer):
    """A text."""

    type: Literal["text"]
    text: AnnotatedText


class ThreadPicture(OpenAnswer):
    """A picture, as it was sent."""

    type: Literal["image_url", "image_file"]


class UsingTool(Answer):
    """What may look at a file."""

    type: Literal["file_search", "code_interpreter"]


class AttachedFile(OpenAnswer):
    """A file that came with a message."""

    file_id: str
    tools: list[UsingTool]


class WhyMessageIsIncomplete(Answer):
    """Why the message ended early."""

    reason: Literal["max_tokens", "run_cancelled", "run_expired", "run_failed"]


class ThreadMessage(Answer):
    """What somebody said in a thread. Times are Unix times."""

    id: str
    object: Literal["thread.message"]
    created_at: int
    thread_id: str
    status: Literal["in_progress", "completed", "incomplete"]
    incomplete_details: WhyMessageIsIncomplete | None
    completed_at: int | None
    incomplete_at: int | None
    role: Literal["user", "assistant"]
    content: list[ThreadText | ThreadPicture]
    """Empty while the model writes it."""
    assistant_id: str | None
    run_id: str | None
    """The run that made it."""
    attachments: list[AttachedFile]
    metadata: Metadata


class ThreadMessageList(Answer):
    """A page of messages."""

    object: Literal["list"]
    data: list[ThreadMessage]
    first_id: str | None
    last_id: str | None
    has_more: bool


class DeletedThreadMessage(Answer):
    """It is forgotten."""

    id: str
    object: Literal["thread.message.deleted"]
    deleted: Literal[True]
