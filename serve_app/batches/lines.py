"""The lines of a batch: read as they come, sent as a client would send them, written as they end.

The states of a batch are in ``batches``.
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterable, Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from time import monotonic
from typing import Any

from pydantic_core import from_json, to_json
from starlette.types import ASGIApp

from serve_app.batches.internal_requests import InternalAnswer, post
from serve_app.concurrency import TurnSemaphore
from serve_app.models.retrying import RetryPolicy
from serve_app.storage.batch_results import LineResult
from wire.errors import APIError, ModelNotFoundError, ModelUnavailableError, ReplicaLostError
from wire.openai.batches import Line, as_usage, output_line

BUSY = (429, 503)
"""Statuses of what will be answered later."""
BYTE_ORDER_MARK = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class Outcome:
    """The outcome of a line."""

    result: LineResult
    usage: dict[str, Any] = field(default_factory=lambda: as_usage({}))
    model: str | None = None


async def number_lines(
    chunks: AsyncIterable[bytes], max_bytes: int
) -> AsyncGenerator[tuple[int, bytes | None]]:
    """Yield the lines that are not blank, with their numbers; None for what is too long."""
    number, current = 1, bytearray()

    def end_line() -> bytes | None:
        line = bytes(current) if len(current) <= max_bytes else None
        current.clear()
        return line.removeprefix(BYTE_ORDER_MARK) if line and number == 1 else line

    async for chunk in chunks:
        *before, rest = chunk.split(b"\n")
        for part in before:
            current += part[: max_bytes + 1 - len(current)]
            if (line := end_line()) is None or line.strip():
                yield number, line
            number += 1
        current += rest[: max_bytes + 1 - len(current)]
    if (line := end_line()) is None or line.strip():
        yield number, line


class LineSender:
    """Sends lines to the application, a few at a time and with low priority."""

    def __init__(self, app: ASGIApp, at_once: int) -> None:
        self._app = app
        self._places = TurnSemaphore(at_once)
        self._began = monotonic()  # a line does not wait again for a model that is still unknown

    async def send(self, line: Line, endpoint: str, owner: str) -> Outcome:
        """Send a line until it has an answer that waiting would not change."""
        request = to_json(line.body)
        policy = RetryPolicy(began=self._began, wait_for_s=float("inf"))
        while True:
            async with self._places.hold(owner):  # not while it waits: others may have room
                answer = await post(self._app, endpoint, request, owner)
            body = from_json(answer.body)
            error = _temporary_error(answer, body)
            if error is None or not await policy.wait_to_retry(error):
                return _read_outcome(line, answer, body)


class OutcomeWriter:
    """Writes outcomes; those that come while others are being written are written together."""

    def __init__(self, write: Callable[[Sequence[Outcome]], Awaitable[None]]) -> None:
        self._write = write
        self._waiting: list[Outcome] = []
        self._turn = asyncio.Lock()

    async def write(self, outcome: Outcome) -> None:
        """Return once an outcome is written."""
        self._waiting.append(outcome)
        async with self._turn:
            waiting, self._waiting = self._waiting, []
            if waiting:
                await self._write(waiting)


def _read_outcome(line: Line, answer: InternalAnswer, body: Any) -> Outcome:
    ok = answer.status < 300
    written = output_line(line.custom_id, answer.status, answer.request_id, body)
    result = LineResult(line.number, ok, written)
    if not ok:
        return Outcome(result)
    return Outcome(result, as_usage(body.get("usage") or {}), body.get("model"))


def _temporary_error(answer: InternalAnswer, body: Any) -> APIError | None:
    """Return the error of an answer that may be another one later."""
    error = body.get("error")
    code = error.get("code") if isinstance(error, dict) else None  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
    for kind in (ReplicaLostError, ModelNotFoundError):
        if code == kind.code:
            return kind("", None, _retry_after_s(answer))
    return (
        ModelUnavailableError("", None, _retry_after_s(answer)) if answer.status in BUSY else None
    )


def _retry_after_s(answer: InternalAnswer) -> int:
    return int(answer.headers.get("retry-after", 0))
