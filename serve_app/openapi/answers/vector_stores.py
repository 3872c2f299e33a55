"""Answers of vector stores, their files and batches, and of LocalAI's stores."""

from typing import Literal

from serve_app.openapi.answers.common import Answer


class FileCounts(Answer):
    """How many files are in which status."""

    in_progress: int
    completed: int
    failed: int
    cancelled: int
    total: int


class StoreExpiry(Answer):
    """When a store ends that nobody uses."""

    anchor: Literal["last_active_at"]
    days: int


class VectorStore(Answer):
    """A store of files that are searched by meaning. Times are Unix times."""

    id: str
    object: Literal["vector_store"]
    created_at: int
    name: str
    description: str | None = None
    metadata: dict[str, str]
    expires_after: StoreExpiry | None
    last_active_at: int
    status: Literal["in_progress", "completed", "expired"]
    usage_bytes: int
    """Of texts and vectors."""
    file_counts: FileCounts
    expires_at: int | None


class VectorStoreList(Answer):
    """A page of stores."""

    object: Literal["list"]
    data: list[VectorStore]
    first_id: str | None
    last_id: str | None
    has_more: bool


class DeletedVectorStore(Answer):
    """What is left of a store."""

    id: str
    object: Literal["vector_store.deleted"]
    deleted: Literal[True]


class FileProblem(Answer):
    """Why a file could not be read."""

    code: Literal["server_error", "unsupported_file", "invalid_file"]
    message: str


class ChunkSizes(Answer):
    """How long chunks are, in estimated tokens."""

    max_chunk_size_tokens: int
    chunk_overlap_tokens: int


class StaticChunking(Answer):
    """How a file is cut."""

    type: Literal["static"]
    static: ChunkSizes


Attributes = dict[str, str | float | bool]


class StoreFile(Answer):
    """A file of a store."""

    id: str
    """The file's."""
    object: Literal["vector_store.file"]
    created_at: int
    vector_store_id: str
    status: Literal["in_progress", "completed", "cancelled", "failed"]
    last_error: FileProblem | None
    usage_bytes: int
    attributes: Attributes
    chunking_strategy: StaticChunking


class StoreFileList(Answer):
    """A page of a store's files."""

    object: Literal["list"]
    data: list[StoreFile]
    first_id: str | None
    last_id: str | None
    has_more: bool


class DeletedStoreFile(Answer):
    """What is left of a file in a store."""

    id: str
    object: Literal["vector_store.file.deleted"]
    deleted: Literal[True]


class FileBatch(Answer):
    """Files that were given to a store together."""

    id: str
    object: Literal["vector_store.files_batch"]
    created_at: int
    vector_store_id: str
    status: Literal["in_progress", "completed", "cancelled", "failed"]
    file_counts: FileCounts


class FoundText(Answer):
    """A text."""

    type: Literal["text"]
    text: str


class FileContent(Answer):
    """What was read of a file, in chunks."""

    object: Literal["vector_store.file_content.page"]
    data: list[FoundText]
    has_more: Literal[False]
    next_page: None


class SearchResult(Answer):
    """A chunk that is near to the question."""

    file_id: str
    filename: str
    score: float
    """Cosine, not below 0."""
    attributes: Attributes
    content: list[FoundText]


class SearchResults(Answer):
    """The nearest chunks, the best first."""

    object: Literal["vector_store.search_results.page"]
    search_query: list[str]
    data: list[SearchResult]
    has_more: Literal[False]
    next_page: None


class Nothing(Answer):
    """It is done."""


class KeysAndValues(Answer):
    """Vectors, and the text at each."""

    keys: list[list[float]]
    values: list[str]


class Neighbours(KeysAndValues):
    """The nearest, the best first."""

    similarities: list[float]
    """Cosines."""
