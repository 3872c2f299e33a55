"""A model's Serve handle: Ray's errors in, ours out. The only module that calls a replica."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Generator
from contextlib import asynccontextmanager, closing, contextmanager
from typing import Any, Protocol, TypeVar

from grpc.aio import AioRpcError
from ray import serve
from ray.exceptions import RayActorError, RayError, RayTaskError, TaskCancelledError
from ray.serve.exceptions import BackPressureError, DeploymentUnavailableError
from ray.serve.handle import DeploymentHandle

from serve_app.models.bus import Bus, Inlet
from serve_app.models.discovery import ServedModel
from wire.bus import Returned
from wire.calls import Call, Reply, Usage
from wire.errors import RETRY_AFTER_S, ModelOverloadedError, ModelUnavailableError, ReplicaLostError

T = TypeVar("T")

CONTROLLER_TIMEOUT_S = 10
"""It answers within 0.1 s; requests for unknown models wait for it."""


class ModelHandle(Protocol):
    """How the ingress reaches a model. The seam for tests of routes without Ray."""

    async def run(self, call: Call) -> Reply:
        """Answer whole."""
        ...

    def stream(self, call: Call) -> AsyncGenerator[bytes | Usage]:
        """Answer in pieces; closing it cancels the work."""
        ...


class ServeModelHandle:
    """A handle to the deployment of one model."""

    def __init__(self, model: ServedModel, bus: Bus) -> None:
        self._model_id = model.card.id
        self._bus = bus
        # Without the check: that would block the event loop, and the registry knows the deployment.
        handle: DeploymentHandle[Any] = serve.get_deployment_handle(
            model.deployment, model.application, _check_exists=False
        )
        # One for each method, since making one costs a third of a call; and pickle, because what
        # crosses is importable on both sides and need not be searched for what is not.
        # As streams, of one item: of a unary call over gRPC Serve's router hears only at its end
        # how busy the replica was at its beginning, and chose full ones beside others with room.
        calls = handle.options(
            stream=True, request_serialization="pickle", response_serialization="pickle"
        )
        self._run = calls.options(method_name="run")
        self._stream = calls.options(method_name="stream")

    async def run(self, call: Call) -> Reply:
        """Answer whole."""
        async with self._asked(call, self._run) as (inlet, returned):
            return await inlet.whole(returned)

    async def stream(self, call: Call) -> AsyncGenerator[bytes | Usage]:
        """Answer in pieces; closing it cancels the work in the replica."""
        async with self._asked(call, self._stream) as (inlet, returned):
            async for piece in inlet.read(returned, coalesce=call.coalesce):
                yield piece

    @asynccontextmanager
    async def _asked(
        self, call: Call, method: DeploymentHandle[Any]
    ) -> AsyncGenerator[tuple[Inlet, asyncio.Future[Returned]]]:
        """Call a replica; give where its answer comes in, and what the call will return."""
        with closing(await self._bus.inlet()) as inlet, self._our_errors():
            response: Any = _for(call, method).remote(call, inlet.reply_to)
            returned = asyncio.ensure_future(_only(response))
            try:
                yield inlet, returned
            finally:
                if not (inlet.is_written or returned.done()):
                    response.cancel()

    @contextmanager
    def _our_errors(self) -> Generator[None]:
        try:
            yield
        except RayTaskError:  # a fault of the replica's code: unexpected, and logged as that
            raise
        except BackPressureError as error:
            raise ModelOverloadedError(
                f"Too many requests wait for model '{self._model_id}'."
            ) from error
        except (RayActorError, TaskCancelledError, AioRpcError) as error:
            raise ReplicaLostError(
                f"The replica of model '{self._model_id}' ended while it worked on this request."
            ) from error
        except (DeploymentUnavailableError, RayError) as error:
            raise ModelUnavailableError(
                f"Model '{self._model_id}' cannot be reached.", None, RETRY_AFTER_S
            ) from error


async def _only(items: AsyncIterator[Returned]) -> Returned:
    """Return the one item, and read on to the end: until then Serve counts the call."""
    answer: Returned = ReplicaLostError("The model's replica said nothing.")
    async for item in items:
        answer = item
    return answer


def _for(call: Call, handle: DeploymentHandle[Any]) -> DeploymentHandle[Any]:
    """Return the handle: with an adapter, one that prefers the replicas that hold it."""
    return handle.options(multiplexed_model_id=call.adapter) if call.adapter else handle


async def read_serve_details() -> dict[str, Any]:
    """Return Serve's details of all applications, as its REST API does.

    Raises:
        ModelUnavailableError: the controller does not answer.
    """
    return await _in_time(controller().get_serve_instance_details.remote())


async def read_serve_statuses() -> list[bytes]:
    """Return the statuses of each application and of its deployments, in Serve's encoding.

    Raises:
        ModelUnavailableError: the controller does not answer.
    """
    return await _in_time(controller().list_serve_statuses.remote())


async def _in_time(answer: Awaitable[T]) -> T:
    try:
        async with asyncio.timeout(CONTROLLER_TIMEOUT_S):
            return await answer
    except (RayError, TimeoutError) as error:
        raise ModelUnavailableError(f"Serve's controller: {error}") from error


def controller() -> Any:
    """Return Serve's controller actor."""
    # Serve has no public call for its details from inside a replica; its REST API would need the
    # dashboard, which a cluster may run without.
    from ray.serve.context import _get_global_client

    client: Any = _get_global_client()
    return client._controller
