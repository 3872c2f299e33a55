import pytest

from deployments.speech.segments import segments
from serve_app.spoken.sentences import MAX_CHARS, SentenceCutter, strip_markup


def cut(text: str, piece: int = 1) -> list[str]:
    """Feed a text in pieces of some characters."""
    cutter = SentenceCutter()
    found: list[str] = []
    for start in range(0, len(text), piece):
        found += cutter.feed(text[start : start + piece])
    return found + cutter.finish()


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("Hello there. How are you?", ["Hello there.", "How are you?"]),
        ("Dr. Smith has 3.14 apples. Really!", ["Dr. Smith has 3.14 apples.", "Really!"]),
        ("J. R. wrote it, e.g. here. Yes.", ["J. R. wrote it, e.g. here.", "Yes."]),
        ('She said "no." Then she left.', ['She said "no."', "Then she left."]),
        ("1. Milk\n2. Bread", ["1. Milk", "2. Bread"]),
        ("你好。今天好吗？好", ["你好。", "今天好吗？", "好"]),
        ("Wait... what?! No", ["Wait...", "what?!", "No"]),
        ("no end", ["no end"]),
        ("Look:\n```python\nimport os\nprint(os)\n```\nDone now.", ["Look:", "Done now."]),
        ("```\nnot closed. At all.", []),
        ("  \n\n ", []),
        ("", []),
    ],
)
@pytest.mark.parametrize("piece", [1, 3, 1000])
def test_text_is_cut_into_its_sentences_however_it_arrives(
    text: str, sentences: list[str], piece: int
) -> None:
    assert cut(text, piece) == sentences


def test_sentence_is_returned_before_the_next_is_complete() -> None:
    cutter = SentenceCutter()

    assert cutter.feed("It rains. The") == ["It rains."]


def test_first_words_are_cut_at_a_comma_and_later_ones_are_not() -> None:
    text = "When the rain is over at last, we go out, all of us. When it is dry, we go, too."

    assert cut(text) == [
        "When the rain is over at last,",
        "we go out, all of us.",
        "When it is dry, we go, too.",
    ]


def test_endless_sentence_is_cut_between_words() -> None:
    sentences = cut("word " * 200)

    assert all(len(sentence) <= MAX_CHARS for sentence in sentences)
    assert " ".join(sentences) == ("word " * 200).strip()


@pytest.mark.parametrize(
    ("written", "heard"),
    [
        ("**Paris** is `big`.", "Paris is big."),
        ("## Title", "Title"),
        ("See [the page](http://x.y).", "See the page."),
        ("2 < 3 and 5 - 4", "2 < 3 and 5 - 4"),
    ],
)
def test_markup_is_not_spoken(written: str, heard: str) -> None:
    assert strip_markup(written) == heard


ABBREVIATIONS = """
A a Mr Mrs Ms Dr Prof St Jr Sr vs etc Nr approx Inc Ltd Co Fig e.g i.e z.B bzw ca
"""


@pytest.mark.parametrize("abbreviation", ABBREVIATIONS.split())
def test_abbreviation_is_cut_neither_here_nor_by_the_speech_engine(abbreviation: str) -> None:
    text = f"So {abbreviation}. it is. Yes."

    assert cut(text)[0] == f"So {abbreviation}. it is."
    assert next(segments(text, 100, one_sentence=True)).text == f"So {abbreviation}. it is. "


@pytest.mark.parametrize("word", ["fig", "st", "co", "inc"])
def test_word_like_an_abbreviation_ends_a_sentence_here_and_there(word: str) -> None:
    text = f"So {word}. It is. Yes."

    assert cut(text)[0] == f"So {word}."
    assert next(segments(text, 100, one_sentence=True)).text == f"So {word}. "
