import json
import struct
from base64 import b64decode

import numpy as np
import pytest

from deployments.embeddings.vectors import cut, embedding_list

VECTORS = np.array([[0.6, -0.8, 0.0], [1e-12, 1 / 3, 2.5]], np.float32)


def test_answer_has_openais_shape() -> None:
    answer = json.loads(embedding_list(VECTORS, "float", 'a "model"', 7))

    assert answer["object"] == "list"
    assert answer["model"] == 'a "model"'
    assert answer["usage"] == {"prompt_tokens": 7, "total_tokens": 7}
    assert [(item["object"], item["index"]) for item in answer["data"]] == [
        ("embedding", 0),
        ("embedding", 1),
    ]
    assert answer["data"][0]["embedding"] == pytest.approx([0.6, -0.8, 0.0], abs=1e-7)
    assert answer["data"][1]["embedding"] == pytest.approx([0.0, 1 / 3, 2.5], abs=1e-7)


def test_base64_is_little_endian_float32() -> None:
    answer = json.loads(embedding_list(VECTORS, "base64", "m", 1))

    assert struct.unpack("<3f", b64decode(answer["data"][1]["embedding"])) == tuple(
        float(number) for number in VECTORS[1]
    )


def test_cut_vector_has_length_one_again() -> None:
    shorter = cut(VECTORS, 2)

    assert shorter.shape == (2, 2)
    assert np.linalg.norm(shorter, axis=1) == pytest.approx([1, 1])


def test_cut_vector_of_zeros_stays_zero() -> None:
    assert not cut(np.zeros((1, 4), np.float32), 2).any()
