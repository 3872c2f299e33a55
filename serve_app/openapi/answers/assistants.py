"""Answers of assistants and their files."""

from typing import Any, Literal

from serve_app.openapi.answers.common import Absent, Answer, OpenAnswer

Metadata = dict[str, str]
ResponseFormat = Literal["auto"] | dict[str, Any]


class OfferedTool(OpenAnswer):
    """What the model may use, as it was sent."""

    type: Literal["function", "file_search", "retrieval", "code_interpreter"]


class SearchedStores(Answer):
    """Where a search looks."""

    vector_store_ids: list[str]


class FilesOfCode(Answer):
    """The files that code may read."""

    file_ids: list[str]


class ResourcesOfTools(Answer):
    """What the tools work on."""

    file_search: SearchedStores | Absent = None
    code_interpreter: FilesOfCode | Absent = None


class Assistant(Answer):
    """A model with instructions, tools and files."""

    id: str
    object: Literal["assistant"]
    created_at: int
    created: int
    """LocalAI's name of `created_at`."""
    name: str | None
    description: str | None
    instructions: str | None
    model: str
    tools: list[OfferedTool]
    tool_resources: ResourcesOfTools
    file_ids: list[str]
    """Of the first version."""
    metadata: Metadata
    temperature: float | None
    top_p: float | None
    response_format: ResponseFormat
    reasoning_effort: str | None = None
    """Where it was set."""


class AssistantList(Answer):
    """A page of assistants."""

    object: Literal["list"]
    data: list[Assistant]
    first_id: str | None
    last_id: str | None
    has_more: bool


class DeletedAssistant(Answer):
    """It is forgotten."""

    id: str
    object: Literal["assistant.deleted"]
    deleted: Literal[True]


class AssistantFile(Answer):
    """That an assistant has a file."""

    id: str
    """The file's."""
    object: Literal["assistant.file"]
    created_at: int
    assistant_id: str


class AssistantFileList(Answer):
    """The files of an assistant."""

    object: Literal["list"]
    data: list[AssistantFile]
    first_id: str | None
    last_id: str | None
    has_more: Literal[False]


class DeletedAssistantFile(Answer):
    """The assistant has it no more; the file itself stays."""

    id: str
    object: Literal["assistant.file.deleted"]
    deleted: Literal[True]
