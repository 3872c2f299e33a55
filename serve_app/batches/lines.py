"""The lines of a batch: read as they come, asked as any client would, kept as they end.

Knows nothing of what a batch goes through besides.
"""

import asyncio
import random
from collections.abc import AsyncGenerator, AsyncIterable, Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from time import monotonic
from typing import Any

from pydantic_core import from_json, to_json
from starlette.types import ASGIApp

from serve_app.batches.internal_requests import Answer, post
from serve_app.models.retrying import FIND_FOR_S
from serve_app.storage.batch_results import LineResult
from wire.errors import ModelNotFoundError, ReplicaLostError
from wire.openai.batches import Line, answered_line, as_usage

BUSY = (429, 503)
"""Statuses of what will be answered later."""
FIRST_PAUSE_S = 1
LONGEST_PAUSE_S = 5
"""Between two questions to a model that has no room or no replica."""
MAX_LOST = 3
"""How many replicas a line may lose: it may be what ends them."""
BYTE_ORDER_MARK = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a line."""

    result: LineResult
    usage: dict[str, Any] = field(default_factory=lambda: as_usage({}))
    model: str | None = None


async def numbered_lines(
    chunks: AsyncIterable[bytes], max_bytes: int
) -> AsyncGenerator[tuple[int, bytes | None]]:
    """Yield the lines that are not blank, with their numbers; None for what is too long."""
    number, begun = 1, bytearray()

    def ended() -> bytes | None:
        line = bytes(begun) if len(begun) <= max_bytes else None
        begun.clear()
        return line.removeprefix(BYTE_ORDER_MARK) if line and number == 1 else line

    async for chunk in chunks:
        *before, rest = chunk.split(b"\n")
        for part in before:
            begun += part[: max_bytes + 1 - len(begun)]
            if (line := ended()) is None or line.strip():
                yield number, line
            number += 1
        begun += rest[: max_bytes + 1 - len(begun)]
    if (line := ended()) is None or line.strip():
        yield number, line


class Asker:
    """Asks the application what lines ask, a few at a time and behind everybody else."""

    def __init__(self, app: ASGIApp, at_once: int) -> None:
        self._app = app
        self._room = asyncio.Semaphore(at_once)
        self._began = monotonic()

    async def outcome(self, line: Line, endpoint: str, owner: str) -> Outcome:
        """Ask until there is an answer that waiting would not mend."""
        asked, lost, pause = to_json(line.body), 0, FIRST_PAUSE_S
        while True:
            async with self._room:  # not while it waits: other models may have room
                answer = await post(self._app, endpoint, asked, owner)
            body = from_json(answer.body)
            code = _code(body)
            lost += code == ReplicaLostError.code
            if lost >= MAX_LOST or not self._may_change(answer, code):
                return _outcome(line, answer, body)
            told = int(answer.headers.get("retry-after", 0))
            await asyncio.sleep(max(told, pause) * random.uniform(0.75, 1.25))
            pause = min(2 * pause, LONGEST_PAUSE_S)

    def _may_change(self, answer: Answer, code: str | None) -> bool:
        if code == ModelNotFoundError.code:  # after a start, models may come later
            return monotonic() < self._began + FIND_FOR_S
        return answer.status in BUSY


class Keeper:
    """Keeps outcomes: those that come while others are being written are written together."""

    def __init__(self, write: Callable[[Sequence[Outcome]], Awaitable[None]]) -> None:
        self._write = write
        self._waiting: list[Outcome] = []
        self._turn = asyncio.Lock()

    async def keep(self, outcome: Outcome) -> None:
        """Return once it is written."""
        self._waiting.append(outcome)
        async with self._turn:
            waiting, self._waiting = self._waiting, []
            if waiting:
                await self._write(waiting)


def _outcome(line: Line, answer: Answer, body: Any) -> Outcome:
    ok = answer.status < 300
    told = answered_line(line.custom_id, answer.status, answer.request_id, body)
    result = LineResult(line.number, ok, told)
    if not ok:
        return Outcome(result)
    return Outcome(result, as_usage(body.get("usage") or {}), body.get("model"))


def _code(body: Any) -> str | None:
    error = body.get("error")
    return error.get("code") if isinstance(error, dict) else None  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
