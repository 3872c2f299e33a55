"""The FastAPI application: routes, middleware and the one place that answers with errors."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException
from starlette.middleware.cors import CORSMiddleware
from starlette.routing import Match, Route

from serve_app import __version__
from serve_app.assistants.assembly import assemble
from serve_app.assistants.code_interpreter import interpreter
from serve_app.batches.batches import KIND as BATCH
from serve_app.batches.batches import Batches
from serve_app.config import CodeInterpreterConfig, ModerationConfig, VectorStoresConfig
from serve_app.http.addresses import Addresses
from serve_app.http.auth import Authenticator
from serve_app.http.error_answers import error_response
from serve_app.http.limits import MAX_FILE_BYTES, MAX_UPLOAD_BYTES, BodyLimits
from serve_app.http.middleware import RequestMiddleware
from serve_app.jobs.worker import JobKind, Jobs
from serve_app.media.generated_images import GeneratedImages
from serve_app.media.remote_files import RemoteFiles
from serve_app.models.registry import Registry
from serve_app.observability import RequestLog
from serve_app.openapi.served import ServedDocument
from serve_app.responses.background import BackgroundResponses
from serve_app.routes import ROOT_ROUTERS, ROUTERS
from serve_app.spoken.stored_answers import SpokenAnswers
from serve_app.storage.database import Database
from serve_app.storage.database_url import MEMORY
from serve_app.storage.files import FileStore
from serve_app.storage.kept_files import KeptFiles
from serve_app.storage.kept_uploads import KeptUploads
from serve_app.storage.responses import ResponseStore
from serve_app.vector_stores.vector_stores import assemble as assemble_vector_stores
from wire.errors import (
    APIError,
    InvalidRequestError,
    MethodNotAllowedError,
    NotFoundError,
    UnsupportedMediaError,
    from_validation_errors,
)


def create_api(
    registry: Registry,
    keys: frozenset[str],
    *,
    max_body_bytes: int,
    max_file_bytes: int = MAX_FILE_BYTES,
    max_upload_bytes: int = MAX_UPLOAD_BYTES,
    allowed_origins: tuple[str, ...] = (),
    files: FileStore | None = None,
    image_url_ttl_s: float = 3600,
    addresses: Addresses | None = None,
    remote_files: RemoteFiles | None = None,
    database: Database | None = None,
    moderation: ModerationConfig | None = None,
    vector_stores: VectorStoresConfig | None = None,
    code_interpreter: CodeInterpreterConfig | None = None,
    batch_requests_at_once: int = 4,
) -> FastAPI:
    """Return the whole HTTP application. ``registry`` is polled while it runs.

    Without ``files`` or ``database``, those are kept in memory; without ``addresses``, no proxy is
    trusted; without ``remote_files``, none are fetched; without ``code_interpreter``, no code is
    run.
    """
    files = files or FileStore("memory://homeport")
    images, spoken_answers = GeneratedImages(files, image_url_ttl_s), SpokenAnswers(files)
    database = database or Database(MEMORY)
    kept_files = KeptFiles(database, files)
    kept_uploads = KeptUploads(database, kept_files)
    limits = BodyLimits(max_body_bytes, max_file_bytes, max_upload_bytes)
    responses = ResponseStore(database)
    log = RequestLog()
    background = BackgroundResponses(registry, database, log)
    jobs = Jobs(database)
    api = FastAPI(
        title="Homeport",
        version=__version__,
        lifespan=_in_background(
            database,
            registry.refresh,
            responses.sweep_forever,
            kept_files.sweep_forever,
            kept_uploads.sweep_forever,
            background.work_forever,
            jobs.work_forever,
            registry.poll,
            images.files.sweep_forever,
            spoken_answers.files.sweep_forever,
        ),
        openapi_url=None,  # routes/openapi.py has a better one, and FastAPI's pages load scripts
        redirect_slashes=False,  # it would send prompt and key on to whatever Host says
    )
    api.state.registry = registry
    api.state.images = images
    api.state.spoken_answers = spoken_answers
    api.state.database = database
    api.state.kept_files = kept_files
    api.state.kept_uploads = kept_uploads
    api.state.body_limits = limits
    api.state.jobs = jobs
    api.state.background = background
    api.state.moderation = moderation or ModerationConfig()
    api.state.addresses = addresses or Addresses()
    api.state.remote_files = remote_files or RemoteFiles((), max_bytes=0, timeout_s=1)
    knowledge = assemble_vector_stores(
        registry, database, kept_files, jobs, log, vector_stores or VectorStoresConfig()
    )
    api.state.vector_stores = knowledge
    assistants = assemble(
        registry,
        database,
        kept_files,
        api.state.remote_files,
        knowledge.search,
        jobs,
        log,
        make_store=knowledge.filling.make_for,
        add_files=knowledge.filling.add_files,
        interpreter=code_interpreter and interpreter(code_interpreter, database, kept_files),
    )
    api.state.assistants = assistants.assistants
    api.state.threads = assistants.threads
    api.state.runs = assistants.runs
    api.state.openapi = ServedDocument(
        api.routes, server_url=api.state.addresses.public_url or "/", needs_key=bool(keys)
    )
    batches = Batches(
        api,
        database,
        kept_files,
        jobs.store,
        at_once=batch_requests_at_once,
        max_body_bytes=max_body_bytes,
    )
    jobs.define({BATCH: JobKind(batches.work, batches.fail, batches.work)})
    for router in ROUTERS:
        api.include_router(router, prefix="/v1")
        api.include_router(router, include_in_schema=False)
    for router in ROOT_ROUTERS:
        api.include_router(router)
    api.add_exception_handler(APIError, _answer_error)
    api.add_exception_handler(RequestValidationError, _answer_validation)
    api.add_exception_handler(HTTPException, _answer_http)
    api.add_middleware(
        RequestMiddleware,
        authenticator=Authenticator(keys),
        log=log,
        limits=limits,
    )
    if allowed_origins:
        api.add_middleware(
            CORSMiddleware,
            allow_origins=list(allowed_origins),
            allow_methods=["*"],
            allow_headers=["*"],
        )
    return api


def _in_background(
    database: Database,
    first: Callable[[], Awaitable[None]],
    *forever: Callable[[], Coroutine[Any, Any, None]],
) -> Callable[[FastAPI], AbstractAsyncContextManager[None]]:
    """Return a lifespan: database and ``first`` before any request, the rest beside them."""

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncGenerator[None]:
        await database.open()
        await first()
        tasks = [asyncio.create_task(work()) for work in forever]
        yield
        for task in tasks:
            task.cancel()
        for task in tasks:
            with suppress(asyncio.CancelledError):
                await task
        await database.close()

    return lifespan


async def _answer_error(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, APIError)
    record = request.state.record
    record.error_code = error.label
    return error_response(error, request.scope["path"], record.request_id)


async def _answer_validation(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    errors = error.errors()
    if errors[0]["loc"] == ("body",) and not _is_json(request):
        received = request.headers.get("content-type", "none")
        problem: APIError = UnsupportedMediaError(
            f"Content-Type must be application/json, received {received[:100]}."
        )
    else:
        problem = from_validation_errors(errors)
    return await _answer_error(request, problem)


async def _answer_http(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    path = request.url.path
    if error.status_code == 404:
        return await _answer_error(request, NotFoundError(f"Unknown path: {path[:200]}."))
    if error.status_code == 405:
        allowed = _allowed_methods(request)
        response = await _answer_error(
            request,
            MethodNotAllowedError(f"{request.method} is not allowed on {path}, only {allowed}."),
        )
        response.headers["Allow"] = allowed
        return response
    return await _answer_error(request, InvalidRequestError(str(error.detail)))


def _allowed_methods(request: Request) -> str:
    """Return the methods of every route with this path; Starlette knows those of the first."""
    methods: set[str] = set()
    for route in request.app.routes:
        if isinstance(route, Route) and route.matches(request.scope)[0] is not Match.NONE:
            methods |= route.methods or set()
    return ", ".join(sorted(methods))


def _is_json(request: Request) -> bool:
    media_type = request.headers.get("content-type", "").split(";")[0].strip().lower()
    return media_type == "application/json" or media_type.endswith("+json")
