"""The indexes that this process holds: built at the first search, kept up to date by each.

A replica keeps nothing that is not in the database, so it may forget any index at any time.
"""

import asyncio
from collections.abc import Collection
from dataclasses import dataclass, field
from time import monotonic
from typing import TYPE_CHECKING

from serve_app.storage.chunks import REMOVALS_KEPT_S, ChunkStore
from serve_app.storage.files import in_thread

if TYPE_CHECKING:
    from serve_app.vector_stores.index.usearch_index import StoreIndex

ANEW_AFTER_S = REMOVALS_KEPT_S / 2
"""An index that nobody has brought up to date for so long may miss removals."""


@dataclass(slots=True)
class _Kept:
    index: "StoreIndex"
    updating: asyncio.Lock = field(default_factory=asyncio.Lock)
    updated_at: float = field(default_factory=monotonic)

    def is_stale(self, length: int) -> bool:
        """Whether it is too old, or the store has begun anew with vectors of another length."""
        return self.index.length != length or monotonic() > self.updated_at + ANEW_AFTER_S


class Indexes:
    """The indexes of the stores of a database, those used last in memory."""

    def __init__(self, chunks: ChunkStore, max_bytes: int) -> None:
        self._chunks = chunks
        self._max_bytes = max_bytes
        self._kept: dict[str, _Kept] = {}

    async def nearest(
        self,
        store_id: str,
        question: bytes,
        count: int,
        documents: Collection[str] | None = None,
    ) -> list[int]:
        """Return the numbers of chunks among which are the ``count`` nearest to a vector.

        All that was committed before is looked at. ``documents``: only theirs. The vector is as
        long as those of the store.
        """
        # In a thread, since it takes a while when it is the first.
        make = await asyncio.to_thread(_index_type)
        kept, length = self._kept.pop(store_id, None), len(question) // 4
        if kept is None or kept.is_stale(length):
            kept = _Kept(make(length))
        self._kept[store_id] = kept  # the last in the dict is the one used last
        found = list[int]()
        async with kept.updating:
            began = monotonic()
            while rows := await self._chunks.read_since(store_id, kept.index.last_number):
                await in_thread(kept.index.add, rows)
                if kept.index.num_bytes > self._max_bytes:
                    # It does not fit: searched in portions, none of which is kept.
                    found += await asyncio.to_thread(kept.index.search, question, count, documents)
                    rest = make(length)
                    rest.last_number = kept.index.last_number
                    kept = _Kept(rest)
                    self._kept.pop(store_id, None)
            kept.updated_at = began
        self._forget_oldest(store_id)
        return found + await asyncio.to_thread(kept.index.search, question, count, documents)

    def forget(self, store_id: str) -> None:
        """Give the memory of a store's index back."""
        self._kept.pop(store_id, None)

    def _forget_oldest(self, current: str) -> None:
        while sum(kept.index.num_bytes for kept in self._kept.values()) > self._max_bytes:
            oldest = next(iter(self._kept))
            if oldest == current:
                return
            del self._kept[oldest]


def _index_type() -> "type[StoreIndex]":
    # Imported here: most of the ingress's time nobody searches.
    from serve_app.vector_stores.index.usearch_index import StoreIndex

    return StoreIndex
