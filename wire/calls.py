"""What crosses a handle between the ingress and a replica."""

from dataclasses import dataclass, fields


@dataclass(frozen=True, slots=True)
class Usage:
    """Units of work of one request, for answers, logs and metrics. A kind fills what it has."""

    prompt_tokens: int = 0
    completion_tokens: int = 0
    images: int = 0
    characters: int = 0
    """Characters of text that were spoken."""
    audio_seconds: float = 0
    """Seconds of audio that were made or heard."""

    def __add__(self, other: "Usage") -> "Usage":
        """Return both together."""
        return Usage(*(getattr(self, f.name) + getattr(other, f.name) for f in fields(self)))

    def units(self) -> dict[str, float]:
        """Return the units that are not zero."""
        return {f.name: value for f in fields(self) if (value := getattr(self, f.name))}


@dataclass(frozen=True, slots=True)
class Prefix:
    """What a prompt begins with, as far as the choice of a replica needs it."""

    home: int
    """The same for the requests of one conversation, in every process."""
    begun: int
    """Bytes until the end of what ``home`` stands for."""
    marks: tuple[tuple[int, int], ...]
    """A hash of everything so far and how many bytes that is, at places along the prompt."""


@dataclass(frozen=True, slots=True)
class Call:
    """One request as it crosses a handle.

    ``operation`` names the engine's operation (``chat_completion``, ``tokenize`` …), ``body`` is
    its JSON, ``request_id`` is the id that every log line of the request carries.
    """

    operation: str
    body: bytes
    request_id: str
    places: int = 1
    """How many answers are wanted: each takes a place in the replica."""
    files: tuple[bytes, ...] = ()
    """Images or audio that the request carries, in the order its operation defines."""
    adapter: str = ""
    """The LoRA adapter that answers; the replica loads it if it does not hold it."""
    prefix: Prefix | None = None
    """For the choice of a replica; the replica does not look at it."""
    low_priority: bool = False
    """Whether it goes behind the calls that somebody waits for."""
    joined: bool = False
    """Whether pieces of the answer that wait together may be one: nobody on the way reads them."""


@dataclass(frozen=True, slots=True)
class Reply:
    """A whole answer: its JSON (or, for audio, its bytes), the work it took, and its files."""

    body: bytes
    usage: Usage
    files: tuple[bytes, ...] = ()
