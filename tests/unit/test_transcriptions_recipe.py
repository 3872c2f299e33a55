"""What the embedded transcription model is taught: its sentences, answers and marks in time."""

from random import Random

import pytest
from tokenizers import Tokenizer

from embedded.transcriptions.recipe import lexicon
from embedded.transcriptions.recipe.evaluate import num_errors, words
from embedded.transcriptions.recipe.sentences import draw, is_held_out
from embedded.transcriptions.recipe.tokenizer import build_tokenizer
from embedded.transcriptions.recipe.windows import FRAMES_PER_SECOND, Window, Windows

SECONDS = 8


@pytest.fixture(scope="module")
def tokenizer() -> Tokenizer:
    return build_tokenizer(lexicon.WORDS)


@pytest.fixture(scope="module")
def windows(tokenizer: Tokenizer) -> list[Window]:
    made = Windows(tokenizer)
    return [made.make(Random(seed), SECONDS, 4.0) for seed in range(40)]


def test_lexicon_has_words_enough_each_of_one_token(tokenizer: Tokenizer) -> None:
    tokens = [tokenizer.encode(f" {word}").ids for word in lexicon.WORDS]

    assert len(lexicon.WORDS) > 1500
    assert all(len(ids) == 1 for ids in tokens)


def test_any_text_can_be_a_prompt(tokenizer: Tokenizer) -> None:
    text = " Zorvak said: “naïve” 日本!"

    assert tokenizer.decode(tokenizer.encode(text).ids) == text


@pytest.mark.parametrize("unseen", [False, True])
def test_sentence_is_on_its_side_and_of_the_lexicon(unseen: bool) -> None:
    rng = Random(1)
    known = {word.lower() for word in lexicon.WORDS}

    texts = [draw(rng, unseen=unseen) for _ in range(500)]

    assert all(is_held_out(text) == unseen for text in texts)
    assert {word for text in texts for word in words(text)} <= known


@pytest.mark.parametrize(
    ("said", "heard", "errors"),
    [
        ("a b c", "a b c", 0),
        ("a b c", "a x c", 1),
        ("a b c", "a c", 1),
        ("a b c", "a b b c", 1),
        ("a b c", "", 3),
        ("", "a", 1),
    ],
)
def test_word_errors_are_counted(said: str, heard: str, errors: int) -> None:
    assert num_errors(said.split(), heard.split()) == errors


def test_answer_follows_from_what_is_read(windows: list[Window], tokenizer: Tokenizer) -> None:
    start = tokenizer.get_vocab()["<|startoftranscript|>"]

    for window in windows:
        opening = window.ids.index(start)
        learnt = [i for i, target in enumerate(window.targets) if target >= 0]
        assert learnt
        assert min(learnt) in (opening, opening + 1)  # nothing of what came before is learnt
        assert all(window.ids[i + 1] == window.targets[i] for i in learnt[1:-1])


def test_timestamps_are_of_the_full_window(windows: list[Window], tokenizer: Tokenizer) -> None:
    first = tokenizer.get_vocab_size()

    times = [
        (target - first) / FRAMES_PER_SECOND
        for window in windows
        for target in window.targets
        if target >= first
    ]

    assert times
    assert all(4.0 <= time <= 4.0 + SECONDS for time in times)


def test_each_word_is_marked_where_it_is_heard(windows: list[Window], tokenizer: Tokenizer) -> None:
    by_word = {word.lower(): i + 1 for i, word in enumerate(lexicon.WORDS)}
    checked = 0

    for window in windows:
        for target, span in zip(window.targets, window.spans, strict=True):
            word = tokenizer.decode([target]).strip().lower() if target >= 0 else ""
            if span is None or word not in by_word or span[1] > SECONDS:
                continue
            middle = int((span[0] + span[1]) / 2 * FRAMES_PER_SECOND)
            assert window.words[middle] == by_word[word]
            checked += 1

    assert checked > 100
