# pyright: standard
"""Audio files that tests make: any container, codec, rate and number of channels, by PyAV."""

from fractions import Fraction
from io import BytesIO
from typing import Any

import av
import numpy as np
from av.audio.stream import AudioStream
from av.container import OutputContainer
from av.video.stream import VideoStream
from numpy.typing import NDArray

LAYOUTS = {1: "mono", 2: "stereo", 6: "5.1"}
"""Number of channels → FFmpeg's name of where they are heard."""


def noise(seconds: float, rate: int = 16_000, channels: int = 1) -> NDArray[np.float32]:
    """Return the same noise every time, channels first."""
    samples = np.random.default_rng(7).uniform(-0.3, 0.3, (channels, round(seconds * rate)))
    return samples.astype(np.float32)


def tone(seconds: float, rate: int = 16_000, hertz: float = 440) -> NDArray[np.float32]:
    """Return a sine."""
    time = np.arange(round(seconds * rate)) / rate
    return (0.3 * np.sin(2 * np.pi * hertz * time)).astype(np.float32)[None, :]


def nothing() -> NDArray[np.float32]:
    """Return no sound at all, for a file of pictures."""
    return np.zeros((0, 0), np.float32)


def silence(seconds: float, rate: int = 16_000) -> NDArray[np.float32]:
    """Return nothing to hear."""
    return np.zeros((1, round(seconds * rate)), np.float32)


def encode(
    samples: NDArray[np.float32],
    rate: int = 16_000,
    container: str = "wav",
    codec: str = "pcm_s16le",
    video: bool = False,
    *,
    late_s: float = 0,
    pause_s: float = 0,
    options: dict[str, str] | None = None,
) -> bytes:
    """Return a file with this sound, and with pictures before it if wanted.

    Its times begin with ``late_s``, and have a gap of ``pause_s`` in the middle.
    """
    file = BytesIO()
    with av.open(file, "w", format=container, options=options) as output:
        # All streams first: the header is written with the first packet.
        pictures = output.add_stream("mpeg4", rate=10) if video else None
        sound: Any = None
        if len(samples):
            sound = output.add_stream(codec, rate=rate, layout=LAYOUTS[len(samples)])
            sound.codec_context.options = {"strict": "experimental"}  # Vorbis needs it
        if pictures is not None:
            _write_pictures(output, pictures)
        if sound is not None:
            _write_sound(output, sound, samples, rate, late_s, pause_s)
    return file.getvalue()


def _write_sound(
    output: OutputContainer,
    stream: AudioStream,
    samples: NDArray[np.float32],
    rate: int,
    late_s: float,
    pause_s: float,
) -> None:
    layout = LAYOUTS[len(samples)]
    frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(samples), format="fltp", layout=layout)
    frame.sample_rate = rate
    frame.time_base = Fraction(1, rate)
    frame.pts = 0
    context = stream.codec_context
    resampler = av.AudioResampler(
        format=context.format, layout=layout, rate=rate, frame_size=context.frame_size or 1024
    )
    for piece in [*resampler.resample(frame), *resampler.resample(None)]:
        is_after_pause = piece.pts >= samples.shape[1] // 2
        piece.pts += round((late_s + pause_s * is_after_pause) * rate)
        output.mux(stream.encode(piece))
    output.mux(stream.encode(None))


def _write_pictures(output: OutputContainer, stream: VideoStream) -> None:
    stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
    for number in range(10):
        picture = av.VideoFrame.from_ndarray(np.zeros((48, 64, 3), np.uint8), format="rgb24")
        picture.pts, picture.time_base = number, Fraction(1, 10)
        output.mux(stream.encode(picture))
    output.mux(stream.encode(None))
