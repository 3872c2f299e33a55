"""What is asked of each kind, of the server and of its bare library alike."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Workload:
    """One request of a kind, and how its work is counted."""

    unit: str
    path: str
    body: dict[str, Any]
    bare: str
    """How the bare library is called."""


TOKENS = 128
TEXT = "The quick brown fox jumps over the lazy dog while the sun sets behind the old mill."
DOCUMENTS = [f"{TEXT} This is document number {number}." for number in range(10)]
SENTENCE = "The weather is fine today, so we walk to the lake and come back before dark."

QUESTIONS = {
    "some sentences": "Who are you and what can you do?",
    "a long answer": "Count from one to twenty in words.",
}
"""What is answered aloud, by how long the embedded model's answer is: 65 and 256 tokens."""

WORKLOADS = {
    "chat": Workload(
        "tokens/s",
        "/v1/chat/completions",
        {
            "messages": [{"role": "user", "content": TEXT}],
            "max_tokens": TOKENS,
            "ignore_eos": True,
            "stream": True,
        },
        "AsyncLLM.generate, one call a caller",
    ),
    "embeddings": Workload(
        "texts/s",
        "/v1/embeddings",
        {"input": TEXT, "encoding_format": "base64"},
        "SentenceTransformer.encode, all callers' texts as one batch",
    ),
    "rerank": Workload(
        "documents/s",
        "/v1/rerank",
        {"query": "Where does the fox jump?", "documents": DOCUMENTS, "return_documents": False},
        "SentenceTransformer.encode of query and documents, one call a caller, and their products",
    ),
    "images": Workload(
        "images/s",
        "/v1/images/generations",
        {"prompt": "a red circle", "response_format": "b64_json"},
        "the pipeline, one call an image, and PNG",
    ),
    "speech": Workload(
        "seconds of audio/s",
        "/v1/audio/speech",
        {"input": SENTENCE, "voice": "alloy", "response_format": "mp3"},
        "espeak_Synth and FFmpeg's MP3 encoder, one sentence after the other",
    ),
    "transcriptions": Workload(
        "seconds of audio/s",
        "/v1/audio/transcriptions",
        {"response_format": "json"},
        "WhisperModel.transcribe in as many threads as it has workers",
    ),
}
