"""Indexes files of vector stores: a file is read, split, embedded and stored as a whole.

A job like others: whoever holds it begins anew, since nothing is kept before the end.
"""

from functools import partial

from serve_app.config import VectorStoresConfig
from serve_app.documents.chunking import TextChunk
from serve_app.documents.errors import DocumentError, invalid_file
from serve_app.documents.reader import DocumentReader
from serve_app.jobs.worker import Jobs
from serve_app.models.calls import Calls
from serve_app.models.discovery import ServedModel
from serve_app.models.registry import Registry
from serve_app.models.retrying import JobCalls
from serve_app.observability import RequestLog, RequestRecord
from serve_app.storage.chunks import Chunk
from serve_app.storage.database import Database
from serve_app.storage.files import FileMissingError
from serve_app.storage.jobs import ClaimLostError
from serve_app.storage.kept_files import KeptFiles
from serve_app.storage.object_rows import StoredObject
from serve_app.storage.vector_store_rows import COMPLETED, FAILED, FILE, IN_PROGRESS, end_reading
from serve_app.storage.vector_stores import VectorStores
from serve_app.vector_stores.embedding import embed_parts
from wire.calls import Kind
from wire.errors import APIError, InvalidRequestError, NotFoundError
from wire.openai.vector_stores import VectorStoreFile, VectorStoreFileError

PATH = "/v1/vector_stores/files"
"""Under which the log has this work."""
USUAL_CONTEXT = 256
"""Tokens that a model reads for certain which does not say how many."""
ROOM = 0.8
"""Of a model's context for a part of a chunk: tokens are estimated."""
PARTS_BETWEEN_LOOKS = 128
"""After so many, it is looked whether the file is still wanted."""


class FileIndexing:
    """Works on files of vector stores."""

    def __init__(
        self,
        registry: Registry,
        database: Database,
        files: KeptFiles,
        stores: VectorStores,
        jobs: Jobs,
        log: RequestLog,
        config: VectorStoresConfig,
    ) -> None:
        self._registry = registry
        self._database = database
        self._files = files
        self._stores = stores
        self._jobs = jobs
        self._log = log
        self._model = config.embedding_model
        self._reader = DocumentReader(
            memory_bytes=config.reading_memory_bytes, timeout_s=config.reading_timeout_s
        )

    async def work(self, job: StoredObject) -> None:
        """Read a file and keep its chunks."""
        record = RequestRecord("POST", PATH, job.id, job.owner)
        status = 200
        try:
            count_attempt = partial(self._jobs.store.count_attempt, job.id)
            await self._index(job, JobCalls(Calls(self._registry, record), count_attempt))
        except DocumentError as error:
            status, record.error_code = 400, error.code
            await self._end(job, error.code, error.message)
        except APIError as error:
            status, record.error_code = error.status, error.label
            raise
        finally:
            self._log.write(record, status)

    async def fail(self, job: StoredObject, error: APIError) -> None:
        """Keep why a file could not be read."""
        is_of_file = isinstance(error, InvalidRequestError | NotFoundError)
        await self._end(job, "invalid_file" if is_of_file else "server_error", error.message)

    async def _index(self, job: StoredObject, calls: JobCalls) -> None:
        store = await self._stores.get(job.owner, str(job.parent_id))
        name = (store.state or {}).get("model")
        model = await calls.find_model(Kind.EMBEDDINGS, name or self._model)
        if name is None:
            name = await self._stores.choose_model(store, model.id)
            model = await calls.find_model(Kind.EMBEDDINGS, name)  # another may have been quicker
        texts = await self._read(job, model)
        vectors = await self._embed(
            job, calls, model, [part for text in texts for part in text.parts]
        )
        chunks, place = list[Chunk](), 0
        for text in texts:
            of_text = vectors[place : place + len(text.starts)]
            place += len(text.starts)
            chunks.append(Chunk(text.text, b"".join(v for part in of_text for v in part)))
        await self._keep(job, chunks, dimensions=len(vectors[0][0]) // 4)

    async def _read(self, job: StoredObject, model: ServedModel) -> list[TextChunk]:
        chunking = VectorStoreFile.model_validate(job.body).chunking_strategy.static
        context = model.card.context_length or USUAL_CONTEXT
        try:
            file = await self._files.get(job.owner, job.body["id"])
            async with self._files.path(file) as path:
                return await self._reader.read(
                    path,
                    file.body["filename"],
                    max_tokens=chunking.max_chunk_size_tokens,
                    overlap=chunking.chunk_overlap_tokens,
                    part_tokens=max(1, int(context * ROOM)),
                )
        except (NotFoundError, FileMissingError):
            raise invalid_file("The file has been deleted.") from None

    async def _embed(
        self, job: StoredObject, calls: JobCalls, model: ServedModel, parts: list[str]
    ) -> list[list[bytes]]:
        vectors = list[list[bytes]]()
        for start in range(0, len(parts), PARTS_BETWEEN_LOOKS):
            if start:
                await self._check_wanted(job)
            portion = parts[start : start + PARTS_BETWEEN_LOOKS]
            vectors += await embed_parts(calls, model.id, portion)
        return vectors

    async def _check_wanted(self, job: StoredObject) -> None:
        there = await self._stores.objects.find(job.owner, FILE, [job.id])
        if job.id not in there or there[job.id].status != IN_PROGRESS:
            raise ClaimLostError(job.id)

    async def _keep(self, job: StoredObject, chunks: list[Chunk], dimensions: int) -> None:
        async with self._database.transaction():
            num_bytes = await self._stores.fill(job, chunks, dimensions)
            await self._jobs.store.write(
                job.id,
                lambda entry: end_reading(_require_wanted(entry), COMPLETED, usage_bytes=num_bytes),
            )

    async def _end(self, job: StoredObject, code: str, message: str) -> None:
        error = VectorStoreFileError.model_validate({"code": code, "message": message})
        await self._jobs.store.write(
            job.id,
            lambda entry: end_reading(
                _require_wanted(entry), FAILED, last_error=error.model_dump()
            ),
        )


def _require_wanted(entry: StoredObject) -> StoredObject:
    """Return an entry that nobody has cancelled.

    Raises:
        ClaimLostError: somebody has.
    """
    if entry.status != IN_PROGRESS:
        raise ClaimLostError(entry.id)
    return entry
