# pyright: standard
"""Makes what the model is trained on: a window of sound, its answer, and what is heard when.

A window is what faster-whisper shows the model: features of at most 30 s, zeros after the end. The
answer is in Whisper's form, with timestamps or without, after words of before or after none.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random

import numpy as np
from faster_whisper.feature_extractor import FeatureExtractor
from numpy.typing import NDArray
from tokenizers import Tokenizer

from embedded.transcriptions.recipe import lexicon
from embedded.transcriptions.recipe.sentences import draw
from embedded.transcriptions.recipe.speech import (
    SAMPLE_RATE,
    Speaker,
    Speech,
    Word,
    record,
    voice,
)
from embedded.transcriptions.recipe.tokenizer import NUM_TIMESTAMPS

FRAMES_PER_SECOND = 50
"""Of the encoder; the features have twice as many."""
FULL_SECONDS = 30
MOST_EARLIER_TOKENS = 100
UNHEARD = -100
"""Marks targets that are not learnt, as torch's losses expect it."""

PHONEMES = lexicon.words_of("""
    _ ? @ @L A A@ D E I N O O@ OI S T U U@ V Z a aI aI@ aU aa b d dZ e@ eI f g h i i@ j k l m
    n o@ oU p r s t tS u v w z
""")
PHONEME_IDS = {name: index for index, name in enumerate(PHONEMES)}
_WORD_IDS = {word.lower(): index + 1 for index, word in enumerate(lexicon.WORDS)}
NUM_WORDS = len(lexicon.WORDS) + 1

Span = tuple[float, float] | None


@dataclass(slots=True)
class Window:
    """One example. Frames are the encoder's, of 20 ms."""

    features: NDArray[np.float32]
    """80 x 100 a second."""
    phonemes: NDArray[np.int64]
    words: NDArray[np.int64]
    ids: list[int]
    """What the decoder reads."""
    targets: list[int]
    """What it is to say at each place."""
    read_spans: list[Span]
    """In which seconds of the window that is heard what is read, where there is such a time."""
    spans: list[Span]
    """Likewise of what is to be said."""


@dataclass(slots=True)
class _Track:
    """What is said on a recording, in its order, and when."""

    pieces: list[NDArray[np.float32]] = field(default_factory=list)
    said: list[tuple[float, Speech]] = field(default_factory=list)
    seconds: float = 0.0

    def add_silence(self, seconds: float) -> None:
        self.add_samples(np.zeros(int(seconds * SAMPLE_RATE), np.float32))

    def add_samples(self, samples: NDArray[np.float32]) -> None:
        self.pieces.append(samples)
        self.seconds += len(samples) / SAMPLE_RATE

    def add(self, speech: Speech) -> None:
        self.said.append((self.seconds, speech))
        self.add_samples(speech.samples)


