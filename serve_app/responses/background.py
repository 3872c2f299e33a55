"""Responses that are made in the background: jobs of the queue, and how clients follow them.

A response of which no events are kept is begun anew when its process, its replica or the database
fails. One of which clients may have read a part is not.
"""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from functools import partial
from time import time
from typing import Any

from serve_app.jobs.worker import RENEW_EVERY_S, Jobs
from serve_app.models.calls import Calls
from serve_app.models.checks import Checks
from serve_app.models.discovery import ServedModel
from serve_app.models.registry import Registry
from serve_app.models.retrying import JobCalls
from serve_app.observability import RequestLog, RequestRecord
from serve_app.responses.turn import (
    CREATED,
    ENDS,
    History,
    Turn,
    fail_response,
    write_failure,
)
from serve_app.storage.conversations import ConversationStore
from serve_app.storage.database import Database
from serve_app.storage.jobs import ClaimLostError
from serve_app.storage.object_rows import StoredObject
from serve_app.storage.responses import UNFINISHED, ResponseStore, StoredResponse
from wire.calls import Kind, Operation
from wire.errors import (
    APIError,
    InvalidRequestError,
    ReplicaLostError,
    StorageUnavailableError,
    internal_error,
)
from wire.openai.responses import ModelResponse
from wire.sse import read_data, read_name, write_event

FOLLOW_EVERY_S = 0.1
"""How often new events are written, and read for those who follow them."""
UNFINISHED_ANSWER = "The answer of the model's replica ended before it was complete."

UNSET_SAMPLING: dict[str, Any] = {
    "temperature": 1.0,
    "top_p": 1.0,
    "frequency_penalty": 0.0,
    "presence_penalty": 0.0,
}
"""OpenAI's defaults, shown until the model's own are known."""

QUEUED = (CREATED, "response.queued")
"""Names of the events that a streamed response has before a model works on it."""

Event = tuple[int, bytes]
"""The sequence number of an event, and the event."""


