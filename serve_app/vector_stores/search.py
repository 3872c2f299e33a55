"""Finds what files of vector stores say about a question, by meaning.

The question becomes a vector by the model that made the store's; the nearest chunks are the answer.
Knows nothing of HTTP, and nothing of how files came into the stores.
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
from serve_app.vector_stores.embedding import embedded_questions
from serve_app.vector_stores.index.indexes import Indexes
from wire.errors import InvalidRequestError
from wire.openai.search_filters import Filter

SPARE = 16
"""Candidates beyond those that are wanted: the index is less exact than the stored vectors, and a
file may be deleted meanwhile."""

READ_WITHIN_S = 60
"""How long a run waits for files that are being read, as OpenAI's do."""
LOOK_EVERY_S = 0.25


@dataclass(frozen=True, slots=True)
class Found:
    """A chunk that was found."""

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
    ) -> list[Found]:
        """Return what is nearest to a question, or to any of several, the best first.

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
        found = list[Found]()
        for store in stores:
            await self._stores.used(store)
            model = (store.state or {}).get("model")
            if model is None or "dimensions" not in (store.state or {}):
                continue  # no file has been read yet
            if model not in questions:
                questions[model] = await embedded_questions(calls, model, queries)
            found += await self._in_store(store, questions[model], max_num_results, filters)
        found.sort(key=lambda one: -one.score)
        return [one for one in found if one.score >= score_threshold][:max_num_results]

    async def wait_for_files(self, vector_store_ids: Sequence[str]) -> None:
        """Wait until the files of these stores have been read, but not for long."""
        for _ in range(round(READ_WITHIN_S / LOOK_EVERY_S)):
            counts = await self._stores.counts(vector_store_ids)
            if not any(each.get("in_progress") for each in counts.values()):
                return
            await asyncio.sleep(LOOK_EVERY_S)

    async def _in_store(
        self, store: StoredObject, questions: list[bytes], count: int, filters: Filter | None
    ) -> list[Found]:
        documents = None
        if filters is not None:
            attributes = await self._stores.attributes(store.id)
            documents = [each for each in attributes if filters.matches(attributes[each])]
        scores = dict[int, float]()
        chunks = dict[int, ChunkRow]()
        for question in questions:
            near = await self._near(store, question, count + SPARE, documents)
            chunks |= {number: chunk for number, (chunk, _) in near.items()}
            for number, (_, score) in near.items():
                scores[number] = max(score, scores.get(number, 0))
        best = sorted(chunks.values(), key=lambda chunk: -scores[chunk.number])[:count]
        ids = [entry_id(store.id, chunk.document_id) for chunk in best]
        entries = await self._stores.objects.find(store.owner, FILE, ids)
        return [
            Found(
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

    async def _near(
        self, store: StoredObject, question: bytes, count: int, documents: list[str] | None
    ) -> dict[int, tuple[ChunkRow, float]]:
        """Return chunks with their scores, by their numbers."""
        if len(question) // 4 != (store.state or {}).get("dimensions"):
            raise InvalidRequestError(
                f"Vector store '{store.id}' has vectors of another length than its embeddings "
                "model makes now. Make a new store.",
                "vector_store_id",
            )
        numbers = await self._indexes.nearest(store.id, question, count, documents)
        chunks = list((await self._stores.chunks.get_by_numbers(numbers)).values())
        vectors = [chunk.vector for chunk in chunks]
        cosines = await asyncio.to_thread(_similarities, question, vectors)
        pairs = zip(chunks, cosines, strict=True)
        return {chunk.number: (chunk, max(0.0, cosine)) for chunk, cosine in pairs}


def _similarities(question: bytes, vectors: list[bytes]) -> list[float]:
    # Imported where it is needed first, in a thread, as the index itself is.
    from serve_app.vector_stores.index.usearch_index import similarities

    return similarities(question, vectors)
