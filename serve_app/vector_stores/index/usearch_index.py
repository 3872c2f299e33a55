# pyright: standard
"""The vectors of one store in memory, compared one by one with usearch's kernels.

Imported at the first search only: numpy and usearch are not what an idle ingress should hold. Knows
nothing of the database. Built by one caller at a time; searched by any number meanwhile.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from usearch.compiled import MetricKind
from usearch.index import search

from serve_app.storage.chunks import VectorRow

Vectors = NDArray[np.float16]
"""Rows of length 1. Half the bytes of the stored ones; results are measured again with those."""


@dataclass(frozen=True, slots=True)
class Rows:
    """What was there at one moment: arrays that nobody changes any more."""

    vectors: Vectors
    numbers: NDArray[np.int64]
    """Of the chunk that each vector belongs to; a chunk may have several."""
    documents: NDArray[np.int32]

    @property
    def num_bytes(self) -> int:
        """Memory that it holds."""
        return self.vectors.nbytes + self.numbers.nbytes + self.documents.nbytes

    def __getitem__(self, chosen: Any) -> "Rows":
        """Return some of the rows."""
        return Rows(self.vectors[chosen], self.numbers[chosen], self.documents[chosen])

    def with_room(self, size: int) -> "Rows":
        """Return a copy that ends in rows of nothing."""
        room = Rows(
            np.empty((size, self.vectors.shape[1]), np.float16),
            np.empty(size, np.int64),
            np.empty(size, np.int32),
        )
        end = len(self.numbers)
        room.vectors[:end], room.numbers[:end] = self.vectors, self.numbers
        room.documents[:end] = self.documents
        return room

    def nearest(
        self, question: NDArray[np.float32], count: int, documents: Sequence[int] | None
    ) -> list[int]:
        """Return the numbers of the chunks that are nearest, the nearest first."""
        if documents is not None:
            return self[np.isin(self.documents, documents)].nearest(question, count, None)
        wanted = count
        while len(self.numbers):
            found = search(
                self.vectors,
                question.astype(np.float16),
                min(wanted, len(self.numbers)),
                MetricKind.IP,
                exact=True,
                threads=1,
            )
            numbers = self.numbers[np.asarray(found.keys, np.int64)]
            nearest = list(dict.fromkeys(numbers.tolist()))
            if len(nearest) >= count or wanted >= len(self.numbers):
                return nearest[:count]
            wanted *= 4  # several of them are of one chunk
        return []


class StoreIndex:
    """The index of one store."""

    def __init__(self, length: int) -> None:
        self.length = length
        """Numbers in a vector."""
        self.last_number = 0
        """The last row that it has read."""
        self._codes: dict[str, int] = {}
        self._next_code = 0
        self._room = Rows(
            np.empty((0, length), np.float16), np.empty(0, np.int64), np.empty(0, np.int32)
        )
        self._rows = self._room

    @property
    def num_bytes(self) -> int:
        """Memory that it holds."""
        return self._room.num_bytes + 150 * len(self._codes)  # an id and its place in the dict

    def add(self, rows: Sequence[VectorRow]) -> None:
        """Take up rows of the table.

        Raises:
            ValueError: a vector is of another length.
        """
        gone = {row.document_id: row.number for row in rows if row.vector is None}
        if gone:
            self._drop(gone)
        self._append([row for row in rows if row.number > gone.get(row.document_id, 0)])
        if rows:
            self.last_number = rows[-1].number

    def search(
        self, question: bytes, count: int, documents: Collection[str] | None = None
    ) -> list[int]:
        """Return the numbers of the nearest chunks; of some documents only, where they are given.

        Raises:
            ValueError: the question is of another length.
        """
        rows, codes = self._rows, None
        if documents is not None:
            known = (self._codes.get(each) for each in documents)
            codes = [code for code in known if code is not None]
        return rows.nearest(_unit(question, self.length)[0], count, codes)

    def _append(self, rows: Sequence[VectorRow]) -> None:
        if not rows:
            return
        vectors = _unit(b"".join(row.vector or b"" for row in rows), self.length)
        sizes = [len(row.vector or b"") // (4 * self.length) for row in rows]
        start, end = len(self._rows.numbers), len(self._rows.numbers) + len(vectors)
        room = self._room
        if end > len(room.numbers):
            room = self._rows.with_room(max(end, start * 5 // 4))
        # What is searched now ends before: nobody sees a row that is not whole.
        room.vectors[start:end] = vectors
        room.numbers[start:end] = np.repeat([row.number for row in rows], sizes)
        room.documents[start:end] = np.repeat([self._code(row.document_id) for row in rows], sizes)
        self._room, self._rows = room, room[:end]

    def _code(self, document_id: str) -> int:
        code = self._codes.get(document_id)
        if code is None:
            code = self._codes[document_id] = self._next_code
            self._next_code += 1
        return code

    def _drop(self, document_ids: Iterable[str]) -> None:
        found = (self._codes.pop(each, None) for each in document_ids)
        codes = [code for code in found if code is not None]
        if codes:
            self._rows = self._rows[np.isin(self._rows.documents, codes, invert=True)]
            self._room = self._rows


def similarities(question: bytes, vectors: Sequence[bytes]) -> list[float]:
    """Return the cosines of stored vectors with a question's; of several, the best."""
    length = len(question) // 4
    one = _exact(question, length)[0]
    return [float(np.max(_exact(each, length) @ one)) for each in vectors]


def _exact(data: bytes, length: int) -> NDArray[np.float64]:
    vectors = np.frombuffer(data, "<f4").reshape(-1, length).astype(np.float64)
    norms = np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors / np.where(norms > 0, norms, 1)


def _unit(data: bytes, length: int) -> NDArray[np.float32]:
    """Return vectors of length 1, those without any direction as they are.

    Raises:
        ValueError: these are no vectors of this length.
    """
    vectors = np.frombuffer(data, "<f4").reshape(-1, length)
    largest = np.max(np.abs(vectors), axis=1, keepdims=True)
    scaled = vectors / np.where(largest > 0, largest, 1)  # squares of large numbers are infinite
    norms = np.linalg.norm(scaled, axis=1, keepdims=True)
    return (scaled / np.where(norms > 0, norms, 1)).astype(np.float32)


def numbers(vector: bytes) -> list[float]:
    """Return a stored vector's numbers as they were sent: 0.1, not the float32 next to it."""
    return [float(number) for number in np.frombuffer(vector, "<f4").astype("U32")]