class BackgroundResponses:
    """Queues, makes, cancels and follows responses."""

    def __init__(
        self, registry: Registry, database: Database, jobs: Jobs, log: RequestLog, checks: Checks
    ) -> None:
        self._registry = registry
        self._database = database
        self._responses = ResponseStore(database)
        self._conversations = ConversationStore(database)
        self._jobs = jobs
        self._log = log
        self._checks = checks

    async def add(self, turn: Turn, history: History) -> dict[str, Any]:
        """Add a response to the queue and return it as it is now."""
        answer = _queue_turn(turn)
        events = _queue_events(answer) if turn.body.stream else []
        await self._responses.add(turn.to_stored(history.owner, answer), events)
        self._jobs.wake()
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
        """Yield the events of a response after the one of this number, until its end.

        Raises:
            NotFoundError: there is no such response.
            InvalidRequestError: it was not made as a stream.
        """
        kept = await history.responses.get(history.owner, response_id)
        has_events = after >= 0
        while True:
            # In this order: a response and its last event are kept as one.
            ended = kept.status not in UNFINISHED
            for number, frame in await history.responses.events(history.owner, response_id, after):
                yield frame
                after, has_events = number, True
            if not has_events and (ended or not (kept.request or {}).get("stream")):
                raise InvalidRequestError(
                    f"Response '{response_id}' has no events: it was not created with "
                    "'background' and 'stream'.",
                    "stream",
                )
            if ended:
                return
            await asyncio.sleep(FOLLOW_EVERY_S)
            kept = await history.responses.get(history.owner, response_id)

    async def work(self, job: StoredObject) -> None:
        """Make a response.

        Raises:
            ClaimLostError: it is another's now, has been cancelled or is gone.
            APIError: it fails.
        """
        record = RequestRecord("POST", "/v1/responses", job.id, job.owner, is_large=True)
        status = 200
        count_attempt = partial(self._jobs.store.count_attempt, job.id)
        try:
            await self._make(
                job, JobCalls(Calls(self._registry, record, self._checks), count_attempt)
            )
        except ClaimLostError:
            raise
        except Exception as failure:
            error = failure if isinstance(failure, APIError) else internal_error(job.id)
            record.error_code, status = error.label, error.status
            raise
        finally:
            self._log.write(record, status)

    async def fail(self, job: StoredObject, error: APIError) -> None:
        """End a response that cannot be made."""
        response = await self._responses.get(job.owner, job.id)
        events: list[Event] = []
        if (response.request or {}).get("stream"):
            kept = await self._responses.events(job.owner, job.id)
            number = kept[-1][0] + 1 if kept else 0
            events = [(number, write_failure(response.body, error, number))]
        async with self._database.transaction():
            await self._jobs.store.lock(job.id)
            await self._responses.finish(
                job.id, "failed", fail_response(response.body, error), events=events
            )

    async def _make(self, job: StoredObject, calls: JobCalls) -> None:
        async with self._database.transaction():
            await self._jobs.store.lock(job.id)
            response = await self._responses.begin(job.owner, job.id)
        request = {**(response.request or {}), "stream": True}
        if not (response.request or {}).get("stream"):
            answer = await calls.send(
                Kind.CHAT, response.model, partial(_read_answer, calls.calls, request)
            )
            await self._finish(response, answer, [])
            return
        if await self._responses.events(job.owner, job.id, after=len(QUEUED) - 1):
            raise ReplicaLostError("The server that made this response ended in the middle of it.")
        # Of the model's events, the first is left out: another was sent when it was queued.
        request["num_events_before"] = len(QUEUED) - 1
        events = await calls.begin_stream(response.model, Operation.RESPONSE, request)
        async with aclosing(events):
            await self._write(response, events)

    async def _write(self, response: StoredResponse, events: AsyncGenerator[bytes]) -> None:
        """Keep the events, for whoever follows them, and the response with the last one."""
        unwritten: list[Event] = []
        number, written, has_ended = len(QUEUED), 0.0, False
        async for frame in events:
            if read_name(frame) == CREATED:
                continue
            unwritten.append((number, frame))
            number += 1
            if read_name(frame) in ENDS:
                await self._finish(response, read_data(frame)["response"], unwritten)
                has_ended = True
            elif time() - written > FOLLOW_EVERY_S:
                await _write_when_reachable(partial(self._add_events, response, unwritten))
                unwritten, written = [], time()
        if not has_ended:
            raise ReplicaLostError(UNFINISHED_ANSWER)

    async def _add_events(self, response: StoredResponse, events: list[Event]) -> None:
        async with self._database.transaction():
            await self._jobs.store.lock(response.id)
            await self._responses.add_events(response.id, events)

    async def _finish(
        self, response: StoredResponse, answer: dict[str, Any], events: list[Event]
    ) -> None:
        async def write() -> None:
            async with self._database.transaction():
                await self._jobs.store.lock(response.id)
                kept = await self._responses.finish(
                    response.id, answer["status"], answer, events=events
                )
                if kept and response.conversation_id:
                    items = [*response.input, *answer["output"]]
                    await self._conversations.add_items(
                        response.owner, response.conversation_id, items
                    )

        await _write_when_reachable(write)


async def _read_answer(calls: Calls, request: dict[str, Any], model: ServedModel) -> dict[str, Any]:
    """Return a model's whole response. It is streamed, so that leaving it ends the work on it."""
    async with aclosing(calls.stream(model, Operation.RESPONSE, request)) as events:
        answer = None
        async for frame in events:  # to the end: the usage comes last
            if read_name(frame) in ENDS:
                answer = read_data(frame)["response"]
    if answer is None:
        raise ReplicaLostError(UNFINISHED_ANSWER)
    return answer


async def _write_when_reachable(write: Callable[[], Awaitable[None]]) -> None:
    """Write what a model has answered, even if the database is away for a while.

    It is cancelled when the lease has ended meanwhile.
    """
    while True:
        try:
            await write()
        except StorageUnavailableError:
            await asyncio.sleep(RENEW_EVERY_S)
        else:
            return


def _queue_turn(turn: Turn) -> dict[str, Any]:
    """Return the response of a turn that waits, with all the fields that it will have."""
    queued = ModelResponse(
        id=turn.id,
        object="response",
        completed_at=None,
        status="queued",
        error=None,
        incomplete_details=None,
        model=turn.model.id,
        output=[],
        usage=None,
        **{**UNSET_SAMPLING, **turn.request["shown"]},
    )
    return queued.model_dump(mode="json")


def _queue_events(queued: dict[str, Any]) -> list[Event]:
    """Return the first events of a response that waits."""
    return [
        (number, write_event({"type": name, "sequence_number": number, "response": queued}, name))
        for number, name in enumerate(QUEUED)
    ]
