"""How a route or a feature calls models for one request: resolve, call, note the work.

Knows the registry and the request's record; nothing of HTTP.
"""

from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from typing import TypeVar

from serve_app.http.auth import EVERYONE
from serve_app.models.checks import Checks
from serve_app.models.discovery import ServedModel
from serve_app.models.prompt_prefix import prefix_of
from serve_app.models.registry import Registry
from serve_app.observability import RequestRecord
from wire.bodies import Body
from wire.calls import Call, Kind, Operation, Reply, Usage
from wire.errors import InvalidRequestError, ModelNotFoundError, echo
from wire.operations import AnyBody, encode_body
from wire.turns import name_owner

T = TypeVar("T")


class Calls:
    """Calls models on behalf of one request."""

    def __init__(
        self, registry: Registry, record: RequestRecord, checks: Checks | None = None
    ) -> None:
        """Without ``checks``, for what needs none, nothing is run elsewhere."""
        self._registry = registry
        self._checks = checks
        self.record = record

    async def check(self, read: Callable[[], T]) -> T:
        """Return what ``read`` makes of the request, whose checks may take long."""
        if self._checks is None:
            return read()
        return await self._checks.run(read, self.record.owner, is_large=self.record.is_large)

    async def compute(self, convert: Callable[[], T]) -> T:
        """Return what ``convert`` makes of the request, in a thread if the request is large."""
        if self._checks is None or not self.record.is_large:
            return convert()
        return await self._checks.thread.run(self.record.owner, convert)

    async def resolve(
        self, kind: Kind, name: str | None, backend: str | None = None, param: str = "model"
    ) -> ServedModel:
        """Return the model of this kind with this id or alias, or the first of the kind for None.

        The first model of a request is the one that its log line names. ``backend`` is LocalAI's
        field: of several models with the name, the one that this library serves. ``param`` is what
        the request calls the name.

        Raises:
            ModelNotFoundError: there is none.
            InvalidRequestError: other libraries serve it.
        """
        self.record.begin(kind)
        model = await self._registry.resolve(name, kind, param)
        if backend and backend != model.card.backend:
            model = self._by_backend(backend, name, kind)
        self.record.begin(kind, model.id)
        return model

    async def fall_back(self, model: ServedModel) -> ServedModel | None:
        """Return the model that answers what this one cannot; None if there is none."""
        if model.card.fallback is None:
            return None
        try:
            return await self._registry.resolve(model.card.fallback, model.card.kind)
        except ModelNotFoundError:
            return None

    def _by_backend(self, backend: str, name: str | None, kind: Kind) -> ServedModel:
        named = self._registry.find_all(name, kind)
        for model in named:
            if model.card.backend == backend:
                return model
        served = " and ".join(f"'{each}'" for each in {model.card.backend: None for model in named})
        raise InvalidRequestError(
            f"'backend': this model is served by {served}, not by {echo(backend)}.", "backend"
        )

    async def run(
        self,
        model: ServedModel,
        operation: Operation,
        body: AnyBody,
        *,
        files: Sequence[bytes] = (),
        slots: int = 1,
    ) -> Reply:
        """Answer whole."""
        call = await self._call(model, operation, body, files, slots)
        reply = await self._registry.run(model, call)
        self.record.add_work(model.card, reply.usage)
        return reply

    async def stream(
        self,
        model: ServedModel,
        operation: Operation,
        body: AnyBody,
        *,
        files: Sequence[bytes] = (),
        slots: int = 1,
        coalesce: bool = False,
    ) -> AsyncGenerator[bytes]:
        """Answer in pieces; ``coalesce`` joins those that wait. Closing it cancels the work.

        Errors before the first piece are raised by the first ``anext``.
        """
        call = await self._call(model, operation, body, files, slots, coalesce=coalesce)
        async with aclosing(self._registry.stream(model, call)) as pieces:
            async for piece in pieces:
                if isinstance(piece, Usage):
                    self.record.add_work(model.card, piece)
                else:
                    yield piece

    async def _call(
        self,
        model: ServedModel,
        operation: Operation,
        body: AnyBody,
        files: Sequence[bytes],
        slots: int,
        *,
        coalesce: bool = False,
    ) -> Call:
        """Return the engine's call. It has the id of the model, not an alias."""
        owner = "" if self.record.owner in ("", EVERYONE) else self.record.owner
        if owner and not self._registry.share_prompt_cache:
            body = salt_cache(operation, body, owner)
        prefix, encoded = await self.compute(
            lambda: (prefix_of(operation, body, model.adapter), encode_body(body, model.id))
        )
        return Call(
            operation,
            encoded,
            self.record.request_id,
            slots,
            tuple(files),
            model.adapter,
            prefix,
            self.record.low_priority,
            coalesce,
            owner and name_owner(owner),
        )


GENERATING = {
    Operation.CHAT_COMPLETION,
    Operation.COMPLETION,
    Operation.RESPONSE,
    Operation.MESSAGE,
}
"""Operations that cache the beginnings of prompts."""


def salt_cache(operation: Operation, body: AnyBody, owner: str) -> AnyBody:
    """Return the body with the owner in ``cache_salt``, by which the engine separates its cache."""
    if operation not in GENERATING or isinstance(body, Body):
        return body
    salt = body.get("cache_salt")
    if salt is not None and not isinstance(salt, str):
        return body  # the engine refuses it
    return {**body, "cache_salt": f"{owner}:{salt}" if salt else owner}
