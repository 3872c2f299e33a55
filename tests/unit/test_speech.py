"""Texts in pieces, names of voices and languages, times of characters: no library."""

from itertools import pairwise
from typing import Any

import pytest

from deployments.app import build
from deployments.speech.config import SpeechConfig
from deployments.speech.segments import segments, speakable
from deployments.speech.timing import character_times
from deployments.speech.voices import ELEVENLABS_NAMES, OPENAI_NAMES, with_known_names
from wire.calls import Kind
from wire.card import ModelCard, Voice
from wire.elevenlabs.text_to_speech import OUTPUT_FORMATS, output
from wire.errors import InvalidRequestError
from wire.openai.speech import card_language, card_voice

ESPEAK = SpeechConfig(model_id="voice", backend="espeak-ng").card()
CARD = ModelCard(
    id="voice",
    kind=Kind.SPEECH,
    voices=(
        Voice(id="ana", languages=("en-us", "de"), aliases=("Nova",)),
        Voice(id="bo", languages=("fr-fr",)),
    ),
)


def texts(text: str, most: int, *, one_sentence: bool = False) -> list[str]:
    return [piece.text for piece in segments(text, most, one_sentence=one_sentence)]


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("One. Two! Three?", ["One. ", "Two! ", "Three?"]),
        ("Mr. Smith has 3.14 of it. Yes.", ["Mr. Smith has 3.14 of it. ", "Yes."]),
        ('He said "No." Then left.', ['He said "No." ', "Then left."]),
        ("你好。再见！", ["你好。", "再见！"]),
        ("Title\n\nText", ["Title\n\n", "Text"]),
    ],
)
def test_text_is_cut_at_sentences(text: str, pieces: list[str]) -> None:
    assert texts(text, 200, one_sentence=True) == pieces


def test_long_sentence_is_cut_where_it_hurts_least() -> None:
    assert texts("a clause, and one more", 12) == ["a clause, ", "and one more"]
    assert texts("words words words", 12) == ["words words ", "words"]
    assert texts("x" * 25, 10) == ["x" * 10, "x" * 10, "x" * 5]


@pytest.mark.parametrize("text", ["a. " * 500, "\n\n", "x" * 999, "。" * 50, "A.B.C. " * 99, ""])
@pytest.mark.parametrize("one_sentence", [True, False])
def test_nothing_of_a_text_is_lost(text: str, one_sentence: bool) -> None:
    pieces = list(segments(text, 40, one_sentence=one_sentence))

    assert "".join(piece.text for piece in pieces) == text
    assert all(0 < len(piece.text) <= 40 for piece in pieces)
    assert all(a.start + len(a.text) == b.start for a, b in pairwise(pieces))


def test_control_characters_become_spaces_of_the_same_length() -> None:
    assert speakable("a\x00b\x1b\ud800c\nd") == "a b  c\nd"


def test_times_follow_the_marks_and_are_even_between() -> None:
    times = character_times("ab cd", [(3, 0.9)], 10.0, 1.5)

    assert times["characters"] == ["a", "b", " ", "c", "d"]
    assert times["character_start_times_seconds"] == [10.0, 10.3, 10.6, 10.9, 11.2]
    assert times["character_end_times_seconds"] == [10.3, 10.6, 10.9, 11.2, 11.5]


def test_times_ignore_marks_that_cannot_be() -> None:
    marks = [(9, 0.5), (1, 7.0), (2, 0.5), (1, 0.6), (2, 0.7)]

    starts = character_times("abcd", marks, 0.0, 1.0)["character_start_times_seconds"]

    assert starts == [0.0, 0.25, 0.5, 0.75]


@pytest.mark.parametrize(
    ("name", "voice"), [(None, "ana"), ("bo", "bo"), ("NOVA", "ana"), (" Ana ", "ana")]
)
def test_voice_is_found_by_id_or_alias(name: str | None, voice: str) -> None:
    assert card_voice(CARD, name) == voice


