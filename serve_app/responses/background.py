"""Responses that are made while nobody waits: kept as a queue, taken up by any ingress replica.

Who works on one holds a lease. When its process ends, the lease does too, and another begins anew.
"""

import asyncio
import uuid
from collections.abc import AsyncGenerator
from contextlib import aclosing
from time import time
from typing import Any

from serve_app.jobs.worker import LEASE_S, RENEW_EVERY_S, take_up_forever
from serve_app.models.calls import Calls
from serve_app.models.registry import Registry
from serve_app.models.retrying import begin_stream
from serve_app.observability import RequestLog, RequestRecord
from serve_app.responses.turn import (
    ENDS,
    History,
    Turn,
    failed,
    failure_event,
)
from serve_app.storage.conversations import ConversationStore
from serve_app.storage.database import Database
from serve_app.storage.responses import UNFINISHED, ResponseStore, StoredResponse
from wire.calls import Kind, Operation
from wire.errors import (
    APIError,
    InvalidRequestError,
    ReplicaLostError,
    internal_error,
)
from wire.logging import get_logger
from wire.openai.responses import ResponseRequest
from wire.sse import read_data, read_name

logger = get_logger(__name__)

FOLLOW_EVERY_S = 0.1
"""How often someone who follows a stream is told what is new."""
MAX_AT_ONCE = 8
"""In one ingress replica: what is asked now goes before."""


