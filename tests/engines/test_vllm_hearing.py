# pyright: standard
"""A model that hears, by vLLM, through the whole HTTP application."""

import pytest

from tests.engines.media_parts import ask, audio, refused, told
from tests.support.audio_files import encode as sound
from tests.support.audio_files import tone
from tests.support.pictures import picture


@pytest.mark.parametrize(
    ("form", "codec"), [("flac", "flac"), ("mp3", "libmp3lame"), ("ogg", "libopus")]
)
def test_recording_is_heard_in_any_format(omni: str, form: str, codec: str) -> None:
    wave = told(omni, audio(sound(tone(1))))

    tokens, _ = told(omni, audio(sound(tone(1), container=form, codec=codec), form))

    assert wave[0] > told(omni)[0] + 20
    assert abs(tokens - wave[0]) <= 2
    assert told(omni, audio(sound(tone(1, hertz=2000))))[1] != wave[1]


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (sound(tone(4)), "longer than the 3 seconds"),
        (sound(tone(0.05)), "shorter than 0.1 seconds"),
        (b"RIFF", "damaged"),
        (b"#EXTM3U\n#EXTINF:1,\nhttp://127.0.0.1:1/x.ts\n", "damaged"),
        (picture(), "damaged"),
    ],
    ids=["long", "short", "broken", "playlist", "picture"],
)
def test_recording_that_cannot_be_heard_is_named(omni: str, data: bytes, reason: str) -> None:
    answer = ask(omni, audio(data))

    assert reason in refused(answer, "messages[0].content[1].input_audio")


def test_format_that_is_not_known_is_refused(omni: str) -> None:
    refused(ask(omni, audio(b"x", "doc")), "messages[0].content[1].input_audio.format")
