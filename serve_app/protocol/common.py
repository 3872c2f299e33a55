"""What every kind shares on the wire, and what crosses a handle between ingress and replica."""

from dataclasses import dataclass, fields
from typing import Any, cast

from pydantic import BaseModel, ConfigDict


class Wire(BaseModel):
    """Base of request bodies: unknown fields are kept for the engine, known ones are checked."""

    model_config = ConfigDict(extra="allow", allow_inf_nan=False)


class ModelRequest(Wire):
    """What a request to any kind of model may say of the model."""

    model: str | None = None
    """An id or an alias; None: the first model of the kind."""
    backend: str | None = None
    """LocalAI's: the library that must serve the model."""


def type_of(value: object) -> object:
    """Return the type in ``{"type": "url"}``, an object in place of a word; else ``value``."""
    return cast("dict[str, Any]", value).get("type") if isinstance(value, dict) else value


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
    is_behind: bool = False
    """Whether it goes behind the calls that somebody waits for."""
    joined: bool = False
    """Whether pieces of the answer that wait together may be one: nobody on the way reads them."""


@dataclass(frozen=True, slots=True)
class Reply:
    """A whole answer: its JSON (or, for audio, its bytes), the work it took, and its files."""

    body: bytes
    usage: Usage
    files: tuple[bytes, ...] = ()
