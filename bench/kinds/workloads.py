"""The requests of each kind, the same for the server and its bare library."""

import json
from dataclasses import dataclass
from typing import Any

from bench.client.job import Flow

TEXT = "The quick brown fox jumps over the lazy dog while the sun sets behind the old mill."
LENGTHS = (4, 16, 48, 128)
"""Lengths in words of the texts to embed, used by callers in equal shares."""
DOCUMENTS = [f"{TEXT} This is document number {number}." for number in range(10)]
QUERY = "Where does the fox jump?"
SENTENCE = "The weather is fine today, so we walk to the lake and come back before dark."
BOUNDARY = "----------------homeport-bench"
FORM = f"multipart/form-data; boundary={BOUNDARY}"

QUESTIONS = {
    "some sentences": "Who are you and what can you do?",
    "a long answer": "Count from one to twenty in words.",
}
"""Questions for spoken answers, by the length of the answer: 65 and 256 tokens."""


@dataclass(frozen=True, slots=True)
class Load:
    """A number of callers of one kind; for transcriptions, with recordings of a duration."""

    kind: str
    callers: int
    audio_s: int = 0

    @property
    def name(self) -> str:
        """Name in the table."""
        audio = f" of {self.audio_s} s" if self.audio_s else ""
        return f"{self.kind}{audio}, {self.callers}"


UNITS = {
    "embeddings": "texts/s",
    "rerank": "documents/s",
    "images": "images/s",
    "speech": "seconds of audio/s",
    "transcriptions": "seconds of audio/s",
}

BARE = {
    "embeddings": "SentenceTransformer.encode, all callers' texts as one batch",
    "rerank": "SentenceTransformer.encode of query and documents, one call a caller, and their "
    "products",
    "images": "the pipeline, one call an image in the size that is drawn, which Pillow enlarges "
    "and writes as PNG",
    "speech": "espeak_Synth and FFmpeg's MP3 encoder, one sentence after the other",
    "transcriptions": "WhisperModel.transcribe in as many threads as it has workers",
}
"""How each bare library is called."""

LOADS = (
    *(Load("embeddings", callers) for callers in (1, 32, 128)),
    *(Load("rerank", callers) for callers in (1, 32)),
    *(Load("images", callers) for callers in (1, 4)),
    *(Load("speech", callers) for callers in (1, 8)),
    Load("transcriptions", 1, 10),
    Load("transcriptions", 8, 10),
    Load("transcriptions", 1, 60),
    Load("transcriptions", 1, 600),
)

PATHS = {
    "embeddings": "/v1/embeddings",
    "rerank": "/v1/rerank",
    "images": "/v1/images/generations",
    "speech": "/v1/audio/speech",
    "transcriptions": "/v1/audio/transcriptions",
}

BODIES: dict[str, dict[str, Any]] = {
    "rerank": {"query": QUERY, "documents": DOCUMENTS, "return_documents": False},
    "images": {"prompt": "a red circle", "response_format": "b64_json"},
    "speech": {"input": SENTENCE, "voice": "alloy", "response_format": "mp3"},
}


def texts(callers: int) -> list[str]:
    """Return a text for each caller; a single caller gets one of medium length."""
    if callers == 1:
        return [of_words(LENGTHS[1])]
    return [of_words(LENGTHS[number % len(LENGTHS)]) for number in range(callers)]


def of_words(count: int) -> str:
    """Return a text of a number of words."""
    words = TEXT.split()
    return " ".join(words[number % len(words)] for number in range(count))


def form(recording: bytes) -> bytes:
    """Return a request to transcribe, as a form."""
    parts = [
        b'Content-Disposition: form-data; name="response_format"\r\n\r\njson\r\n',
        b'Content-Disposition: form-data; name="file"; filename="a.wav"\r\n'
        b"Content-Type: audio/wav\r\n\r\n" + recording + b"\r\n",
    ]
    opening = f"--{BOUNDARY}\r\n".encode()
    return b"".join(opening + part for part in parts) + f"--{BOUNDARY}--\r\n".encode()


def flows(url: str, load: Load, recordings: dict[int, bytes], spoken_s: float) -> list[Flow]:
    """Return the requests of a load; ``spoken_s`` is the duration of the spoken sentence."""
    where = url + PATHS[load.kind]
    if load.kind == "embeddings":
        by_text: dict[str, int] = {}
        for text in texts(load.callers):
            by_text[text] = by_text.get(text, 0) + 1
        return [
            Flow(where, _json({"input": text, "encoding_format": "base64"}), callers)
            for text, callers in by_text.items()
        ]
    if load.kind == "transcriptions":
        body = form(recordings[load.audio_s])
        return [Flow(where, body, load.callers, units=load.audio_s, content_type=FORM)]
    units = {"rerank": len(DOCUMENTS), "images": 1, "speech": spoken_s}[load.kind]
    return [Flow(where, _json(BODIES[load.kind]), load.callers, units=units)]


def _json(body: dict[str, Any]) -> bytes:
    return json.dumps(body).encode()
