"""How a route or a composition calls models for one request: resolve, call, note the work.

Knows the registry and the request's record; nothing of HTTP.
"""

from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from typing import Any

from pydantic_core import to_json

from serve_app.discovery import ServedModel
from serve_app.errors import InvalidRequestError, echo
from serve_app.observability import RequestRecord
from serve_app.protocol.common import Call, Reply, Usage
from serve_app.registry import Registry


class Calls:
    """Calls models on behalf of one request."""

    def __init__(self, registry: Registry, record: RequestRecord) -> None:
        self._registry = registry
        self.record = record

    async def resolve(
        self, kind: str, name: str | None, backend: str | None = None, param: str = "model"
    ) -> ServedModel:
        """Return the model of this kind with this id or alias, or the first of the kind for None.

        The first model of a request is the one that its log line names. ``backend`` is LocalAI's
        field: the library that must serve the model. ``param`` is what the request calls the name.

        Raises:
            ModelNotFoundError: there is none.
            InvalidRequestError: another library serves it.
        """
        self.record.begin(kind)
        model = await self._registry.resolve(name, kind, param)
        self.record.begin(kind, model.card.id)
        if backend and backend != model.card.backend:
            raise InvalidRequestError(
                f"'backend': this model is served by '{model.card.backend}', "
                f"not by {echo(backend)}.",
                "backend",
            )
        return model

    async def run(
        self,
        model: ServedModel,
        operation: str,
        body: Mapping[str, Any],
        *,
        files: Sequence[bytes] = (),
        places: int = 1,
    ) -> Reply:
        """Answer whole."""
        call = self._call(model, operation, body, files, places)
        reply = await self._registry.run(model, call)
        self.record.worked(model.card, reply.usage)
        return reply

    async def stream(
        self,
        model: ServedModel,
        operation: str,
        body: Mapping[str, Any],
        *,
        files: Sequence[bytes] = (),
        places: int = 1,
    ) -> AsyncGenerator[bytes]:
        """Answer in pieces; closing it cancels the work.

        Errors before the first piece are raised by the first ``anext``.
        """
        call = self._call(model, operation, body, files, places)
        async with aclosing(self._registry.stream(model, call)) as pieces:
            async for piece in pieces:
                if isinstance(piece, Usage):
                    self.record.worked(model.card, piece)
                else:
                    yield piece

    def _call(
        self,
        model: ServedModel,
        operation: str,
        body: Mapping[str, Any],
        files: Sequence[bytes],
        places: int,
    ) -> Call:
        """Return the engine's call. The engine knows the model by its id, not by an alias."""
        body_json = to_json({**body, "model": model.card.id}, inf_nan_mode="null")
        return Call(operation, body_json, self.record.request_id, places, tuple(files))
