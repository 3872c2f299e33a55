# pyright: standard
"""A recording is heard the same, at the same time, in whatever file it comes."""

import struct
import threading
import wave
from collections.abc import Callable
from io import BytesIO

import av
import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.signal import resample_poly

from deployments.decoding import SAMPLE_RATE, decode
from deployments.samples import to_float, to_frame
from embedded.transcriptions.recipe.speech import Speaker, Voice
from tests.support.audio_files import encode
from tests.support.decoded_audio import align
from wire.errors import InvalidRequestError

Samples = NDArray[np.float32]

MAX_SECONDS = 60
LATE_S = 0.06
"""Codecs delay sound, and not every container states by how much."""
ALIKE = 0.75
"""AMR, for telephones, has the least of the sound: 0.8."""

FILES = [
    ("wav", "pcm_u8", 8_000),
    ("wav", "pcm_s16le", 16_000),
    ("wav", "pcm_s24le", 48_000),
    ("wav", "pcm_s32le", 44_100),
    ("wav", "pcm_f32le", 22_050),
    ("wav", "pcm_f64le", 32_000),
    ("wav", "pcm_alaw", 8_000),
    ("wav", "adpcm_ms", 22_050),
    ("w64", "pcm_s16le", 16_000),
    ("aiff", "pcm_s24be", 48_000),
    ("caf", "alac", 44_100),
    ("au", "pcm_s16be", 11_025),
    ("flac", "flac", 48_000),
    ("ogg", "vorbis", 44_100),
    ("ogg", "libopus", 48_000),
    ("webm", "libopus", 48_000),
    ("matroska", "aac", 48_000),
    ("mp3", "libmp3lame", 16_000),
    ("mp3", "libmp3lame", 44_100),
    ("ipod", "aac", 44_100),
    ("mov", "alac", 44_100),
    ("adts", "aac", 24_000),
    ("amr", "libopencore_amrnb", 8_000),
    ("mpegts", "mp2", 44_100),
    ("mpegts", "aac", 48_000),
    ("avi", "libmp3lame", 44_100),
    ("flv", "aac", 44_100),
    ("ac3", "ac3", 48_000),
    ("tta", "tta", 44_100),
    ("wv", "wavpack", 44_100),
]

LAYOUTS: dict[str, Callable[[Samples], list[Samples]]] = {
    "mono": lambda x: [x],
    "stereo": lambda x: [x, x],
    "left": lambda x: [x, 0 * x],
    "right": lambda x: [0 * x, x],
    "inverted": lambda x: [x, -x],
    "inverted and quieter": lambda x: [x, -0.7 * x],
    "5.1": lambda x: [x] * 6,
    "5.1 centre": lambda x: [0 * x, 0 * x, x, 0 * x, 0 * x, 0 * x],
    "5.1 inverted": lambda x: [x, -x, 0 * x, 0 * x, 0 * x, 0 * x],
    "5.1 behind": lambda x: [0 * x, 0 * x, 0 * x, 0 * x, x, -x],
}
MAX_CHANNELS = {"vorbis": 2, "libmp3lame": 2, "mp2": 2, "adpcm_ms": 2, "libopencore_amrnb": 1}

VIDEOS = [
    ("mp4", "aac"),
    ("mov", "aac"),
    ("matroska", "aac"),
    ("matroska", "flac"),
    ("mpegts", "aac"),
    ("mpeg", "mp2"),
    ("nut", "pcm_s16le"),
]


@pytest.fixture(scope="module")
def speech() -> Samples:
    said = Speaker().say("Please close the window.", Voice("en-us+f2", 175, 40)).samples
    return np.pad(said, (4000, 4000)).astype(np.float32)


def decoded(data: bytes) -> Samples:
    return to_float(decode(data, MAX_SECONDS, threading.Event()))


def at(rate: int, speech: Samples) -> Samples:
    """Return the speech at another rate."""
    return resample_poly(speech, rate, SAMPLE_RATE).astype(np.float32)


def assert_heard(data: bytes, speech: Samples, *, late_s: float = 0, extra_s: float = 0) -> None:
    """Require the speech, so many seconds later, and with so much more at the end."""
    samples = decoded(data)
    late, likeness = align(samples, speech, SAMPLE_RATE)
    assert late == pytest.approx(late_s, abs=LATE_S)
    assert likeness > ALIKE
    length = (len(samples) - len(speech)) / SAMPLE_RATE
    assert length == pytest.approx(late_s + extra_s, abs=0.1)


def wav(channels: NDArray[np.float32]) -> bytes:
    """Return a file whose header names no places of its channels."""
    file = BytesIO()
    with wave.open(file, "wb") as output:
        output.setnchannels(len(channels))
        output.setsampwidth(2)
        output.setframerate(SAMPLE_RATE)
        output.writeframes((channels.T * 32767).astype("<i2").tobytes())
    return file.getvalue()


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize(("container", "codec", "rate"), FILES)
def test_speech_is_heard_in_every_file_and_layout(
    speech: Samples, container: str, codec: str, rate: int, layout: str
) -> None:
    channels = np.stack(LAYOUTS[layout](at(rate, speech)))[: MAX_CHANNELS.get(codec)]
    if not channels.any():  # the codec has no room for the ones with speech
        channels = channels + at(rate, speech)
    if codec == "vorbis" and len(channels) == 1:  # FFmpeg's encoder has stereo only
        channels = np.repeat(channels, 2, axis=0)

    assert_heard(encode(channels, rate, container, codec), speech)


