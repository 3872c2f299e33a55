"""Where texts are split: at borders, without loss, within limits."""

import random

import pytest

from serve_app.documents.chunking import Pieces, split_text

WORDS = [
    "w{} ",
    "w{}\n\n",
    "w{}. ",
    "漢{} ",
    "x{}" + "y" * 70 + " ",
    "é{}é ",
    "_-{}",
    "w{}。",
    "w{}" + " " * 50,
]


def num_tokens(text: str) -> int:
    return Pieces(text).tokens[-1]


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize(("size", "overlap"), [(100, 0), (100, 10), (200, 100)])
def test_chunks_have_the_whole_text_in_order_within_the_limits(
    seed: int, size: int, overlap: int
) -> None:
    chance = random.Random(seed)
    text = "".join(chance.choice(WORDS).format(place) for place in range(1000, 1400))

    end, last = 0, -1
    for chunk in split_text(text, size, overlap, 64):
        start = text.index(chunk.text, last + 1)
        assert start > last
        assert not text[end:start].strip(), "nothing is left out"
        assert end - start <= overlap * 20
        assert num_tokens(chunk.text) <= size
        assert "".join(chunk.parts) == chunk.text
        assert all(num_tokens(part) <= 64 for part in chunk.parts)
        end, last = start + len(chunk.text), start
    assert not text[end:].strip()


def test_chunks_end_with_paragraphs_where_some_are_near() -> None:
    paragraphs = [
        f"Number {place} begins. " + "It goes on for a while. " * 9 for place in range(30)
    ]

    chunks = list(split_text("\n\n".join(paragraphs), 200, 0, 200))

    assert len(chunks) > 5
    assert all(chunk.text.startswith("Number ") for chunk in chunks)


def test_text_without_any_border_is_cut_all_the_same() -> None:
    chunks = [chunk.text for chunk in split_text("a" * 10_000, 100, 0, 100)]

    assert "".join(chunks) == "a" * 10_000
    assert max(map(len, chunks)) <= 400


@pytest.mark.parametrize("text", ["", " \n\t "])
def test_text_of_nothing_has_no_chunks(text: str) -> None:
    assert list(split_text(text, 100, 50, 64)) == []
