"""The FastAPI application: services, routes and middleware."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from pydantic_core import to_json
from starlette.middleware.cors import CORSMiddleware

from serve_app import __version__
from serve_app.config import IngressConfig
from serve_app.http.exception_handlers import add_exception_handlers
from serve_app.http.middleware import RequestMiddleware
from serve_app.openapi.served import ServedDocument
from serve_app.routes import build_routes
from serve_app.services import Runtime, build_services, run_services

EXPOSED_HEADERS = (
    *("x-request-id", "request-id", "openai-processing-ms", "openai-version"),
    *("retry-after", "x-homeport-ignored"),
)
"""Headers of answers that clients in browsers read."""


def create_api(config: IngressConfig, runtime: Runtime) -> FastAPI:
    """Return the whole HTTP application, which starts and stops its services with itself."""

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncGenerator[None]:
        async with run_services(services):
            yield

    def build_document() -> bytes:
        # Its types take time and memory, and most servers never serve it.
        from serve_app.openapi.document import build

        server_url = services.addresses.public_url or "/"
        return to_json(build(api.routes, server_url=server_url, needs_key=bool(runtime.keys)))

    api = FastAPI(
        title="Homeport",
        version=__version__,
        lifespan=lifespan,
        openapi_url=None,  # routes/openapi.py has a better one, and FastAPI's pages load scripts
        redirect_slashes=False,  # it would send prompt and key to the host of the header
    )
    services = build_services(api, config, runtime, ServedDocument(build_document))
    api.state.services = services
    api.router.routes.extend(build_routes())
    add_exception_handlers(api)
    api.add_middleware(
        RequestMiddleware,
        authenticator=services.authenticator,
        log=services.log,
        thread=services.checks.thread,
        limits=services.limits,
        strict_fields=config.strict_fields,
    )
    if config.allowed_origins:
        api.add_middleware(
            CORSMiddleware,
            allow_origins=list(config.allowed_origins),
            allow_methods=["*"],
            allow_headers=["*"],
            expose_headers=EXPOSED_HEADERS,
        )
    return api
