"""How vectors are written: OpenAI's list, with floats or base64, straight to bytes.

A thousand vectors are a million numbers; no object is made for any of them.
"""

from base64 import b64encode
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic_core import to_json

Matrix = NDArray[np.float32]
"""One row a vector."""

DECIMALS = 9
"""Of written floats. float32 has no more at the usual lengths, and they would double the answer."""


def cut(vectors: Matrix, length: int) -> Matrix:
    """Return the beginnings of the vectors, each of length 1 again."""
    beginnings = vectors[:, :length]
    norms = np.linalg.norm(beginnings, axis=1, keepdims=True)
    return beginnings / np.maximum(norms, np.finfo(np.float32).tiny)


def embedding_list(vectors: Matrix, encoding: str, model: str, num_tokens: int) -> bytes:
    """Return the JSON of OpenAI's answer. ``encoding`` is ``float`` or ``base64``."""
    written = _base64(vectors) if encoding == "base64" else _floats(vectors)
    data = b",".join(
        b'{"object":"embedding","index":%d,"embedding":%b}' % (index, vector)
        for index, vector in enumerate(written)
    )
    usage: dict[str, Any] = {"prompt_tokens": num_tokens, "total_tokens": num_tokens}
    return b'{"object":"list","data":[%b],"model":%b,"usage":%b}' % (
        data,
        to_json(model),
        to_json(usage),
    )


def _floats(vectors: Matrix) -> Iterator[bytes]:
    for vector in np.round(vectors.astype(np.float64), DECIMALS):
        yield to_json(vector.tolist())


def _base64(vectors: Matrix) -> Iterator[bytes]:
    for vector in vectors.astype("<f4"):
        yield b'"%b"' % b64encode(vector.tobytes())
