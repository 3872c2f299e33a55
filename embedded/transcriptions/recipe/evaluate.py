# pyright: standard
"""Measures the embedded transcription model on sentences and voices that training never used.

    python -m embedded.transcriptions.recipe.evaluate [--update-card]

Runs the model as the server does: faster-whisper, int8, with its options, voice detection first.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path
from random import Random

import numpy as np
from faster_whisper import WhisperModel
from numpy.typing import NDArray

from embedded.scores import Score, as_table, share, update_card
from embedded.transcriptions.recipe.sentences import SEED, draw
from embedded.transcriptions.recipe.speech import SAMPLE_RATE, Speaker, Voice, record, voice

FOLDER = Path(__file__).resolve().parents[1]
DECODING = {
    "beam_size": 5,
    "temperature": [0],
    "max_initial_timestamp": 30,
    "condition_on_previous_text": False,
    "no_repeat_ngram_size": 4,
}
"""As in ``configs/test.yaml``."""
NEAR_SECONDS = 0.3
WRITTEN = (  # by a person, of the lexicon's words; training never shows them
    "The green train to London leaves at seven.",
    "My grandmother lives in a small house near the river.",
    "Can you help me find the library?",
    "There are twelve months in the year.",
    "Please close the window before the rain begins.",
    "Thomas and Emma walked along the beach on Sunday morning.",
    "The doctor said that my brother must rest for three days.",
    "How much does the red jacket cost?",
    "We saw an elephant and two giraffes at the zoo.",
    "I would like a cup of tea with milk and sugar.",
    "The teacher asked every student a difficult question.",
    "She opened the old wooden box and found a golden ring.",
    "In winter the lake is covered with ice.",
    "Nobody knew who had stolen the painting from the museum.",
    "Eight hundred people came to the concert in the park.",
    "The captain of the ship is tall and brave.",
    "Have you ever been to Japan or Australia?",
    "He writes a long letter to his daughter every week.",
    "The price of bread is higher than last year.",
    "Turn left at the next corner and stop near the church.",
    "Our dog likes to sleep under the kitchen table.",
    "They built a new bridge over the river in October.",
    "What time does the restaurant close on Friday?",
    "The farmer feeds his cows and sheep early in the morning.",
    "Remember to bring your umbrella because the weather is bad.",
    "The young scientist discovered something important.",
    "I am sorry but I can not come to the party tonight.",
    "Five men carried the heavy piano up to the second floor.",
    "Snow fell on the mountain during the night.",
    "This story has a happy beginning and a sad end.",
)


def words(text: str) -> list[str]:
    """Return the words of a text as they are counted: small letters, no marks."""
    return "".join(c for c in text.lower() if c.isalnum() or c in " '").split()


def num_errors(said: Sequence[str], heard: Sequence[str]) -> int:
    """Return how many words were put in, left out or taken for others, at least."""
    row = list(range(len(heard) + 1))
    for i, word in enumerate(said):
        before, row = row, [i + 1]
        for j, other in enumerate(heard):
            row.append(min(before[j] + (word != other), before[j + 1] + 1, row[j] + 1))
    return row[-1]


class Judge:
    """The model, and the speaker of its recordings."""

    def __init__(self, folder: Path) -> None:
        self._model = WhisperModel(str(folder), device="cpu", compute_type="int8", cpu_threads=1)
        self._speaker = Speaker()
        self.shown: list[tuple[str, str]] = []
        """What was said and what was heard, where they differ."""

    def segments(
        self, samples: NDArray[np.float32], *, vad: bool = True
    ) -> list[tuple[float, float, str]]:
        """Return the segments of a transcription: start, end and text."""
        heard, _ = self._model.transcribe(samples, vad_filter=vad, **DECODING)
        return [(segment.start, segment.end, segment.text) for segment in heard]

    def word_errors(self, texts: Sequence[str], voices: Sequence[Voice], noise: Random) -> Score:
        """Return the word error rate of sentences that are said one by one."""
        errors = total = 0
        for text, speaks in zip(texts, voices, strict=True):
            samples = record(noise, _pad(self._speaker.say(text, speaks).samples))
            heard = " ".join(part for _, _, part in self.segments(samples)).strip()
            wrong = num_errors(words(text), words(heard))
            if wrong:
                self.shown.append((f"{text}   ({speaks.name} {speaks.rate} {speaks.pitch})", heard))
            errors, total = errors + wrong, total + len(words(text))
        return Score("", f"WER {share(errors, total)}", len(texts))

    def recordings(self, rng: Random, count: int) -> tuple[Score, Score]:
        """Return the word errors and the times of recordings of several sentences."""
        errors = total = near = times = 0
        for _ in range(count):
            speaks = voice(rng)
            pieces, said, at = [np.zeros(4000, np.float32)], list[tuple[float, float, str]](), 0.25
            for _ in range(rng.randint(4, 14)):
                speech = self._speaker.say(draw(rng, unseen=True), speaks)
                said.append((at + speech.words[0].start, at + speech.words[-1].end, speech.text))
                gap = np.zeros(int(rng.uniform(0.3, 1.5) * SAMPLE_RATE), np.float32)
                pieces += [speech.samples, gap]
                at += (len(speech.samples) + len(gap)) / SAMPLE_RATE
            heard = self.segments(record(rng, np.concatenate(pieces)))
            text = " ".join(part for _, _, part in said)
            errors += num_errors(words(text), words(" ".join(part for _, _, part in heard)))
            total += len(words(text))
            for start, end, _ in said:
                times += 2
                near += any(abs(start - other) <= NEAR_SECONDS for other, _, _ in heard)
                near += any(abs(end - other) <= NEAR_SECONDS for _, other, _ in heard)
        return (
            Score(
                "recordings of 4 to 14 sentences, trained throats",
                f"WER {share(errors, total)}",
                count,
            ),
            Score("their sentences' starts and ends within 0.3 s", share(near, times), times),
        )

    def silence(self, rng: Random, count: int) -> Score:
        """Return how often nothing is heard in silence and noise, without voice detection."""
        empty = 0
        for index in range(count):
            samples = np.zeros(rng.randint(8_000, 480_000), np.float32)
            if index % 2:
                noise = np.random.default_rng(rng.getrandbits(32))
                samples += 0.003 * noise.standard_normal(len(samples), np.float32)
            empty += not self.segments(samples, vad=False)
        return Score(
            "silence and hiss give no text, without voice detection", share(empty, count), count
        )


def _pad(samples: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.pad(samples, (4000, 8000))


def scores(judge: Judge, count: int = 120) -> list[Score]:
    """Measure everything that the card says."""
    rng = Random(SEED)
    generated = [draw(rng, unseen=True) for _ in range(count)]

    def errors(subject: str, texts: Sequence[str], *, unseen: bool) -> Score:
        score = judge.word_errors(texts, [voice(rng, unseen=unseen) for _ in texts], rng)
        return Score(subject, score.figure, score.asked)

    return [
        errors("generated sentences, trained throats", generated, unseen=False),
        errors("sentences by a person, trained throats", WRITTEN, unseen=False),
        errors("generated sentences, other throats", generated, unseen=True),
        *judge.recordings(rng, count // 6),
        judge.silence(rng, count // 6),
    ]


def main() -> None:
    """Measure from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, default=FOLDER, help="folder of the model")
    parser.add_argument("--count", type=int, default=120, help="generated sentences")
    parser.add_argument("--wrong", type=int, default=0, help="how many mistakes to show")
    parser.add_argument("--update-card", action="store_true", help="write the table to README.md")
    options = parser.parse_args()
    judge = Judge(options.model)
    table = as_table("Score", scores(judge, options.count))
    for said, heard in judge.shown[: options.wrong]:
        print(f"said:  {said}\nheard: {heard}\n")
    print(table)
    if options.update_card:
        update_card(table, options.model / "README.md")


if __name__ == "__main__":
    main()
