"""What every kind shares on the wire, and what crosses a handle between ingress and replica."""

from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict


class Wire(BaseModel):
    """Base of request bodies: unknown fields are kept for the engine, known ones are checked."""

    model_config = ConfigDict(extra="allow", allow_inf_nan=False)


@dataclass(frozen=True, slots=True)
class Usage:
    """Units of work of one request, for logs and metrics."""

    prompt_tokens: int = 0
    completion_tokens: int = 0


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


@dataclass(frozen=True, slots=True)
class Reply:
    """A whole answer: the response's JSON and the work it took."""

    body: bytes
    usage: Usage