def test_unknown_voice_is_refused_with_those_there_are() -> None:
    with pytest.raises(InvalidRequestError, match=r"no voice 'x'\. Allowed: ana, bo\.") as raised:
        card_voice(CARD, "x")

    assert raised.value.param == "voice"


def test_refusal_of_a_voice_stays_short() -> None:
    with pytest.raises(InvalidRequestError) as raised:
        card_voice(ESPEAK, "y" * 5000)

    assert len(str(raised.value)) < 500
    assert "more (GET /v1/voices lists all)" in str(raised.value)


@pytest.mark.parametrize(
    ("tag", "own"),
    [(None, None), ("", None), ("de", "de"), ("de-DE", "de"), ("DE_at", "de"), ("fr", "fr-fr")],
)
def test_language_is_found_by_a_tag_near_it(tag: str | None, own: str | None) -> None:
    assert card_language(CARD, tag) == own


def test_unknown_language_is_refused_with_those_there_are() -> None:
    with pytest.raises(InvalidRequestError, match="Allowed: en-us, de, fr-fr"):
        card_language(CARD, "tlh")


def test_embedded_card_has_openais_voices_first_and_every_language() -> None:
    ids = [voice.id for voice in ESPEAK.voices]

    assert ids[: len(OPENAI_NAMES)] == list(OPENAI_NAMES)
    assert {"de", "fr-fr", "cmn", "ar", "hi"} <= set(ids)
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize("name", [*OPENAI_NAMES, *ELEVENLABS_NAMES])
def test_well_known_name_leads_to_a_voice_of_its_gender(name: str) -> None:
    gender = OPENAI_NAMES.get(name) or ELEVENLABS_NAMES[name][1]

    voice = next(v for v in ESPEAK.voices if v.id == card_voice(ESPEAK, name))

    assert voice.gender == gender
    assert voice.languages[0].startswith("en")


def test_operators_names_keep_their_place() -> None:
    voices = with_known_names([Voice(id="a", aliases=("alloy",)), Voice(id="Onyx")])

    holders = {name: [v.id for v in voices if name in v.aliases] for name in OPENAI_NAMES}
    assert holders["alloy"] == ["a"]
    assert holders["onyx"] == []
    assert all(len(ids) == 1 for name, ids in holders.items() if name != "onyx")


@pytest.mark.parametrize(
    ("name", "codec", "rate", "bits"),
    [
        (None, "mp3", 44_100, 128_000),
        ("mp3_22050_32", "mp3", 22_050, 32_000),
        ("pcm_16000", "pcm", 16_000, None),
        ("ulaw_8000", "ulaw", 8_000, None),
    ],
)
def test_output_format_is_read(name: str | None, codec: str, rate: int, bits: int | None) -> None:
    read = output(name)

    assert (read.response_format, read.sample_rate, read.bit_rate) == (codec, rate, bits)


def test_unknown_output_format_is_refused_with_all_there_are() -> None:
    with pytest.raises(InvalidRequestError) as raised:
        output("mp3_9000_1")

    assert all(name in str(raised.value) for name in OUTPUT_FORMATS)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"backend": "festival"}, "backend: Input should be 'espeak-ng', 'coqui' or 'piper'"),
        ({"engine_kwargs": {"rate": 9}}, "are for backend 'coqui'"),
        ({"voices": [{"id": ""}]}, "voices.0.id"),
        ({"voices": [{"id": "a", "wav": "x"}]}, "voices.0.wav: Extra inputs"),
        ({"max_input_chars": 0}, "max_input_chars"),
    ],
)
def test_wrong_arguments_are_named(change: dict[str, Any], says: str) -> None:
    arguments = {"kind": "speech", "model_id": "m", "backend": "espeak-ng"} | change

    with pytest.raises(ValueError) as raised:
        build(arguments)

    assert says in str(raised.value)
