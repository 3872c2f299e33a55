"""When a request that nobody waits for is sent again: one policy for jobs of every kind.

    the model has no room, is loading or has no replica   wait; this counts as nothing
    no model has this name                                wait for ``FIND_FOR_S``
    the replica was lost before it answered               ``MAX_ATTEMPTS`` in all
    any other error                                       is the answer

A request of which clients have seen a part of the answer is not sent again.
"""

import asyncio
import random
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from time import monotonic
from typing import TypeVar

from serve_app.models.calls import Calls
from serve_app.models.discovery import ServedModel
from wire.calls import Kind, Operation, Reply
from wire.errors import (
    APIError,
    ModelNotFoundError,
    ModelOverloadedError,
    ModelUnavailableError,
    ReplicaLostError,
)
from wire.operations import OPERATIONS, AnyBody

T = TypeVar("T")

MAX_ATTEMPTS = 3
"""Of a request whose replica is lost, and of a job whose process is: it may be what ends them."""
WAIT_FOR_S = 3600
"""How long a model that has no room or no replica is waited for."""
FIND_FOR_S = 120
"""How long an unknown one is: after a start, the ingress may be there before its models."""
FIRST_PAUSE_S = 1
LONGEST_PAUSE_S = 5
"""Between two attempts, unless the error names a longer one."""

CountAttempt = Callable[[], Awaitable[int]]
"""Count one more attempt and return how many there are with it."""


class RetryPolicy:
    """Whether and when one request is sent again."""

    def __init__(
        self,
        count_attempt: CountAttempt | None = None,
        *,
        began: float | None = None,
        wait_for_s: float = WAIT_FOR_S,
    ) -> None:
        """Begin to wait at ``began``, else now. Without ``count_attempt``, count in memory."""
        self._count_attempt = count_attempt or self._count_in_memory
        self._attempts = 1
        self._began = monotonic() if began is None else began
        self._wait_for_s = wait_for_s
        self._pause_s: float = FIRST_PAUSE_S

    async def wait_to_retry(self, error: APIError) -> bool:
        """Return True when the request may be sent again, False at once if it may not."""
        if isinstance(error, ReplicaLostError):
            if await self._count_attempt() > MAX_ATTEMPTS:
                return False
        elif monotonic() > self._began + self._limit_s(error):
            return False
        pause_s = max(error.retry_after_s or 0, self._pause_s)
        await asyncio.sleep(pause_s * random.uniform(0.75, 1.25))
        self._pause_s = min(2 * self._pause_s, LONGEST_PAUSE_S)
        return True

    def _limit_s(self, error: APIError) -> float:
        if isinstance(error, ModelNotFoundError):
            return FIND_FOR_S
        is_temporary = isinstance(error, ModelOverloadedError | ModelUnavailableError)
        return self._wait_for_s if is_temporary else float("-inf")

    async def _count_in_memory(self) -> int:
        self._attempts += 1
        return self._attempts


class JobCalls:
    """Calls models on behalf of one job, whose attempts ``count_attempt`` counts."""

    def __init__(self, calls: Calls, count_attempt: CountAttempt) -> None:
        self.calls = calls
        self._count_attempt = count_attempt

    async def find_model(self, kind: Kind, name: str | None) -> ServedModel:
        """Return a model, or the first of its kind.

        Raises:
            ModelNotFoundError: there is none, nor does one appear.
        """

        async def return_model(model: ServedModel) -> ServedModel:
            return model

        return await self.send(kind, name, return_model)

    async def run(self, name: str, operation: Operation, body: AnyBody) -> Reply:
        """Return a model's whole answer.

        Raises:
            APIError: it cannot answer, or not in time.
        """
        kind = OPERATIONS[operation].kind
        return await self.send(kind, name, lambda model: self.calls.run(model, operation, body))

    async def begin_stream(
        self, name: str, operation: Operation, body: AnyBody
    ) -> AsyncGenerator[bytes]:
        """Return a model's answer in pieces, once its first piece is there.

        Raises:
            APIError: it cannot answer, or not in time.
        """

        async def begin(model: ServedModel) -> AsyncGenerator[bytes]:
            pieces = self.calls.stream(model, operation, body)
            return _prepend(await anext(pieces), pieces)

        return await self.send(OPERATIONS[operation].kind, name, begin)

    async def send(
        self, kind: Kind, name: str | None, request: Callable[[ServedModel], Awaitable[T]]
    ) -> T:
        """Send a request to a model until there is an answer that waiting would not change.

        Raises:
            APIError: this is the answer.
        """
        policy = RetryPolicy(self._count_attempt)
        while True:
            try:
                return await request(await self.calls.resolve(kind, name))
            except APIError as error:
                if await policy.wait_to_retry(error):
                    continue
                if isinstance(error, ReplicaLostError):
                    raise ReplicaLostError(
                        f"The request was sent {MAX_ATTEMPTS} times, and each time the replica of "
                        "the model was lost before it answered."
                    ) from error
                raise


async def _prepend(first: bytes, rest: AsyncGenerator[bytes]) -> AsyncGenerator[bytes]:
    async with aclosing(rest):
        yield first
        async for piece in rest:
            yield piece
