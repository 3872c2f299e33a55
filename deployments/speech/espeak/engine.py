"""espeak-ng: speech by rules, in over a hundred languages, hundreds of times faster than real time.

Has no part in formats or in the turns of requests.
"""

from collections.abc import Iterable
from typing import Self

from deployments.speech.config import SpeechConfig
from deployments.speech.engine import SpeechEngine, Spoken
from deployments.speech.espeak.library import espeak
from deployments.speech.espeak.voices import find_throat, languages
from deployments.speech.segments import Segment, segments
from deployments.speech.tempo import change_tempo
from deployments.threads import Cancelled
from wire.bodies import SpeechBody

SEGMENT_CHARS = 400
"""Half a minute of speech, made in about 40 ms: how long others wait for their turn."""
NORMAL_RATE = 175
"""Words a minute, the library's default."""
SLOWEST_RATE = 88
"""It does not go far below; the rest is stretched."""


class EspeakSynthesizer:
    """The library as a synthesizer."""

    speaks_whole_segments = True

    def __init__(self) -> None:
        self._library = espeak()
        self.sample_rate = self._library.sample_rate

    def segments(self, body: SpeechBody) -> Iterable[Segment]:
        """Return the text in pieces of a few sentences."""
        return segments(body.input, SEGMENT_CHARS)

    def speak(self, segment: Segment, body: SpeechBody, cancelled: Cancelled) -> Iterable[Spoken]:
        """Yield the segment's audio and where its words begin."""
        throat = find_throat(body.voice, body.language)
        file = languages()[throat.language].file
        voice = f"{file}+{throat.variant}" if throat.variant else file
        rate = round(max(SLOWEST_RATE, NORMAL_RATE * body.speed))
        spoken = self._library.speak(segment.text, voice, rate, throat.pitch, cancelled, body.seed)
        rest = min(1.0, body.speed * NORMAL_RATE / rate)
        seconds_per_sample = 1 / self.sample_rate / rest
        marks = tuple((index, sample * seconds_per_sample) for index, sample in spoken.words)
        yield Spoken(change_tempo(bytes(spoken.samples), self.sample_rate, rest), marks)

    def close(self) -> None:
        """Leave the library to the end of the process."""


class EspeakEngine(SpeechEngine):
    """The engine of this library."""

    @classmethod
    async def load(cls, config: SpeechConfig) -> Self:
        """Start the library."""
        return cls(EspeakSynthesizer(), config.max_input_chars)
