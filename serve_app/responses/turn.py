"""How a response is made: the history it goes on from, the model's answer, what is stored of both.

Replicas keep no conversation: each request carries all of it, and the database has the history.
"""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass
from time import time
from typing import Any

from pydantic_core import from_json

from serve_app.media.kept_pictures import with_kept_pictures
from serve_app.media.parts import check_items, with_files
from serve_app.media.remote_files import RemoteFiles
from serve_app.models.calls import Calls
from serve_app.models.discovery import ServedModel
from serve_app.storage.conversations import ConversationStore
from serve_app.storage.database import Database
from serve_app.storage.kept_files import KeptFiles
from serve_app.storage.responses import ResponseStore, StoredResponse
from wire.calls import Operation
from wire.errors import APIError, InvalidRequestError, naming_parameter
from wire.ids import new_id
from wire.openai.items import Item, as_engine_items, new_items, resolve_references
from wire.openai.responses import ResponseError, ResponseRequest
from wire.sse import read_data, read_name, write_event

KEPT_S = 30 * 24 * 3600
"""How long a response is kept: as long as OpenAI keeps it."""

MANY_ITEMS = 50
"""A longer history is read in a thread, like a large request."""
CREATED = "response.created"
ENDS = ("response.completed", "response.incomplete")
"""Names of the events with a response as it was created, and as it ended."""


class History:
    """The stored responses, conversations and files of one owner."""

    def __init__(self, owner: str, database: Database, files: KeptFiles) -> None:
        self.owner = owner
        self.database = database
        self.files = files
        self.responses = ResponseStore(database)
        self.conversations = ConversationStore(database)

    async def load_items(self, body: ResponseRequest) -> list[Item]:
        """Return the items that a request goes on from.

        Raises:
            NotFoundError: there is no such response or conversation.
            InvalidRequestError: the response it goes on from has not ended well.
        """
        if body.conversation_id:
            with naming_parameter("conversation"):
                return await self.conversations.all_items(self.owner, body.conversation_id)
        if not body.previous_response_id:
            return []
        with naming_parameter("previous_response_id"):
            chain = await self.responses.chain(self.owner, body.previous_response_id)
        if chain[-1].status not in ("completed", "incomplete"):
            raise InvalidRequestError(
                f"Response '{body.previous_response_id}' is {chain[-1].status}: nothing can go on "
                "from it.",
                "previous_response_id",
            )
        return [item for response in chain for item in (*response.input, *response.body["output"])]

    async def find_item(self, item_id: str) -> Item | None:
        """Return a stored item of any response or conversation, or None."""
        found = await self.responses.find_item(self.owner, item_id)
        return found or await self.conversations.find_item(self.owner, item_id)


@dataclass(frozen=True, slots=True)
class Turn:
    """A response that is to be made."""

    id: str
    model: ServedModel
    items: list[Item]
    """The client's input in this turn."""
    request: dict[str, Any]
    """What the model is sent, with the whole conversation."""
    body: ResponseRequest

    def to_stored(self, owner: str, answer: dict[str, Any]) -> StoredResponse:
        """Return what is stored of it."""
        now = int(time())
        return StoredResponse(
            id=self.id,
            owner=owner,
            created_at=now,
            status=answer["status"],
            model=self.model.id,
            body=answer,
            input=self.items,
            previous_response_id=self.body.previous_response_id,
            conversation_id=self.body.conversation_id,
            background=bool(self.body.background),
            request=self.request if self.body.background else None,
            expires_at=now + KEPT_S,
        )


async def prepare_turn(
    body: ResponseRequest,
    model: ServedModel,
    calls: Calls,
    history: History,
    remote_files: RemoteFiles,
) -> Turn:
    """Return the turn of a request.

    Raises:
        InvalidRequestError: there is nothing to answer, or something the model does not read.
        NotFoundError: what it goes on from is not there.
    """
    fields = await calls.check(body.engine_fields)
    before = await history.load_items(body)
    calls.record.is_large |= len(before) > MANY_ITEMS
    new = await calls.compute(lambda: new_items(body.input))
    items = await resolve_references(new, history.find_item, before)
    if not items and not before:
        raise InvalidRequestError("Missing required parameter: 'input'.", "input")
    await calls.compute(lambda: check_items(items, model.card))
    response_id = new_id("resp")
    conversation = await calls.compute(lambda: as_engine_items([*before, *items]))
    conversation = await with_kept_pictures(conversation, history.owner, history.files, "input")
    conversation = await with_files(conversation, remote_files, "input")
    request = {
        **fields,
        "input": conversation,
        "num_before": len(before),
        "request_id": response_id,
        "shown": {"created_at": int(time()), **body.echo_fields()},
        "stream": bool(body.stream),
    }
    return Turn(response_id, model, items, request, body)


async def create_whole(turn: Turn, calls: Calls, history: History) -> bytes:
    """Return the response's JSON once it is complete and stored."""
    reply = await calls.run(turn.model, Operation.RESPONSE, turn.request)
    await store(turn, from_json(reply.body), history)
    return reply.body


class ResponseStream:
    """The events of a response."""

    def __init__(self, turn: Turn, calls: Calls, history: History) -> None:
        self._turn = turn
        self._calls = calls
        self._history = history
        self._response: dict[str, Any] = {}
        self._sent = 0

    async def events(self) -> AsyncGenerator[bytes]:
        """Yield each event as it comes; the last one only when the response is stored."""
        frames = self._calls.stream(self._turn.model, Operation.RESPONSE, self._turn.request)
        async with aclosing(frames):
            async for frame in frames:
                name = read_name(frame)
                if name == CREATED:
                    self._response = read_data(frame)["response"]
                elif name in ENDS:
                    await store(self._turn, read_data(frame)["response"], self._history)
                self._sent += 1
                yield frame

    def encode_error(self, error: APIError) -> bytes:
        """Return the event of the error with which the stream ends."""
        return write_failure(self._response, error, self._sent)


async def store(turn: Turn, answer: dict[str, Any], history: History) -> None:
    """Store a response that has ended, and add its items to its conversation."""
    conversation_id = turn.body.conversation_id
    if conversation_id is None and turn.body.store is False:
        return
    async with history.database.transaction():
        if conversation_id is not None:
            items = [*turn.items, *answer["output"]]
            await history.conversations.add_items(history.owner, conversation_id, items)
        if turn.body.store is not False:
            await history.responses.add(turn.to_stored(history.owner, answer))


def fail_response(response: dict[str, Any], error: APIError) -> dict[str, Any]:
    """Return the response as one that failed with this error."""
    shown = _to_response_error(error).model_dump()
    return {**response, "status": "failed", "error": shown, "completed_at": None}


def _to_response_error(error: APIError) -> ResponseError:
    if error.status == 429:
        return ResponseError(code="rate_limit_exceeded", message=error.message)
    if 400 <= error.status < 500:
        return ResponseError(code="invalid_prompt", message=error.message)
    return ResponseError(code="server_error", message=error.message)


def write_failure(response: dict[str, Any], error: APIError, sequence_number: int) -> bytes:
    """Return the event of a response that failed with this error."""
    data = {
        "type": "response.failed",
        "sequence_number": sequence_number,
        "response": fail_response(response, error),
    }
    return write_event(data, "response.failed")
