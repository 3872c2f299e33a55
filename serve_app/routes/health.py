"""GET /healthz, /readyz and /version."""

from typing import Any

from fastapi import APIRouter, Response

from serve_app import __version__
from serve_app.models.discovery import State
from serve_app.routes.dependencies import RegistryDep

router = APIRouter()


@router.get("/healthz")
async def healthz() -> dict[str, str]:
    """Tell that the process is alive."""
    return {"status": "ok"}


@router.get("/readyz")
async def readyz(registry: RegistryDep, response: Response) -> dict[str, Any]:
    """Tell whether every model that should run does, and which does not.

    States only: the reasons may name paths, and this path needs no key.
    """
    states = {model.card.id: model.state for model in registry.models}
    waiting = [name for name, state in states.items() if state in (State.LOADING, State.FAILED)]
    ready = bool(states) and not waiting
    response.status_code = 200 if ready else 503
    return {"status": "ready" if ready else "not ready", "not_ready": waiting, "models": states}


@router.get("/version")
async def version() -> dict[str, str]:
    """Return Homeport's version."""
    return {"version": __version__}
