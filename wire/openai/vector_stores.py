"""Request types of vector stores. Reference: https://platform.openai.com/docs/api-reference/vector-stores."""

from typing import Annotated, Literal

from pydantic import (
    Field,
    StringConstraints,
    ValidationInfo,
    field_validator,
)

from wire.answers import Answer
from wire.limits import (
    MAX_DESCRIPTION_CHARS,
    MAX_ID_CHARS,
    MAX_METADATA_KEY_CHARS,
    MAX_METADATA_PAIRS,
    MAX_NAME_CHARS,
    MAX_SEARCH_QUERIES,
    MAX_SEARCH_RESULTS,
    MAX_STORE_BATCH_FILES,
    MAX_STORE_FILES,
)
from wire.openai.objects import Deleted, ListPage, Metadata
from wire.openai.search_filters import Filter, Value
from wire.requests import StoredBody

DEFAULT_RESULTS = 10
AUTO_CHUNK_TOKENS, AUTO_OVERLAP_TOKENS = 800, 400
"""OpenAI's values of the strategy ``auto``."""

FileId = Annotated[str, StringConstraints(min_length=1, max_length=MAX_ID_CHARS)]
VectorAttributes = Annotated[
    dict[
        Annotated[str, StringConstraints(max_length=MAX_METADATA_KEY_CHARS)],
        Value,
    ],
    Field(max_length=MAX_METADATA_PAIRS),
]
FileStatus = Literal["in_progress", "completed", "failed", "cancelled"]


class ExpiresAfter(StoredBody):
    """When an unused store expires."""

    anchor: Literal["last_active_at"]
    days: int = Field(ge=1, le=365)


class Chunking(StoredBody):
    """Size and overlap of chunks."""

    max_chunk_size_tokens: int = Field(ge=100, le=4096)
    chunk_overlap_tokens: int = Field(ge=0)

    @field_validator("chunk_overlap_tokens")
    @classmethod
    def _check_overlap(cls, overlap: int, info: ValidationInfo) -> int:
        size = info.data.get("max_chunk_size_tokens", overlap * 2)
        if overlap > size / 2:
            raise ValueError(
                f"must be at most half of max_chunk_size_tokens ({size}), received {overlap}"
            )
        return overlap


class ChunkingStrategy(StoredBody):
    """How a file is split into chunks."""

    type: Literal["auto", "static"]
    static: Chunking | None = Field(default=None, validate_default=True)

    @field_validator("static")
    @classmethod
    def _check_static(cls, static: Chunking | None, info: ValidationInfo) -> Chunking | None:
        if (info.data.get("type", "static") == "static") != (static is not None):
            raise ValueError("belongs to the type 'static', and only to that")
        return static


def as_static(strategy: ChunkingStrategy | None) -> "StaticChunkingStrategy":
    """Return a strategy as in the object of a file: with its numbers."""
    static = strategy.static if strategy else None
    chunking = static or Chunking(
        max_chunk_size_tokens=AUTO_CHUNK_TOKENS, chunk_overlap_tokens=AUTO_OVERLAP_TOKENS
    )
    return StaticChunkingStrategy(static=chunking)


class VectorStoreRequest(StoredBody):
    """Body of ``POST /v1/vector_stores``."""

    name: str | None = Field(default=None, max_length=MAX_NAME_CHARS)
    description: str | None = Field(default=None, max_length=MAX_DESCRIPTION_CHARS)
    file_ids: list[FileId] | None = Field(default=None, max_length=MAX_STORE_FILES)
    expires_after: ExpiresAfter | None = None
    chunking_strategy: ChunkingStrategy | None = None
    metadata: Metadata | None = None


class VectorStoreUpdate(StoredBody):
    """Body of ``POST /v1/vector_stores/{id}``."""

    name: str | None = Field(default=None, max_length=MAX_NAME_CHARS)
    expires_after: ExpiresAfter | None = None
    metadata: Metadata | None = None


class RankingOptions(StoredBody):
    """Ranking of search results."""

    ranker: Literal["none", "auto", "default-2024-11-15"] | None = None
    score_threshold: float = Field(default=0, ge=0, le=1)


class VectorStoreSearch(StoredBody):
    """Body of ``POST /v1/vector_stores/{id}/search``."""

    query: (
        Annotated[str, StringConstraints(min_length=1)]
        | Annotated[
            list[Annotated[str, StringConstraints(min_length=1)]],
            Field(min_length=1, max_length=MAX_SEARCH_QUERIES),
        ]
    )
    filters: Filter | None = None
    max_num_results: int = Field(default=DEFAULT_RESULTS, ge=1, le=MAX_SEARCH_RESULTS)
    ranking_options: RankingOptions | None = None
    rewrite_query: Literal[False] | None = None


