"""Calls replicas through Serve's handles and turns Ray's errors into ours.

No other module calls a replica.
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Generator
from contextlib import asynccontextmanager, closing, contextmanager
from typing import Any, Protocol, TypeVar

from grpc.aio import AioRpcError
from ray import serve
from ray.exceptions import RayActorError, RayError, RayTaskError, TaskCancelledError
from ray.serve.context import _get_serve_request_context, _set_request_context
from ray.serve.exceptions import BackPressureError, DeploymentUnavailableError
from ray.serve.handle import DeploymentHandle

from serve_app.models.bus import Bus, Inlet
from serve_app.models.discovery import ServedModel
from wire.bus import Returned
from wire.calls import Call, Reply, Usage
from wire.errors import RETRY_AFTER_S, ModelOverloadedError, ModelUnavailableError, ReplicaLostError

T = TypeVar("T")

CONTROLLER_TIMEOUT_S = 10
"""The controller answers within 0.1 s; requests for unknown models wait for it."""


class ModelHandle(Protocol):
    """Calls a model. Tests of routes put a class without Ray in its place."""

    async def run(self, call: Call) -> Reply:
        """Return the whole answer."""
        ...

    def stream(self, call: Call) -> AsyncGenerator[bytes | Usage]:
        """Answer in pieces; closing the generator cancels the work."""
        ...


class ServeModelHandle:
    """Calls the deployment of one model."""

    def __init__(self, model: ServedModel, bus: Bus) -> None:
        self._model_id = model.card.id
        self._bus = bus
        # The check would block the event loop, and the registry holds only deployments that exist.
        handle: DeploymentHandle[Any] = serve.get_deployment_handle(
            model.deployment, model.application, _check_exists=False
        )
        # One handle for each method: making one costs a third of a call. Pickle is enough, because
        # all types are importable on both sides; cloudpickle would search them for others.
        # Each call is a stream of one item: a unary call over gRPC returns the number of requests
        # in the replica only at its end, and Serve's router then chose full replicas.
        calls = handle.options(
            stream=True, request_serialization="pickle", response_serialization="pickle"
        )
        self._run = calls.options(method_name="run")
        self._stream = calls.options(method_name="stream")

    async def run(self, call: Call) -> Reply:
        """Answer whole."""
        async with self._call_replica(call, self._run) as (inlet, returned):
            return await inlet.read_whole(returned)

    async def stream(self, call: Call) -> AsyncGenerator[bytes | Usage]:
        """Answer in pieces; closing the generator cancels the work in the replica."""
        async with self._call_replica(call, self._stream) as (inlet, returned):
            async for piece in inlet.read(returned, coalesce=call.coalesce):
                yield piece

    @asynccontextmanager
    async def _call_replica(
        self, call: Call, method: DeploymentHandle[Any]
    ) -> AsyncGenerator[tuple[Inlet, asyncio.Future[Returned]]]:
        """Call a replica; yield the inlet of its answer, and what the call will return."""
        _name_request(call)
        with closing(await self._bus.open_inlet()) as inlet, self._translate_errors():
            response: Any = _with_adapter(call, method).remote(call, inlet.reply_to)
            returned = asyncio.ensure_future(_read_single(response))
            try:
                yield inlet, returned
            finally:
                if not (inlet.is_written or returned.done()):
                    response.cancel()

    @contextmanager
    def _translate_errors(self) -> Generator[None]:
        try:
            yield
        except RayTaskError:  # a bug in the replica: reported and logged as an internal error
            raise
        except BackPressureError as error:
            raise ModelOverloadedError(
                f"Too many requests wait for model '{self._model_id}'."
            ) from error
        except (RayActorError, TaskCancelledError, AioRpcError) as error:
            raise ReplicaLostError(
                f"The replica of model '{self._model_id}' ended while it processed this request."
            ) from error
        except (DeploymentUnavailableError, RayError) as error:
            raise ModelUnavailableError(
                f"Model '{self._model_id}' cannot be reached.", None, RETRY_AFTER_S
            ) from error


async def _read_single(items: AsyncIterator[Returned]) -> Returned:
    """Return the one item, and read to the end: until then Serve counts the call as running."""
    answer: Returned = ReplicaLostError("The model's replica returned nothing.")
    async for item in items:
        answer = item
    return answer


def _name_request(call: Call) -> None:
    """Let Serve call the request by our id, here and in the replica.

    It has it from a client's request, but gives those of jobs and batches one of its own.
    """
    if _get_serve_request_context().request_id != call.request_id:
        _set_request_context(request_id=call.request_id)


def _with_adapter(call: Call, handle: DeploymentHandle[Any]) -> DeploymentHandle[Any]:
    """Return a handle that prefers replicas with the call's adapter, if it has one."""
    return handle.options(multiplexed_model_id=call.adapter) if call.adapter else handle


async def read_serve_details() -> dict[str, Any]:
    """Return Serve's details of all applications, as its REST API does.

    Raises:
        ModelUnavailableError: the controller does not respond.
    """
    return await _await_controller(controller().get_serve_instance_details.remote())


async def read_serve_statuses() -> list[bytes]:
    """Return the statuses of each application and of its deployments, in Serve's encoding.

    Raises:
        ModelUnavailableError: the controller does not respond.
    """
    return await _await_controller(controller().list_serve_statuses.remote())


async def _await_controller(answer: Awaitable[T]) -> T:
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
