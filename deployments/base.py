"""What every model deployment shares: build the engine, admit, log, health, close.

Knows neither HTTP nor the engine libraries; Ray only through the methods that Serve calls.
"""

import asyncio
import os
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import aclosing, closing, suppress
from importlib import import_module
from typing import Any, ClassVar, Protocol

from deployments.admission import Admission
from deployments.bus import Outlet, Outlets
from deployments.config import ModelConfig, check_package, resolve_model
from deployments.hub import watch_hub
from deployments.owner import OWNER
from event_loop.monitor import EventLoopMonitor
from wire.bus import ReplyTo, Returned, Streamed
from wire.calls import Call, Operation, Reply, Usage
from wire.errors import APIError, ModelLoadError, ReplicaLostError
from wire.logging import REQUEST_ID, configure_logging, get_logger
from wire.operations import decode_body

logger = get_logger(__name__)

Answer = Callable[[Call, Outlet], Awaitable[Returned]]

SHORT_ANSWER_BYTES = 2**16
"""Longer answers gain nothing on the bus, where they would hold up the pieces of streams."""
END_AFTER_S = 0.5
"""How long a replica whose engine is dead lives on, for the errors of its requests to leave it."""


class Engine(Protocol):
    """What a deployment needs of an engine, whatever the kind."""

    async def run(self, call: Call) -> Reply:
        """Answer at once."""
        ...

    def stream(self, call: Call) -> AsyncGenerator[bytes | Usage]:
        """Answer in pieces: frames as they come, then the usage, last and once."""
        ...

    def num_unfinished(self) -> int:
        """Return how many requests the library still works on."""
        ...

    async def check_health(self) -> None:
        """Raise when the engine cannot work any more."""
        ...

    async def close(self) -> None:
        """End every thread and process of the engine."""
        ...


class OperationEngine:
    """Base of engines that have a method for each operation of their kind.

    A method takes the decoded body and its call. Its annotation of ``body`` is the contract's type.
    """

    whole: ClassVar[Mapping[Operation, Callable[..., Awaitable[Reply]]]] = {}
    """Methods that answer at once."""
    streamed: ClassVar[Mapping[Operation, Callable[..., AsyncGenerator[bytes | Usage]]]] = {}
    """Methods that answer in pieces."""

    async def run(self, call: Call) -> Reply:
        """Answer at once."""
        return await self.whole[call.operation](self, decode_body(call), call)

    def stream(self, call: Call) -> AsyncGenerator[bytes | Usage]:
        """Answer in pieces."""
        return self.streamed[call.operation](self, decode_body(call), call)


