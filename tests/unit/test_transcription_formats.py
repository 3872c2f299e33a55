import json
from typing import Any

import pytest

from tests.support.transcript import segment
from wire.languages import language_code, language_name
from wire.openai.transcription_formats import delta_event, done_event, write_transcript

SEGMENTS = frozenset({"segment"})


TRANSCRIPT: dict[str, Any] = {
    "text": "Hello there. Bye & <good>.",
    "task": "transcribe",
    "language": "de",
    "duration": 3725.5,
    "prompt_tokens": 2,
    "completion_tokens": 4,
    "segments": [
        segment(" Hello  there.", 0, 1.5),
        segment(" Bye --> <b> & so\n", 3725.0625, 3725.5),
    ],
    "words": [{"word": "Hello", "start": 0.0, "end": 1.0, "probability": 0.5}],
}


def answer(form: str, granularities: frozenset[str] = SEGMENTS) -> str:
    return write_transcript(TRANSCRIPT, form, granularities)[0].decode()


def test_json_is_the_text_alone() -> None:
    assert json.loads(answer("json")) == {"text": TRANSCRIPT["text"]}


@pytest.mark.parametrize("form", ["text", "txt"])
def test_text_is_one_line(form: str) -> None:
    assert answer(form) == "Hello there. Bye & <good>.\n"


def test_srt_numbers_its_subtitles_and_holds_no_false_arrow() -> None:
    assert answer("srt") == (
        "1\n00:00:00,000 --> 00:00:01,500\nHello there.\n\n"
        "2\n01:02:05,062 --> 01:02:05,500\nBye -> <b> & so\n\n"
    )


def test_vtt_escapes_what_would_be_markup() -> None:
    assert answer("vtt") == (
        "WEBVTT\n\n00:00:00.000 --> 00:00:01.500\nHello there.\n\n"
        "01:02:05.062 --> 01:02:05.500\nBye -&gt; &lt;b&gt; &amp; so\n\n"
    )


def test_lrc_has_minutes_beyond_an_hour() -> None:
    assert answer("lrc") == "[00:00.00]Hello there.\n[62:05.06]Bye -> <b> & so\n"


@pytest.mark.parametrize(
    ("granularities", "has_segments", "has_words"),
    [({"segment"}, True, False), ({"word"}, False, True), ({"word", "segment"}, True, True)],
)
def test_verbose_json_has_the_times_that_were_asked_for(
    granularities: set[str], has_segments: bool, has_words: bool
) -> None:
    verbose = json.loads(answer("verbose_json", frozenset(granularities)))

    assert verbose["language"] == "german"
    assert verbose["task"] == "transcribe"
    assert verbose["duration"] == 3725.5
    assert ("segments" in verbose) is has_segments
    assert ("words" in verbose) is has_words
    if has_words:
        assert verbose["words"] == [{"word": "Hello", "start": 0.0, "end": 1.0}]


def test_verbose_json_of_a_translation_is_in_english() -> None:
    content, _ = write_transcript({**TRANSCRIPT, "task": "translate"}, "verbose_json", SEGMENTS)

    assert json.loads(content)["language"] == "english"


def test_events_add_up_to_the_whole_text() -> None:
    events = [delta_event(segment(" One", 0, 1), True), delta_event(segment(" two", 1, 2), False)]
    deltas = [event.model_dump() for event in events]

    assert [delta["delta"] for delta in deltas] == ["One", " two"]
    usage = done_event("One two", {**TRANSCRIPT, "duration": 1.01}, "json").model_dump()["usage"]
    assert usage["input_token_details"] == {"audio_tokens": 51, "text_tokens": 2}
    assert usage["total_tokens"] == usage["input_tokens"] + usage["output_tokens"] == 57


@pytest.mark.parametrize("text", ["de", "DE", "german", " German ", "de-AT", "de_CH"])
def test_language_may_be_a_code_a_locale_or_a_name(text: str) -> None:
    assert language_code(text) == "de"
    assert language_name("de") == "german"


@pytest.mark.parametrize("text", ["xx", "klingon", "-", "d"])
def test_unknown_language_has_no_code(text: str) -> None:
    assert language_code(text) is None
