"""Semantic search in the files of vector stores.

The store's embeddings model turns the question into a vector; the nearest chunks are the results.
Independent of HTTP and of how files are indexed.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from serve_app.models.calls import Calls
from serve_app.storage.chunks import ChunkRow
from serve_app.storage.object_rows import StoredObject
from serve_app.storage.vector_store_rows import FILE, check_live, entry_id
from serve_app.storage.vector_stores import VectorStores
from serve_app.vector_stores.embedding import embed_questions
from serve_app.vector_stores.index.indexes import Indexes
from wire.errors import InvalidRequestError
from wire.openai.search_filters import Filter

NUM_EXTRA = 16
"""Candidates beyond the requested number: the index is less exact than the stored vectors, and a
file may be deleted during the search."""

MAX_WAIT_S = 60
"""How long a run waits for files in progress, as with OpenAI."""
POLL_INTERVAL_S = 0.25


@dataclass(frozen=True, slots=True)
class SearchResult:
    """A chunk that matches a question."""

    vector_store_id: str
    file_id: str
    filename: str
    score: float
    """Cosine of the angle between the question and the best part of the chunk, not below 0."""
    text: str
    position: int
    """Of the chunk in its file, from 0."""
    attributes: dict[str, Any]


class FileSearch:
    """Searches the vector stores of a database."""

    def __init__(self, stores: VectorStores, indexes: Indexes) -> None:
        self._stores = stores
        self._indexes = indexes

    async def search(
        self,
        calls: Calls,
        owner: str,
        vector_store_ids: Sequence[str],
        query: str | Sequence[str],
        *,
        max_num_results: int = 10,
        score_threshold: float = 0,
        filters: Filter | None = None,
    ) -> list[SearchResult]:
        """Return the chunks that are nearest to a question, or to any of several, the best first.

        Raises:
            NotFoundError: the owner has no such store.
            InvalidRequestError: one has expired.
            ModelUnavailableError: the model that made a store's vectors is not served.
        """
        queries = [query] if isinstance(query, str) else list(query)
        stores = [await self._stores.get(owner, each) for each in dict.fromkeys(vector_store_ids)]
        for store in stores:
            check_live(store)
        questions: dict[str, list[bytes]] = {}
        results = list[SearchResult]()
        for store in stores:
            await self._stores.record_use(store)
            model = (store.state or {}).get("model")
            if model is None or "dimensions" not in (store.state or {}):
                continue  # no file has been indexed yet
            if model not in questions:
                questions[model] = await embed_questions(calls, model, queries)
            results += await self._search_store(store, questions[model], max_num_results, filters)
        results.sort(key=lambda each: -each.score)
        return [each for each in results if each.score >= score_threshold][:max_num_results]

    async def wait_for_files(self, vector_store_ids: Sequence[str]) -> None:
        """Wait until no file of these stores is in progress, up to ``MAX_WAIT_S``."""
        for _ in range(round(MAX_WAIT_S / POLL_INTERVAL_S)):
            counts = await self._stores.counts(vector_store_ids)
            if not any(each.get("in_progress") for each in counts.values()):
                return
            await asyncio.sleep(POLL_INTERVAL_S)

    async def _search_store(
        self, store: StoredObject, questions: list[bytes], count: int, filters: Filter | None
    ) -> list[SearchResult]:
        documents = None
        if filters is not None:
            attributes = await self._stores.attributes(store.id)
            documents = [each for each in attributes if filters.matches(attributes[each])]
        scores = dict[int, float]()
        chunks = dict[int, ChunkRow]()
        for question in questions:
            near = await self._find_near(store, question, count + NUM_EXTRA, documents)
            chunks |= {number: chunk for number, (chunk, _) in near.items()}
            for number, (_, score) in near.items():
                scores[number] = max(score, scores.get(number, 0))
        best = sorted(chunks.values(), key=lambda chunk: -scores[chunk.number])[:count]
        ids = [entry_id(store.id, chunk.document_id) for chunk in best]
        entries = await self._stores.objects.find(store.owner, FILE, ids)
        return [
            SearchResult(
                vector_store_id=store.id,
                file_id=chunk.document_id,
                filename=(entries[name].state or {})["filename"],
                score=scores[chunk.number],
                text=chunk.text,
                position=chunk.position,
                attributes=entries[name].body["attributes"],
            )
            for name, chunk in zip(ids, best, strict=True)
            if name in entries
        ]

    async def _find_near(
        self, store: StoredObject, question: bytes, count: int, documents: list[str] | None
    ) -> dict[int, tuple[ChunkRow, float]]:
        """Return the nearest chunks and their scores, by chunk number."""
        if len(question) // 4 != (store.state or {}).get("dimensions"):
            raise InvalidRequestError(
                f"Vector store '{store.id}' has vectors of another length than its embeddings "
                "model makes now. Make a new store.",
                "vector_store_id",
            )
        numbers = await self._indexes.nearest(store.id, question, count, documents)
        chunks = list((await self._stores.chunks.get_by_numbers(numbers)).values())
        vectors = [chunk.vector for chunk in chunks]
        cosines = await asyncio.to_thread(_compute_similarities, question, vectors)
        pairs = zip(chunks, cosines, strict=True)
        return {chunk.number: (chunk, max(0.0, cosine)) for chunk, cosine in pairs}


def _compute_similarities(question: bytes, vectors: list[bytes]) -> list[float]:
    # Imported at its first use, in a thread, as the index itself is.
    from serve_app.vector_stores.index.usearch_index import similarities

    return similarities(question, vectors)