@pytest.mark.parametrize("num_channels", [3, 4, 6, 8, 9, 16, 32])
def test_any_of_many_channels_without_names_is_heard(speech: Samples, num_channels: int) -> None:
    for channel in {0, 2, num_channels // 2, num_channels - 1}:
        channels = np.zeros((num_channels, len(speech)), np.float32)
        channels[channel] = speech
        assert_heard(wav(channels), speech)


def test_inverted_channel_among_others_is_heard(speech: Samples) -> None:
    channels = np.zeros((4, len(speech)), np.float32)
    channels[1], channels[3] = speech, -speech

    assert_heard(wav(channels), speech)


def test_inverted_channel_is_heard_at_full_volume_beside_noise(speech: Samples) -> None:
    noise = np.random.default_rng(3).normal(0, 0.02, (2, len(speech))).astype(np.float32)

    samples = decoded(encode(np.stack([speech, -speech]) + noise))

    assert np.square(samples).mean() > 0.8 * np.square(speech).mean()


@pytest.mark.parametrize("late_s", [0.5, 10, 30])
@pytest.mark.parametrize(("container", "codec"), VIDEOS)
def test_sound_that_begins_late_in_a_video_is_heard_then(
    speech: Samples, container: str, codec: str, late_s: float
) -> None:
    sound = at(48_000, speech)[None, :]

    data = encode(sound, 48_000, container, codec, video=True, late_s=late_s)

    assert_heard(data, speech, late_s=late_s)


@pytest.mark.parametrize("container", ["ipod", "matroska", "webm"])
def test_sound_that_begins_late_without_pictures_is_heard_then(
    speech: Samples, container: str
) -> None:
    codec = "libopus" if container == "webm" else "aac"

    data = encode(at(48_000, speech)[None, :], 48_000, container, codec, late_s=10)

    assert_heard(data, speech, late_s=10)


@pytest.mark.parametrize("container", ["mpegts", "ogg"])
def test_recording_cut_out_of_a_broadcast_begins_at_once(speech: Samples, container: str) -> None:
    data = encode(at(48_000, speech)[None, :], 48_000, container, "libopus", late_s=1000)

    assert_heard(data, speech)


@pytest.mark.parametrize(("container", "codec"), VIDEOS)
def test_pause_without_sound_lasts_as_long_as_in_the_file(
    speech: Samples, container: str, codec: str
) -> None:
    sound = at(48_000, np.concatenate([speech, speech]))[None, :]

    samples = decoded(encode(sound, 48_000, container, codec, video=True, pause_s=4))

    later = len(speech) + 4 * SAMPLE_RATE
    assert align(samples[: len(speech)], speech, SAMPLE_RATE)[0] == pytest.approx(0, abs=LATE_S)
    second, likeness = align(samples[later - 4000 :], speech, SAMPLE_RATE)
    assert second == pytest.approx(4000 / SAMPLE_RATE, abs=LATE_S)
    assert likeness > ALIKE


@pytest.mark.parametrize(("container", "pause_s"), [("mpegts", 3000), ("mp4", 3000)])
def test_jump_of_times_is_no_pause(speech: Samples, container: str, pause_s: float) -> None:
    sound = at(48_000, np.concatenate([speech, speech]))[None, :]

    samples = decoded(encode(sound, 48_000, container, "aac", pause_s=pause_s))

    assert len(samples) == pytest.approx(2 * len(speech), abs=SAMPLE_RATE // 10)


def test_sound_in_an_unknown_codec_is_passed_over(speech: Samples) -> None:
    file = BytesIO()
    with av.open(file, "w", format="matroska") as output:
        streams = [output.add_stream("pcm_s16le", rate=SAMPLE_RATE, layout="mono") for _ in "ab"]
        for stream, samples in zip(streams, (0 * speech, speech), strict=True):
            frame = to_frame((samples * 32767).astype(np.int16).tobytes(), SAMPLE_RATE)
            output.mux(stream.encode(frame))
    data = file.getvalue()

    assert not decoded(data).any()
    assert_heard(data.replace(b"A_PCM/INT/LIT", b"A_XYZ/INT/LIT", 1), speech)


SIZES = {"zero": 0, "unknown": 0xFFFFFFFF, "placeholder": 0x7FFFF000, "small": 1000, "odd": 999}


@pytest.mark.parametrize("size", SIZES.values(), ids=SIZES)
@pytest.mark.parametrize("whole", [True, False], ids=["whole", "sound"])
@pytest.mark.parametrize(
    ("container", "codec", "chunk", "form"),
    [
        ("wav", "pcm_s16le", b"data", "<I"),
        ("aiff", "pcm_s16be", b"SSND", ">I"),
        ("caf", "pcm_s16le", b"data", ">q"),
    ],
)
def test_wrong_size_in_the_header_loses_no_speech(
    speech: Samples, container: str, codec: str, chunk: bytes, form: str, size: int, whole: bool
) -> None:
    data = bytearray(encode(speech[None, :], container=container, codec=codec))
    value = -1 if (size, form) == (0xFFFFFFFF, ">q") else size
    struct.pack_into(form, data, data.index(chunk) + 4, value)
    if whole and container != "caf":  # which has no size of the whole
        struct.pack_into(form, data, 4, size)

    assert_heard(bytes(data), speech)


@pytest.mark.parametrize("sizes", [(0, 0), (2**64 - 1, 2**64 - 1), (100, 64)])
def test_wrong_long_size_loses_no_speech(speech: Samples, sizes: tuple[int, int]) -> None:
    data = bytearray(encode(speech[None, :], options={"rf64": "always"}))
    struct.pack_into("<QQ", data, data.index(b"ds64") + 8, *sizes)

    assert data.startswith(b"RF64")
    assert_heard(bytes(data), speech)


@pytest.mark.parametrize("options", [{}, {"write_xing": "0"}, {"id3v2_version": "0"}])
@pytest.mark.parametrize("change", ["none", "id3 size", "frames", "no header"])
def test_mp3_is_heard_with_any_header(
    speech: Samples, options: dict[str, str], change: str
) -> None:
    sound = at(44_100, speech)[None, :]
    data = bytearray(encode(sound, 44_100, "mp3", "libmp3lame", options=options))
    if change == "id3 size" and data.startswith(b"ID3"):
        data[6:10] = b"\x7f" * 4
    if change == "frames" and b"Info" in data:
        struct.pack_into(">II", data, data.index(b"Info") + 8, 3, 3)
    if change == "no header" and data.startswith(b"ID3"):
        data = data[10:]

    assert_heard(bytes(data), speech)


@pytest.mark.parametrize("num_samples", [0, 1000, 2**36 - 1])
def test_wrong_length_of_a_flac_loses_no_speech(speech: Samples, num_samples: int) -> None:
    data = bytearray(encode(speech[None, :], container="flac", codec="flac"))
    data[21] = data[21] & 0xF0 | num_samples >> 32
    struct.pack_into(">I", data, 22, num_samples & 0xFFFFFFFF)

    assert_heard(bytes(data), speech)


@pytest.mark.parametrize(
    "junk",
    [b"TAG" + b" " * 125, bytes(10_000), b"\xa5\x5a junk" * 1000, b"LIST\x04\0\0\0INFO"],
    ids=["tag", "zeros", "junk", "chunk"],
)
@pytest.mark.parametrize(("container", "codec", "rate"), FILES)
def test_what_follows_the_sound_is_not_heard(
    speech: Samples, container: str, codec: str, rate: int, junk: bytes
) -> None:
    sound = at(rate, speech)[None, :]
    if codec == "vorbis":
        sound = np.repeat(sound, 2, axis=0)

    samples = decoded(encode(sound, rate, container, codec) + junk)

    late, likeness = align(samples, speech, SAMPLE_RATE)
    assert late == pytest.approx(0, abs=LATE_S)
    # Formats without a length or marks between frames take what follows for sound.
    assert likeness > (0.1 if container in ("amr", "au") else ALIKE)


@pytest.mark.parametrize(("container", "codec", "rate"), FILES)
def test_file_that_is_cut_off_is_heard_until_there(
    speech: Samples, container: str, codec: str, rate: int
) -> None:
    sound = at(rate, np.concatenate([speech, speech]))[None, :]
    if codec == "vorbis":
        sound = np.repeat(sound, 2, axis=0)
    data = encode(sound, rate, container, codec)
    cut = data[: 8 * len(data) // 10]

    if container in ("ipod", "mov") or (container, codec) == ("caf", "alac"):
        with pytest.raises(InvalidRequestError) as raised:
            decoded(cut)
        assert raised.value.param == "file"
        assert "incomplete" in raised.value.message or container == "caf"
        return
    late, likeness = align(decoded(cut)[: len(speech)], speech, SAMPLE_RATE)
    assert late == pytest.approx(0, abs=LATE_S)
    assert likeness > ALIKE


@pytest.mark.parametrize("container", ["matroska", "flac"])
def test_times_after_a_damage_are_the_files(speech: Samples, container: str) -> None:
    sound = at(48_000, np.tile(speech, 8))[None, :]
    data = bytearray(encode(sound, 48_000, container, "flac"))
    middle = len(data) // 2
    data[middle : middle + 3000] = bytes(3000)

    samples = decoded(bytes(data))

    last = 7 * len(speech)
    late, likeness = align(samples[last:], speech, SAMPLE_RATE)
    assert late == pytest.approx(0, abs=LATE_S)
    assert likeness > ALIKE