class ModelDeployment:
    """A model's replica. Subclasses name their kind's engines."""

    engines: ClassVar[Mapping[str, str]]
    """Backend → its engine, by path: a library is imported only where a config names it."""
    is_ending = False
    monitor: EventLoopMonitor | None = None

    async def __init__(self, config: ModelConfig) -> None:  # Serve awaits it
        configure_logging()
        started = time.monotonic()
        self.config = config
        self.admission = Admission(config.max_requests)
        self.outlets = Outlets()
        self.engine: Engine = await self.build_engine(config)
        self.monitor = EventLoopMonitor(config.kind, config.model_id)
        self.monitor.start()  # while the model was loading, nobody waited for the loop
        logger.info(
            "%s %s loaded in %.1f s", config.kind, config.model_id, time.monotonic() - started
        )

    async def build_engine(self, config: Any) -> Engine:
        """Load the model with the backend that its config names.

        Raises:
            ModelLoadError: states in one sentence what is wrong with the model or its options.
        """
        # What is wrong with the files is reported before the library's slow import.
        source = resolve_model(config.model, config.model_files)
        await asyncio.to_thread(check_package, config.model, config.model_files)
        self.before_import()
        engine = _import_engine(config.backend, self.engines[config.backend])
        revision = config.engine_kwargs.get("revision") or "main"
        with watch_hub(source, revision):
            return await engine.load(config)

    def before_import(self) -> None:
        """Begin what can go on while the library is imported, where a kind has such."""

    # Generators of one item, for the reason in serve_app/models/handles.py.

    async def run(self, call: Call, reply_to: ReplyTo) -> AsyncGenerator[Returned]:
        """Answer one request whole."""
        yield await self._answer(call, reply_to, self._answer_whole)

    async def stream(self, call: Call, reply_to: ReplyTo) -> AsyncGenerator[Returned]:
        """Answer one request in pieces. Cancelled, it ends the work."""
        yield await self._answer(call, reply_to, self._answer_in_pieces)

    async def _answer(self, call: Call, reply_to: ReplyTo, answer: Answer) -> Returned:
        """Hold the slots of a call while it is answered, and return the reply or the stream's end.

        An APIError crosses the handle as a value and is raised behind it: Serve logs a traceback
        for everything that a replica raises, and a client's mistake is no fault of the replica.
        """
        REQUEST_ID.set(call.request_id)
        try:
            OWNER.set(call.owner)
            with self.admission.hold(
                self.config.model_id, call.slots, call.owner, low_priority=call.low_priority
            ):
                await self.prepare(call)
                with closing(await self.outlets.open(reply_to)) as outlet:
                    return await answer(call, outlet)
        except ReplicaLostError as error:
            with suppress(Exception):
                await self.check_health()
            return error
        except APIError as error:
            return error

    async def _answer_whole(self, call: Call, outlet: Outlet) -> Returned:
        """Answer over the bus what is short, since that is sooner there."""
        reply = await self.engine.run(call)
        if reply.files or len(reply.body) > SHORT_ANSWER_BYTES or outlet.is_full:
            return reply
        outlet.write_whole(reply.body, reply.usage)
        return Streamed()

    async def _answer_in_pieces(self, call: Call, outlet: Outlet) -> Returned:
        try:
            outlet.end(await self._write(call, outlet))
        except APIError as error:
            if not outlet.has_written:
                raise
            outlet.end(None)
            return Streamed(error)
        return Streamed()

    async def _write(self, call: Call, outlet: Outlet) -> Usage:
        usage = Usage()
        async with aclosing(self.pieces(call, outlet)) as pieces:
            async for piece in pieces:
                if isinstance(piece, Usage):
                    usage = piece
                else:
                    await outlet.send(piece)
        return usage

    def pieces(self, call: Call, outlet: Outlet) -> AsyncGenerator[bytes | Usage]:
        """Return the engine's answer in pieces, which are written to ``outlet`` as they come."""
        return self.engine.stream(call)

    async def prepare(self, call: Call) -> None:
        """Make ready for a call, where a kind has something to make ready."""

    async def load(self) -> dict[str, int]:
        """Return what the replica is busy with: requests it holds, and those in the engine."""
        return {"held": self.admission.held, "unfinished": self.engine.num_unfinished()}

    def reconfigure(self, user_config: dict[str, Any]) -> None:
        """Accept a new model card. Serve wants the method; the card is read from its details."""

    async def check_health(self) -> None:
        """Raise when the engine is dead, and end the process, so that Serve replaces the replica.

        Serve notices at once that a process has ended. A replica whose checks fail it takes out
        after three of them, and until then one that fails every request at once gets most of them.
        """
        try:
            await self.engine.check_health()
        except Exception:
            if not self.is_ending:
                self.is_ending = True
                logger.exception("The engine is dead, and this replica ends")
                asyncio.get_running_loop().call_later(END_AFTER_S, os._exit, 1)
            raise

    async def __del__(self) -> None:  # Serve awaits it on the replica's loop after the drain.
        engine = getattr(self, "engine", None)
        if self.monitor is not None:
            self.monitor.close()
        if engine is not None:
            await engine.close()
            self.outlets.close()


def _import_engine(backend: str, path: str) -> Any:
    try:
        return import_object(path)
    except ModuleNotFoundError as error:
        raise ModelLoadError(
            f"backend '{backend}' needs the Python module '{error.name}', which this node lacks: "
            "install Homeport with the extra that has it (docs/guide/configuration.md)."
        ) from None


def import_object(path: str) -> Any:
    """Return what ``module:name`` names."""
    module, name = path.split(":")
    return getattr(import_module(module), name)
