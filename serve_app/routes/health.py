"""GET /healthz, /health, /ping, /readyz and /version."""

from fastapi import APIRouter, Response

from serve_app import __version__
from serve_app.http.json_response import json_response
from serve_app.models.discovery import State
from serve_app.routes.dependencies import RegistryDep
from wire.health import Health, Readiness, Version

router = APIRouter()


@router.get("/ping")
@router.get("/health")
@router.get("/healthz")
async def healthz() -> Response:
    """Report that the process is alive."""
    return json_response(Health())


@router.get("/readyz")
async def readyz(registry: RegistryDep) -> Response:
    """Report whether all models are ready, and which are not.

    States only: the reasons may name paths, and this path needs no key.
    """
    states = {model.card.id: model.state.value for model in registry.models}
    waiting = [name for name, state in states.items() if state in (State.LOADING, State.FAILED)]
    ready = bool(states) and not waiting
    answer = Readiness.model_validate(
        {"status": "ready" if ready else "not ready", "not_ready": waiting, "models": states}
    )
    return json_response(answer, status_code=200 if ready else 503)


@router.get("/version")
async def version() -> Response:
    """Return Homeport's version."""
    return json_response(Version(version=__version__))
