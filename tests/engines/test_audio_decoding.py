# pyright: standard
import random
import struct
import threading
from typing import Literal

import numpy as np
import pytest

from deployments.decoding import SAMPLE_RATE, decode, from_samples
from tests.support.audio_files import encode, noise, nothing, silence, tone
from wire.errors import InvalidRequestError

FILES = [
    ("wav", "pcm_s16le", 16_000, 1),
    ("wav", "pcm_mulaw", 8_000, 1),
    ("wav", "pcm_f32le", 48_000, 2),
    ("mp3", "libmp3lame", 44_100, 2),
    ("ipod", "aac", 44_100, 2),
    ("adts", "aac", 22_050, 1),
    ("ogg", "libopus", 48_000, 2),
    ("webm", "libopus", 48_000, 1),
    ("flac", "flac", 44_100, 2),
    ("matroska", "flac", 44_100, 1),
    ("mov", "alac", 44_100, 1),
    ("aiff", "pcm_s16be", 11_025, 1),
    ("mpegts", "mp2", 44_100, 2),
    ("amr", "libopencore_amrnb", 8_000, 1),
]
MAX_SECONDS = 60
RANDOM_DAMAGES = 12


def heard(data: bytes, max_seconds: float = MAX_SECONDS) -> np.ndarray:
    return decode(data, max_seconds, threading.Event())


def refusal(data: bytes, max_seconds: float = MAX_SECONDS) -> str:
    with pytest.raises(InvalidRequestError) as raised:
        heard(data, max_seconds)
    assert raised.value.param == "file"
    return str(raised.value)


@pytest.mark.parametrize(("container", "codec", "rate", "channels"), FILES)
def test_file_is_heard_at_16_khz_in_one_channel(
    container: str, codec: str, rate: int, channels: int
) -> None:
    audio = heard(encode(noise(1.5, rate, channels), rate, container, codec))

    assert audio.dtype == np.int16
    assert audio.ndim == 1
    assert len(audio) / SAMPLE_RATE == pytest.approx(1.5, abs=0.1)
    assert np.abs(audio).mean() > 500


def test_tone_stays_the_same_tone() -> None:
    audio = heard(encode(tone(1, 44_100, 1000), 44_100, "mp3", "libmp3lame"))

    spectrum = np.abs(np.fft.rfft(audio))
    assert np.argmax(spectrum) * SAMPLE_RATE / len(audio) == pytest.approx(1000, abs=5)


@pytest.mark.parametrize("container", ["mp4", "mov", "matroska", "mpegts", "avi"])
def test_sound_of_a_video_is_heard(container: str) -> None:
    codec = "libmp3lame" if container == "avi" else "aac"

    audio = heard(encode(noise(1, 44_100), 44_100, container, codec, video=True))

    assert len(audio) / SAMPLE_RATE == pytest.approx(1, abs=0.1)


def test_video_without_sound_is_refused() -> None:
    assert "no audio" in refusal(encode(nothing(), container="mp4", video=True))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\0",
        b"hello, I am no audio at all",
        b"\0" * 100_000,
        b"RIFF\xff\xff\xff\xffWAVE",
        b"%PDF-1.7\n" * 1000,
        b"GIF89a" + b"\1" * 1000,
        b"\x89PNG\r\n\x1a\n" + b"\0" * 1000,
        b"ID3\x04\0\0\x7f\x7f\x7f\x7f",
    ],
)
def test_what_is_no_audio_is_refused(data: bytes) -> None:
    assert "not audio" in refusal(data) or "no audio" in refusal(data)


@pytest.mark.parametrize(
    "playlist",
    [
        "#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\n{path}\n#EXT-X-ENDLIST\n",
        "ffconcat version 1.0\nfile '{path}'\n",
        "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nm=audio 9 RTP/AVP 0\n",
        '<?xml version="1.0"?><MPD><BaseURL>{path}</BaseURL></MPD>',
    ],
)
def test_playlist_opens_no_other_file(playlist: str, tmp_path: object) -> None:
    other = f"{tmp_path}/secret.wav"
    with open(other, "wb") as file:
        file.write(encode(noise(1)))

    for path in (other, f"file:{other}", "http://127.0.0.1:9/a.wav", "data:audio/wav;base64,"):
        refusal(playlist.format(path=path).encode())


def test_claimed_size_takes_no_memory() -> None:
    data = bytearray(encode(noise(0.5)))
    data[4:8] = data[data.index(b"data") + 4 : data.index(b"data") + 8] = struct.pack("<I", 2**31)

    assert len(heard(bytes(data))) == SAMPLE_RATE // 2


@pytest.mark.parametrize("rate", [1, 100, 2**31 - 1])
def test_impossible_sample_rate_is_refused(rate: int) -> None:
    data = bytearray(encode(noise(0.5)))
    data[24:28] = struct.pack("<I", rate)

    refusal(bytes(data))


@pytest.mark.parametrize(("container", "codec"), [("wav", "pcm_u8"), ("flac", "flac")])
def test_too_long_audio_is_refused(container: str, codec: str) -> None:
    data = encode(silence(3), container=container, codec=codec)

    assert "longer than the 2 seconds" in refusal(data, max_seconds=2)


def test_short_clip_is_heard() -> None:
    assert len(heard(encode(noise(0.01)))) == 160


@pytest.mark.parametrize("encoding", ["f32le", "s16le"])
def test_samples_without_a_container_are_heard(encoding: Literal["f32le", "s16le"]) -> None:
    half = {"f32le": np.array([0.5, -2], "<f4"), "s16le": np.array([16383, -32767], "<i2")}

    audio = from_samples(half[encoding].tobytes() + b"\1", encoding, 1)

    assert audio.tolist() == [16383, -32767]


@pytest.mark.parametrize(("container", "codec", "rate", "channels"), FILES)
def test_damaged_file_is_heard_in_part_or_refused(
    container: str, codec: str, rate: int, channels: int
) -> None:
    whole = encode(noise(1.5, rate, channels), rate, container, codec)
    chance = random.Random(f"{container} {codec}")
    for _ in range(RANDOM_DAMAGES):
        data = bytearray(whole[: chance.randrange(1, len(whole))])
        for _ in range(chance.choice((0, 1, 20))):
            data[chance.randrange(len(data))] = chance.randrange(256)
        try:
            assert len(heard(bytes(data))) <= MAX_SECONDS * SAMPLE_RATE
        except InvalidRequestError:
            continue


def test_broken_off_file_is_heard_until_there() -> None:
    data = encode(noise(2, 44_100), 44_100, "mp3", "libmp3lame")

    assert 0.5 < len(heard(data[: len(data) // 2])) / SAMPLE_RATE < 1.5


def test_cancelled_decoding_ends() -> None:
    cancelled = threading.Event()
    cancelled.set()

    with pytest.raises(InvalidRequestError):
        decode(encode(noise(1)), MAX_SECONDS, cancelled)
