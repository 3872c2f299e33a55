"""What every kind shares on the wire, and what crosses a handle between ingress and replica."""

from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ConfigDict


class Wire(BaseModel):
    """Base of request bodies: unknown fields are kept for the engine, known ones are checked."""

    model_config = ConfigDict(extra="allow", strict=False, ser_json_inf_nan="constants")


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


@dataclass(frozen=True, slots=True)
class Reply:
    """A whole answer: the response's JSON and the work it took."""

    body: bytes
    usage: Usage


ErrorResponses = dict[int | str, dict[str, Any]]
