"""Speech to transcribe: the bench's sentence, spoken by the server, again and again."""

import io
import json
import urllib.request

import av
import numpy as np


def synthesize(url: str, text: str, response_format: str) -> bytes:
    """Return a text, spoken by the server."""
    body = json.dumps({"input": text, "voice": "alloy", "response_format": response_format})
    request = urllib.request.Request(
        f"{url}/v1/audio/speech", body.encode(), {"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=60) as answer:
        return answer.read()


def seconds_of(audio: bytes) -> float:
    """Return the duration of a file."""
    with av.open(io.BytesIO(audio), "r") as container:
        return sum(frame.samples / frame.sample_rate for frame in container.decode(audio=0))


def repeat(wav: bytes, seconds: int) -> bytes:
    """Return a WAV file that repeats a recording up to a duration."""
    with av.open(io.BytesIO(wav), "r") as container:
        rate = container.streams.audio[0].rate
        frames = [frame.to_ndarray().reshape(-1) for frame in container.decode(audio=0)]
    samples = np.resize(np.concatenate(frames), rate * seconds)
    output = io.BytesIO()
    with av.open(output, "w", format="wav") as container:
        stream = container.add_stream("pcm_s16le", rate=rate, layout="mono")
        frame = av.AudioFrame.from_ndarray(samples[None].astype(np.int16), "s16", "mono")
        frame.sample_rate = rate
        container.mux([*stream.encode(frame), *stream.encode(None)])
    return output.getvalue()
