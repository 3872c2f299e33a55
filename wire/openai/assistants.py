"""Request types of assistants. Reference: the openai package, ``types/beta``.

They accept both versions of OpenAI's API: version 1 with ``retrieval`` and ``file_ids``, which
LocalAI has too, and version 2 with ``file_search`` and ``tool_resources``.
"""

from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints, Tag, model_validator

from wire.answers import Answer, Omittable, OpenAnswer
from wire.json_schema.checks import check_named_schema, check_tools
from wire.limits import (
    MAX_ASSISTANT_FILES,
    MAX_ASSISTANT_STORES,
    MAX_DESCRIPTION_CHARS,
    MAX_MESSAGE_CHARS,
    MAX_NAME_CHARS,
    MAX_SEARCH_RESULTS,
    MAX_STORE_TOTAL_FILES,
    MAX_TOOLS,
)
from wire.openai.objects import Deleted, ListPage, Metadata
from wire.openai.vector_stores import ChunkingStrategy
from wire.requests import Matching, StoredBody, text_or

Name = Annotated[str, StringConstraints(max_length=MAX_NAME_CHARS)]
Description = Annotated[str, StringConstraints(max_length=MAX_DESCRIPTION_CHARS)]
Instructions = Annotated[str, StringConstraints(max_length=MAX_MESSAGE_CHARS)]
FileIds = Annotated[list[str], Field(max_length=MAX_ASSISTANT_FILES)]
Temperature = Annotated[float, Field(ge=0, le=2)]
TopP = Annotated[float, Field(gt=0, le=1)]
SEARCHES = ("file_search", "retrieval")
"""Names of the file search tool in versions 2 and 1."""


class JSONSchemaFormat(StoredBody):
    """The JSON schema of an answer, as in chat completions."""

    name: str
    description: str | None = None
    json_schema: dict[str, Any] | None = Field(default=None, alias="schema")
    strict: bool | None = None


class ResponseFormat(StoredBody):
    """The form of an answer, as in chat completions."""

    type: Literal["text", "json_object", "json_schema"]
    json_schema: JSONSchemaFormat | None = None

    @model_validator(mode="after")
    def _check_type(self) -> "ResponseFormat":
        if (self.type == "json_schema") != (self.json_schema is not None):
            raise ValueError("'json_schema' belongs to the type 'json_schema', and only to that")
        return self


Format = Annotated[
    Annotated[Literal["auto"], Tag("[text]")] | Annotated[ResponseFormat, Tag("[object]")],
    text_or("an object"),
]


def to_format(value: Literal["auto"] | ResponseFormat | None) -> str | dict[str, Any]:
    """Return a response format as the client sent it."""
    if isinstance(value, ResponseFormat):
        return value.model_dump(by_alias=True, exclude_unset=True)
    return value or "auto"


class ToolFunction(StoredBody):
    """A function that the client executes, as in chat completions."""

    name: Annotated[
        str, Matching(r"[A-Za-z0-9_-]{1,64}", "of 1 to 64 letters, digits, '_' and '-'")
    ]
    description: str | None = None
    parameters: dict[str, Any] | None = None
    strict: bool | None = None


class FileSearchRanking(StoredBody):
    """Minimum score of search results."""

    score_threshold: float = Field(default=0, ge=0, le=1)
    ranker: Literal["auto", "default_2024_08_21"] | None = None


class FileSearchOptions(StoredBody):
    """Options of a file search."""

    max_num_results: int | None = Field(default=None, ge=1, le=MAX_SEARCH_RESULTS)
    ranking_options: FileSearchRanking | None = None


class AssistantTool(StoredBody):
    """A tool of an assistant."""

    type: Literal["function", "file_search", "retrieval", "code_interpreter"]
    function: ToolFunction | None = None
    file_search: FileSearchOptions | None = None

    @model_validator(mode="after")
    def _check_function(self) -> "AssistantTool":
        if self.type == "function" and self.function is None:
            raise ValueError("'function' is required in a tool of type 'function'")
        return self


Tools = Annotated[list[AssistantTool], Field(max_length=MAX_TOOLS)]


def check_schemas(
    tools: list[AssistantTool] | None, form: Literal["auto"] | ResponseFormat | None
) -> None:
    """Check the schemas of tools that are held to theirs, and that of an answer.

    Raises:
        InvalidRequestError: one cannot be enforced.
    """
    stated = to_tools(tools)
    check_tools(stated, stated)
    if isinstance(form, ResponseFormat) and form.json_schema is not None:
        named = form.json_schema.model_dump(by_alias=True)
        check_named_schema(named, "response_format.json_schema")


