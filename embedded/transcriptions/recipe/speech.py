# pyright: standard
"""Speaks sentences by espeak-ng, with the times of each word and phoneme.

Has voices and recordings, and no part of the model that is trained.
"""

from dataclasses import dataclass
from random import Random
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.signal import resample_poly

from deployments.speech.espeak.library import EspeakLibrary, Utterance
from deployments.threads import Cancelled

SAMPLE_RATE = 16_000
LANGUAGES = ("en-us", "en-us", "en", "en-gb-x-rp")
"""As the library finds them: ``en`` is British English."""
THROATS = (
    *("f1", "f2", "f3", "f4", "f5", "m1", "m2", "m3", "m4", "m5", "m6", "m7", "m8"),
    *("Alex", "Alicia", "Andrea", "Annie", "Denis", "Diogo", "Henrique", "Hugo", "Jacky", "Marco"),
    *("Michael", "Mike", "Reed", "adam", "aunty", "belinda", "boris", "david", "ed", "grandma"),
    *("ian", "iven", "john", "max", "michel", "pablo", "paul", "quincy", "rob", "steph", "travis"),
)
UNSEEN_THROATS = (
    "Andy",
    "Gene",
    "Lee",
    "Mario",
    "antonio",
    "edward",
    "iven3",
    "linda",
    "victor",
    "zac",
)
RATES, UNSEEN_RATES = (125, 240), (150, 210)
PITCHES = (10, 90)

_PHONEME_EVENTS_OPTION = 1
_WORD_EVENT, _PHONEME_EVENT, _LIST_END = 1, 7, 0
PAUSE = "_"
"""The phoneme of none."""
_TRIMMED = "'\",:;0123456789#|%=/-"


@dataclass(frozen=True, slots=True)
class Voice:
    """How something is said."""

    name: str
    rate: int
    pitch: int


@dataclass(frozen=True, slots=True)
class Word:
    """A word as it is written, and its times in seconds."""

    text: str
    start: float
    end: float


@dataclass(frozen=True, slots=True)
class Speech:
    """A sentence said: samples at 16 kHz, and what is heard when."""

    text: str
    samples: NDArray[np.float32]
    words: tuple[Word, ...]
    phonemes: tuple[tuple[str, float], ...]
    """Each with its beginning in seconds; a pause is ``_``."""


def voice(rng: Random, *, unseen: bool = False) -> Voice:
    """Return a voice: a throat, a pace and a pitch; ``unseen`` throats are never trained on."""
    throat = rng.choice(UNSEEN_THROATS if unseen else THROATS)
    rate = rng.randint(*(UNSEEN_RATES if unseen else RATES))
    return Voice(f"{rng.choice(LANGUAGES)}+{throat}", rate, rng.randint(*PITCHES))


class Speaker(EspeakLibrary):
    """The library, which also returns phonemes."""

    def __init__(self) -> None:
        super().__init__(_PHONEME_EVENTS_OPTION)
        self._phonemes: list[tuple[str, int]] = []

    def say(self, text: str, voice: Voice) -> Speech:
        """Return the sentence as this voice says it."""
        self._phonemes = []
        spoken = self.speak(text, voice.name, voice.rate, voice.pitch, Cancelled())
        raw = np.frombuffer(bytes(spoken.samples), np.int16).astype(np.float32) / 32768
        samples = resample_poly(raw, 320, 441).astype(np.float32)
        phonemes = tuple((name, sample / self.sample_rate) for name, sample in self._phonemes)
        heard = [at for name, at in phonemes if name != PAUSE]
        end = next(
            (at for name, at in phonemes if name == PAUSE and at > heard[-1]),
            len(raw) / self.sample_rate,
        )
        # What is not cut here is silence, which the model has to learn as silence.
        return Speech(
            text, samples[: int(end * SAMPLE_RATE) + 400], self._words(text, spoken, end), phonemes
        )

    def _words(self, text: str, spoken: Utterance, end: float) -> tuple[Word, ...]:
        """Return the words; those that the library joins share their time by letters."""
        marks = [(place, sample / self.sample_rate) for place, sample in spoken.words]
        pauses = [at for name, at in self._seconds() if name == PAUSE]
        made: list[Word] = []
        for index, (place, start) in enumerate(marks):
            following = marks[index + 1] if index + 1 < len(marks) else (len(text), end)
            stop = min([following[1], *(at for at in pauses if at > start)])
            group = text[place : following[0]].split()
            letters = sum(map(len, group))
            at = start
            for word in group:
                until = at + (stop - start) * len(word) / letters
                made.append(Word(word, at, until))
                at = until
        return tuple(made)

    def _seconds(self) -> list[tuple[str, float]]:
        return [(name, sample / self.sample_rate) for name, sample in self._phonemes]

    def _receive(self, samples: int | None, num_samples: int, events: Any) -> int:
        index = 0
        while events[index].type != _LIST_END:
            if events[index].type == _PHONEME_EVENT:
                name = events[index].id.string.decode(errors="replace")
                plain = PAUSE if name.startswith(PAUSE) else name.strip(_TRIMMED)
                if plain:
                    self._phonemes.append((plain, events[index].sample))
            index += 1
        return super()._receive(samples, num_samples, events)


def record(rng: Random, samples: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the sound as some recorder would keep it: its band, its loudness, its noise."""
    noise = np.random.default_rng(rng.getrandbits(32))
    roll = rng.random()
    if roll < 0.3:  # 8 kHz or 11.025 kHz and back: nothing is left above the half of it
        up, down = (1, 2) if roll < 0.2 else (441, 640)
        samples = resample_poly(resample_poly(samples, up, down), down, up)[: len(samples)]
    samples = samples * np.float32(10 ** (rng.uniform(-25, 3) / 20))
    hiss = noise.standard_normal(len(samples), np.float32)
    if rng.random() < 0.4:
        hiss *= 0
    elif rng.random() < 0.5:  # as a room's: more of it in the depth
        hiss = np.convolve(hiss, np.full(5, 0.6), "same")
    loudness = float(np.sqrt(np.mean(samples**2))) + 1e-6
    hiss *= loudness * 10 ** (-rng.uniform(12, 45) / 20)
    return np.clip(samples + hiss, -1, 1).astype(np.float32)
