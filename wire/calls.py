"""What crosses a handle between the ingress and a replica."""

from dataclasses import dataclass, fields
from enum import StrEnum


class Kind(StrEnum):
    """What a model does."""

    CHAT = "chat"
    EMBEDDINGS = "embeddings"
    IMAGES = "images"
    RERANK = "rerank"
    SPEECH = "speech"
    TRANSCRIPTIONS = "transcriptions"


class Operation(StrEnum):
    """What a replica is called for. Each belongs to one kind: :mod:`wire.operations`."""

    CHAT_COMPLETION = "chat_completion"
    COMPLETION = "completion"
    RESPONSE = "response"
    RESPONSE_INPUT_TOKENS = "response_input_tokens"
    MESSAGE = "message"
    MESSAGE_TOKENS = "message_tokens"
    TOKENIZE = "tokenize"
    DETOKENIZE = "detokenize"
    EMBEDDINGS = "embeddings"
    RERANK = "rerank"
    IMAGE_GENERATION = "generation"
    IMAGE_EDIT = "edit"
    IMAGE_VARIATION = "variation"
    SPEECH = "speech"
    SPEECH_WITH_TIMESTAMPS = "speech_with_timestamps"
    ENCODE_SPEECH = "encode"
    TRANSCRIPTION = "transcription"
    VAD = "vad"


@dataclass(frozen=True, slots=True)
class Usage:
    """Units of work of one request, for answers, logs and metrics. A kind fills what it has."""

    prompt_tokens: int = 0
    completion_tokens: int = 0
    images: int = 0
    characters: int = 0
    """Characters of text that were spoken."""
    audio_seconds: float = 0
    """Seconds of audio that were synthesized or transcribed."""

    def __add__(self, other: "Usage") -> "Usage":
        """Return the sum."""
        return Usage(*(getattr(self, f.name) + getattr(other, f.name) for f in fields(self)))

    def units(self) -> dict[str, float]:
        """Return the units that are not zero."""
        return {f.name: value for f in fields(self) if (value := getattr(self, f.name))}


@dataclass(frozen=True, slots=True)
class Prefix:
    """Hashes of a prompt's beginning, by which the router chooses a replica."""

    home: int
    """A hash that is the same for all requests of a conversation, in every process."""
    home_bytes: int
    """How many bytes of the prompt ``home`` covers."""
    marks: tuple[tuple[int, int], ...]
    """Positions along the prompt: a hash of all before it, and how many bytes that is."""


@dataclass(frozen=True, slots=True)
class Call:
    """One request as it crosses a handle."""

    operation: Operation
    body: bytes
    """The operation's body as JSON; :mod:`wire.operations` has its type."""
    request_id: str
    """The id in every log line of the request."""
    slots: int = 1
    """How many answers are wanted: each takes a slot in the replica."""
    files: tuple[bytes, ...] = ()
    """Images or audio, in the order that the operation defines."""
    adapter: str = ""
    """The LoRA adapter that answers; the replica loads it if it does not hold it."""
    prefix: Prefix | None = None
    """Read by the router that chooses a replica, not by the replica."""
    low_priority: bool = False
    """Whether calls of interactive clients go first."""
    coalesce: bool = False
    """Whether waiting pieces of the answer may be joined: the ingress does not parse them."""
    owner: str = ""
    """Whose call it is, by :func:`wire.turns.name_owner`: where calls wait, owners take turns."""


@dataclass(frozen=True, slots=True)
class Reply:
    """A whole answer: its JSON (or, for audio, its bytes), the work it took, and its files."""

    body: bytes
    usage: Usage
    files: tuple[bytes, ...] = ()