class Windows:
    """Makes windows with one tokenizer and one speaker."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        self.tokenizer, self.speaker = tokenizer, Speaker()
        self._features = FeatureExtractor()
        vocabulary = tokenizer.get_vocab()
        self.end = vocabulary["<|endoftext|>"]
        self._start = vocabulary["<|startoftranscript|>"]
        self._before = vocabulary["<|startofprev|>"]
        self._nothing = vocabulary["<|nospeech|>"]
        self._untimed = vocabulary["<|notimestamps|>"]
        self.first_timestamp = tokenizer.get_vocab_size()

    def make(self, rng: Random, seconds: int, offset: float) -> Window:
        """Return a window so long, which stands ``offset`` seconds after the beginning of one."""
        track = self._track(rng, seconds)
        sound = np.concatenate(track.pieces)
        if track.said or rng.random() < 0.7:
            sound = record(rng, sound)
        heard = self._features(sound)[:, :-1][:, : seconds * 100]
        features = np.zeros((80, seconds * 100), np.float32)
        features[:, : heard.shape[1]] = heard
        phonemes, words = _frames(track, seconds)
        window = Window(features, phonemes, words, [], [], [], [])
        self._earlier(rng, window)
        if not track.said:
            self._say(window, self._start, self._nothing)
            opening = self._untimed if rng.random() < 0.5 else self._timestamp(offset)
            self._say(window, opening, self.end)
        elif rng.random() < 0.35:
            self._answer_untimed(window, track, seconds)
        else:
            self._answer_timed(window, track, seconds, offset)
        return window

    def _track(self, rng: Random, seconds: int) -> _Track:
        track = _Track()
        if rng.random() < 0.04:
            track.add_silence(rng.uniform(0.1, seconds))
            if rng.random() < 0.3:  # noise alone
                noise = np.random.default_rng(rng.getrandbits(32))
                loudness = 10 ** rng.uniform(-4, -1)
                track.add_samples(
                    loudness * noise.standard_normal(rng.randint(8000, 80000), np.float32)
                )
            return track
        track.add_silence(rng.uniform(0, 0.6) if rng.random() < 0.85 else rng.uniform(0, 2))
        speaks, changes = voice(rng), rng.random() < 0.2
        most = seconds if rng.random() < 0.6 else rng.uniform(0, seconds)
        while not track.said or track.seconds < most:
            if track.said:
                track.add_silence(
                    rng.uniform(0.15, 0.9) if rng.random() < 0.9 else rng.uniform(1, 2.5)
                )
            if changes:
                speaks = voice(rng)
            track.add(self.speaker.say(draw(rng), speaks))
        track.add_silence(rng.uniform(0, 0.6))
        return track

    def _earlier(self, rng: Random, window: Window) -> None:
        """Let the decoder read words of before, as it does in the second window of a recording."""
        if rng.random() > 0.3:
            return
        count = rng.randint(1, MOST_EARLIER_TOKENS)
        ids: list[int] = []
        while len(ids) < count:
            ids += self.tokenizer.encode(" " + draw(rng)).ids
        window.ids += [self._before, *ids[-count:]]
        window.targets += [UNHEARD] * (count + 1)
        window.read_spans += [None] * (count + 1)
        window.spans += [None] * (count + 1)

    def _say(
        self, window: Window, read: int, target: int, heard: Span = None, span: Span = None
    ) -> None:
        window.ids.append(read)
        window.targets.append(target)
        window.read_spans.append(heard)
        window.spans.append(span)

    def _timestamp(self, seconds: float) -> int:
        return self.first_timestamp + min(NUM_TIMESTAMPS - 1, round(seconds * FRAMES_PER_SECOND))

    def _pieces(self, word: Word, offset: float) -> list[tuple[int, Span]]:
        """Return the tokens of a word; a mark is heard where the word ends."""
        span, end = (word.start + offset, word.end + offset), word.end + offset
        letters = word.text.rstrip(".?")
        made: list[tuple[int, Span]] = [(i, span) for i in self.tokenizer.encode(" " + letters).ids]
        marks = self.tokenizer.encode(word.text[len(letters) :]).ids
        return made + [(i, (end - 0.06, end + 0.04)) for i in marks]

    def _answer(
        self, window: Window, opening: Sequence[int], said: Sequence[tuple[int, Span]]
    ) -> None:
        """Write an answer: each token is what follows from the one before."""
        for read in opening[:-1]:
            self._say(window, read, UNHEARD)
        read, heard = opening[-1], None
        for token, span in [*said, (self.end, None)]:
            self._say(window, read, token, heard, span)
            read, heard = token, span

    def _answer_untimed(self, window: Window, track: _Track, seconds: int) -> None:
        said = [
            piece
            for at, speech in track.said
            for word in speech.words
            if at + word.end <= seconds
            for piece in self._pieces(word, at)
        ]
        self._answer(window, [self._start, self._untimed], said)

    def _answer_timed(self, window: Window, track: _Track, seconds: int, offset: float) -> None:
        said: list[tuple[int, Span]] = []
        for at, speech in track.said:
            start, end = at + speech.words[0].start, at + speech.words[-1].end
            if start > seconds - 0.1:
                break
            said.append((self._timestamp(offset + start), (start - 0.04, start + 0.06)))
            if end > seconds:  # the next window begins here and repeats it
                break
            said += [piece for word in speech.words for piece in self._pieces(word, at)]
            said.append((self._timestamp(offset + end), (end - 0.06, end + 0.04)))
        self._answer(window, [self._start], said)


def _frames(track: _Track, seconds: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return which phoneme and which word is heard in the middle of each frame."""
    count = seconds * FRAMES_PER_SECOND
    phonemes, words = np.zeros(count, np.int64), np.zeros(count, np.int64)

    def frame(at: float) -> int:
        return max(0, min(count, round(at * FRAMES_PER_SECOND)))

    for at, speech in track.said:
        end = len(speech.samples) / SAMPLE_RATE
        for (name, start), (_, stop) in zip(
            speech.phonemes, [*speech.phonemes[1:], ("_", end)], strict=True
        ):
            phonemes[frame(at + start) : frame(at + stop)] = PHONEME_IDS.get(name, 0)
        for word in speech.words:
            label = _WORD_IDS.get(word.text.rstrip(".?").lower(), 0)
            words[frame(at + word.start) : frame(at + word.end)] = label
    return phonemes, words