class BackgroundResponses:
    """Makes responses of the queue, and tells how far they are."""

    def __init__(
        self,
        registry: Registry,
        database: Database,
        log: RequestLog,
    ) -> None:
        self._registry = registry
        self._database = database
        self._responses = ResponseStore(database)
        self._conversations = ConversationStore(database)
        self._log = log
        self._holder = uuid.uuid4().hex
        self._added = asyncio.Event()
        self._working: set[asyncio.Task[None]] = set()

    async def add(self, turn: Turn, history: History) -> dict[str, Any]:
        """Put a response into the queue and return it as it is now."""
        answer = _queued(turn)
        await self._responses.add(turn.stored(history.owner, answer))
        self._added.set()
        return answer

    async def cancel(self, history: History, response_id: str) -> dict[str, Any]:
        """Stop a response and return it.

        Raises:
            NotFoundError: there is none.
            InvalidRequestError: it is not made in the background, or has ended.
        """
        kept = await history.responses.get(history.owner, response_id)
        if not kept.background:
            raise InvalidRequestError(
                f"Response '{response_id}' is not made in the background: close its connection.",
                "response_id",
            )
        if kept.status == "cancelled":
            return kept.body
        cancelled = {**kept.body, "status": "cancelled"}
        if await history.responses.finish(response_id, "cancelled", cancelled):
            return cancelled
        now = await history.responses.get(history.owner, response_id)
        raise InvalidRequestError(
            f"Response '{response_id}' is {now.status}: only one that is queued or in progress "
            "can be cancelled.",
            "response_id",
        )

    async def follow(self, history: History, response_id: str, after: int) -> AsyncGenerator[bytes]:
        """Yield the events of a response behind the one of this number, until its end.

        Raises:
            NotFoundError: there is no such response.
            InvalidRequestError: it was not made as a stream.
        """
        kept = await history.responses.get(history.owner, response_id)
        told = after >= 0
        while True:
            # In this order: a response and its last event are kept as one.
            ended = kept.status not in UNFINISHED
            for number, frame in await history.responses.events(history.owner, response_id, after):
                yield frame
                after, told = number, True
            if not told and (ended or not (kept.request or {}).get("stream")):
                raise InvalidRequestError(
                    f"Response '{response_id}' has no events: it was not created with "
                    "'background' and 'stream'.",
                    "stream",
                )
            if ended:
                return
            await asyncio.sleep(FOLLOW_EVERY_S)
            kept = await history.responses.get(history.owner, response_id)

    async def work_forever(self) -> None:
        """Take up what is in the queue, until cancelled; what is not finished then goes back."""
        await take_up_forever(self._take_one, lambda: list(self._working), self._added)

    async def _take_one(self) -> bool:
        if len(self._working) >= MAX_AT_ONCE:
            return False
        try:
            job = await self._responses.claim(self._holder, LEASE_S)
        except Exception:
            logger.exception("The queue of responses cannot be read")
            return False
        if job is None:
            return False
        task = asyncio.create_task(self._work_on(job))
        self._working.add(task)
        task.add_done_callback(self._working.discard)
        return True

    async def _work_on(self, job: StoredResponse) -> None:
        record = RequestRecord("POST", "/v1/responses", job.id)
        status = 200
        making = asyncio.create_task(self._make(job, Calls(self._registry, record)))
        try:
            while not making.done():
                await asyncio.wait({making}, timeout=RENEW_EVERY_S)
                held = await self._responses.keep(job.id, self._holder, LEASE_S)
                if held not in UNFINISHED and not making.done():
                    return  # cancelled, or another holds it
            making.result()
        except Exception as failure:
            if isinstance(failure, APIError):
                error = failure
            else:
                logger.exception("Response %s failed", job.id)
                error = internal_error(job.id)
            record.error_code, status = error.label, error.status
            await self._fail(job, error)
        finally:
            making.cancel()
            self._log.finished(record, status)

    async def _make(self, job: StoredResponse, calls: Calls) -> None:
        asked = job.request or {}
        if await self._responses.events(job.owner, job.id):
            raise ReplicaLostError("The server that made this response ended in the middle of it.")
        events = await begin_stream(
            calls, Kind.CHAT, job.model, Operation.RESPONSE, {**asked, "stream": True}
        )
        async with aclosing(events):
            await self._write(job, events, keeps_events=bool(asked.get("stream")))

    async def _write(
        self, job: StoredResponse, events: AsyncGenerator[bytes], *, keeps_events: bool
    ) -> None:
        """Keep the response and, where someone may follow, its events."""
        waiting: list[tuple[int, bytes]] = []
        number, written = 0, 0.0
        async for frame in events:
            if keeps_events:
                waiting.append((number, frame))
            number += 1
            if read_name(frame) in ENDS:
                await self._finish(job, read_data(frame)["response"], waiting)
            elif waiting and time() - written > FOLLOW_EVERY_S:
                await self._responses.add_events(job.id, waiting, holder=self._holder)
                waiting, written = [], time()

    async def _finish(
        self, job: StoredResponse, answer: dict[str, Any], events: list[tuple[int, bytes]]
    ) -> None:
        async with self._database.transaction():
            kept = await self._responses.finish(
                job.id, answer["status"], answer, holder=self._holder, events=events
            )
            if kept and job.conversation_id:
                said = [*job.input, *answer["output"]]
                await self._conversations.add_items(job.owner, job.conversation_id, said)

    async def _fail(self, job: StoredResponse, error: APIError) -> None:
        answer = failed(job.body, error)
        events: list[tuple[int, bytes]] = []
        if (job.request or {}).get("stream"):
            told = await self._responses.events(job.owner, job.id)
            number = told[-1][0] + 1 if told else 0
            events = [(number, failure_event(job.body, error, number))]
        await self._responses.finish(job.id, "failed", answer, holder=self._holder, events=events)


def _queued(turn: Turn) -> dict[str, Any]:
    """Return a response that waits, with the fields that it will have."""
    body: ResponseRequest = turn.body
    return {
        "id": turn.id,
        "object": "response",
        "created_at": int(time()),
        "completed_at": None,
        "status": "queued",
        "error": None,
        "incomplete_details": None,
        "instructions": body.instructions,
        "max_output_tokens": body.max_output_tokens,
        "metadata": body.metadata or {},
        "model": turn.model.id,
        "output": [],
        "parallel_tool_calls": body.parallel_tool_calls is not False,
        "prompt": None,
        "reasoning": body.reasoning or {"effort": None, "summary": None},
        "service_tier": "default",
        "temperature": body.temperature,
        "text": body.text or {"format": {"type": "text"}},
        "tools": body.tools or [],
        "top_logprobs": body.top_logprobs or 0,
        "top_p": body.top_p,
        "truncation": body.truncation or "disabled",
        "usage": None,
        **body.shown(),
    }