class StoreFileRequest(StoredBody):
    """Body of ``POST /v1/vector_stores/{id}/files``."""

    file_id: FileId
    attributes: VectorAttributes | None = None
    chunking_strategy: ChunkingStrategy | None = None


class StoreFileUpdate(StoredBody):
    """Body of ``POST /v1/vector_stores/{id}/files/{file_id}``."""

    attributes: VectorAttributes | None


class FileBatchRequest(StoredBody):
    """Body of ``POST /v1/vector_stores/{id}/file_batches``."""

    file_ids: list[FileId] | None = Field(
        default=None, min_length=1, max_length=MAX_STORE_BATCH_FILES
    )
    attributes: VectorAttributes | None = None
    chunking_strategy: ChunkingStrategy | None = None
    files: list[StoreFileRequest] | None = Field(
        default=None, min_length=1, max_length=MAX_STORE_BATCH_FILES, validate_default=True
    )

    @field_validator("files")
    @classmethod
    def _check_files(
        cls, files: list[StoreFileRequest] | None, info: ValidationInfo
    ) -> list[StoreFileRequest] | None:
        if (files is None) == (info.data.get("file_ids") is None):
            raise ValueError("either 'file_ids' or 'files' is needed")
        if files and (info.data.get("attributes") or info.data.get("chunking_strategy")):
            raise ValueError("each says its own attributes and chunking_strategy")
        return files

    def requests(self) -> list[StoreFileRequest]:
        """Return one request per file."""
        if self.files is not None:
            return self.files
        return [
            StoreFileRequest(
                file_id=file_id,
                attributes=self.attributes,
                chunking_strategy=self.chunking_strategy,
            )
            for file_id in self.file_ids or []
        ]


class FileCounts(Answer):
    """The number of files by status."""

    in_progress: int = 0
    completed: int = 0
    failed: int = 0
    cancelled: int = 0
    total: int = 0


class VectorStore(Answer):
    """A store of files that are searched by meaning. Times are Unix times."""

    id: str
    object: Literal["vector_store"] = "vector_store"
    created_at: int
    name: str
    description: str | None = None
    metadata: dict[str, str] = Field(default_factory=dict[str, str])
    expires_after: ExpiresAfter | None
    last_active_at: int
    status: Literal["in_progress", "completed", "expired"] = "completed"
    usage_bytes: int = 0
    """Of texts and vectors."""
    file_counts: FileCounts = FileCounts()
    expires_at: int | None = None


class VectorStoreList(ListPage[VectorStore]):
    """A page of vector stores."""


class VectorStoreDeleted(Deleted[Literal["vector_store.deleted"]]):
    """The vector store is deleted."""

    object: Literal["vector_store.deleted"] = "vector_store.deleted"


class VectorStoreFileError(Answer):
    """Why a file could not be read."""

    code: Literal["server_error", "unsupported_file", "invalid_file"]
    message: str


class StaticChunkingStrategy(Answer):
    """How a file is cut into chunks; sizes are estimates."""

    type: Literal["static"] = "static"
    static: Chunking


class VectorStoreFile(Answer):
    """A file of a vector store."""

    id: str
    """The file's."""
    object: Literal["vector_store.file"] = "vector_store.file"
    created_at: int
    vector_store_id: str
    status: FileStatus = "in_progress"
    last_error: VectorStoreFileError | None = None
    usage_bytes: int = 0
    attributes: dict[str, Value]
    chunking_strategy: StaticChunkingStrategy


class VectorStoreFileList(ListPage[VectorStoreFile]):
    """A page of the files of a vector store."""


class VectorStoreFileDeleted(Deleted[Literal["vector_store.file.deleted"]]):
    """The file is removed from the vector store."""

    object: Literal["vector_store.file.deleted"] = "vector_store.file.deleted"


class VectorStoreFileBatch(Answer):
    """Files that were added to a vector store together."""

    id: str
    object: Literal["vector_store.files_batch"] = "vector_store.files_batch"
    created_at: int
    vector_store_id: str
    status: FileStatus = "in_progress"
    file_counts: FileCounts = FileCounts()


class TextContent(Answer):
    """A text."""

    type: Literal["text"] = "text"
    text: str


class VectorStoreFileContent(Answer):
    """The text of a file, in chunks."""

    object: Literal["vector_store.file_content.page"] = "vector_store.file_content.page"
    data: list[TextContent]
    has_more: Literal[False] = False
    next_page: None = None


class VectorStoreSearchResult(Answer):
    """A chunk that is similar to the query."""

    file_id: str
    filename: str
    score: float
    """The cosine, at least 0."""
    attributes: dict[str, Value]
    content: list[TextContent]


class VectorStoreSearchResults(Answer):
    """The most similar chunks, the best first."""

    object: Literal["vector_store.search_results.page"] = "vector_store.search_results.page"
    search_query: list[str]
    data: list[VectorStoreSearchResult]
    has_more: Literal[False] = False
    next_page: None = None