class NewVectorStore(StoredBody):
    """A vector store that is created together with its assistant or thread."""

    file_ids: list[str] = Field(default_factory=list, max_length=MAX_STORE_TOTAL_FILES)
    chunking_strategy: ChunkingStrategy | None = None
    metadata: Metadata | None = None


class FileSearchResources(StoredBody):
    """The vector store of a file search."""

    vector_store_ids: list[str] | None = Field(default=None, max_length=MAX_ASSISTANT_STORES)
    vector_stores: list[NewVectorStore] | None = Field(
        default=None, max_length=MAX_ASSISTANT_STORES
    )

    @model_validator(mode="after")
    def _check_one_store(self) -> "FileSearchResources":
        if self.vector_store_ids and self.vector_stores:
            raise ValueError("give 'vector_store_ids' or 'vector_stores', not both")
        return self


class CodeInterpreterResources(StoredBody):
    """The files of a code interpreter."""

    file_ids: FileIds = Field(default_factory=list)


class ToolResources(StoredBody):
    """Resources of the tools."""

    file_search: FileSearchResources | None = None
    code_interpreter: CodeInterpreterResources | None = None


class AssistantFields(StoredBody):
    """Fields of an assistant that can be set and changed."""

    name: Name | None = None
    description: Description | None = None
    instructions: Instructions | None = None
    tools: Tools | None = None
    tool_resources: ToolResources | None = None
    file_ids: FileIds | None = None
    """Version 1: files for ``retrieval`` and the code interpreter."""
    metadata: Metadata | None = None
    temperature: Temperature | None = None
    top_p: TopP | None = None
    response_format: Format | None = None
    reasoning_effort: str | None = None


class AssistantRequest(AssistantFields):
    """Body of ``POST /v1/assistants``."""

    model: str


class AssistantUpdate(AssistantFields):
    """Body of ``POST /v1/assistants/{id}``: absent fields stay unchanged."""

    model: str | None = None


class AssistantFileRequest(StoredBody):
    """Body of ``POST /v1/assistants/{id}/files`` (version 1)."""

    file_id: str


ResponseFormatOption = Literal["auto"] | dict[str, Any]


class OfferedTool(OpenAnswer):
    """A tool of an assistant, as it was sent."""

    type: Literal["function", "file_search", "retrieval", "code_interpreter"]


class ToolResourcesFileSearch(Answer):
    """The vector stores that a search covers."""

    vector_store_ids: list[str]


class ToolResourcesCodeInterpreter(Answer):
    """The files that code can read."""

    file_ids: list[str]


class AssistantToolResources(Answer):
    """The resources of the tools."""

    file_search: Omittable[ToolResourcesFileSearch] = None
    code_interpreter: Omittable[ToolResourcesCodeInterpreter] = None


class Assistant(Answer):
    """A model with instructions, tools and files."""

    id: str
    object: Literal["assistant"] = "assistant"
    created_at: int
    created: int
    """LocalAI's name of `created_at`."""
    name: str | None = None
    description: str | None = None
    instructions: str | None = None
    model: str
    tools: list[OfferedTool] = Field(default_factory=list[OfferedTool])
    tool_resources: AssistantToolResources = AssistantToolResources()
    file_ids: list[str] = Field(default_factory=list[str])
    """Of the first version."""
    metadata: dict[str, str] = Field(default_factory=dict[str, str])
    temperature: float | None = None
    top_p: float | None = None
    response_format: ResponseFormatOption = "auto"
    reasoning_effort: Omittable[str] = None


class AssistantList(ListPage[Assistant]):
    """A page of assistants."""


class AssistantDeleted(Deleted[Literal["assistant.deleted"]]):
    """The assistant is deleted."""

    object: Literal["assistant.deleted"] = "assistant.deleted"


class AssistantFile(Answer):
    """A file that is attached to an assistant."""

    id: str
    """The file's."""
    object: Literal["assistant.file"] = "assistant.file"
    created_at: int
    assistant_id: str


class AssistantFileList(ListPage[AssistantFile]):
    """The files of an assistant."""


class AssistantFileDeleted(Deleted[Literal["assistant.file.deleted"]]):
    """The file is detached from the assistant; the file itself remains."""

    object: Literal["assistant.file.deleted"] = "assistant.file.deleted"


def to_tools(tools: list[AssistantTool] | None) -> list[dict[str, Any]]:
    """Return tools as the client sent them."""
    return [tool.model_dump(exclude_unset=True) for tool in tools or ()]
