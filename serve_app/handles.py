"""A model's Serve handle: Ray's errors in, ours out. The only module that calls a replica."""

import asyncio
from collections.abc import AsyncGenerator, Generator
from contextlib import contextmanager
from typing import Any, Protocol, TypeVar

from ray import serve
from ray.exceptions import RayActorError, RayError, RayTaskError, TaskCancelledError
from ray.serve.exceptions import BackPressureError, DeploymentUnavailableError
from ray.serve.handle import DeploymentHandle

from serve_app.discovery import ServedModel
from serve_app.errors import (
    APIError,
    ModelOverloadedError,
    ModelUnavailableError,
    ReplicaLostError,
)
from serve_app.protocol.common import Call, Reply, Usage

T = TypeVar("T")

RETRY_AFTER_S = 1
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

    def __init__(self, model: ServedModel) -> None:
        self._model_id = model.card.id
        # Without the check: that would block the event loop, and the registry knows the deployment.
        self._handle: DeploymentHandle[Any] = serve.get_deployment_handle(
            model.deployment, model.application, _check_exists=False
        )

    async def run(self, call: Call) -> Reply:
        """Answer whole."""
        response = self._for(call).run.remote(call)
        try:
            with self._our_errors():
                return _raised(await response)
        except asyncio.CancelledError:
            response.cancel()
            raise

    async def stream(self, call: Call) -> AsyncGenerator[bytes | Usage]:
        """Answer in pieces; closing it cancels the work in the replica."""
        pieces: Any = self._for(call).options(stream=True).stream.remote(call)
        try:
            with self._our_errors():
                async for piece in pieces:
                    yield _raised(piece)
        finally:
            pieces.cancel()

    def _for(self, call: Call) -> DeploymentHandle[Any]:
        """Return the handle: with an adapter, one that prefers the replicas that hold it."""
        if not call.adapter:
            return self._handle
        return self._handle.options(multiplexed_model_id=call.adapter)

    @contextmanager
    def _our_errors(self) -> Generator[None]:
        try:
            yield
        except RayTaskError:  # a fault of the replica's code: unexpected, and logged as that
            raise
        except BackPressureError as error:
            raise ModelOverloadedError(
                f"Too many requests wait for model '{self._model_id}'.", None, RETRY_AFTER_S
            ) from error
        except (RayActorError, TaskCancelledError) as error:
            raise ReplicaLostError(
                f"The replica of model '{self._model_id}' ended while it worked on this request.",
                None,
                RETRY_AFTER_S,
            ) from error
        except (DeploymentUnavailableError, RayError) as error:
            raise ModelUnavailableError(
                f"Model '{self._model_id}' cannot be reached.", None, RETRY_AFTER_S
            ) from error


def _raised(answer: T | APIError) -> T:
    """Return a replica's answer, or raise the error that it sent as one."""
    if isinstance(answer, APIError):
        raise answer
    return answer


async def read_serve_details() -> dict[str, Any]:
    """Return Serve's details of all applications, as its REST API does.

    Raises:
        ModelUnavailableError: the controller does not answer.
    """
    try:
        async with asyncio.timeout(CONTROLLER_TIMEOUT_S):
            return await controller().get_serve_instance_details.remote()
    except (RayError, TimeoutError) as error:
        raise ModelUnavailableError(f"Serve's controller: {error}") from error


def controller() -> Any:
    """Return Serve's controller actor."""
    # Serve has no public call for its details from inside a replica; its REST API would need the
    # dashboard, which a cluster may run without.
    from ray.serve.context import _get_global_client

    client: Any = _get_global_client()
    return client._controller
