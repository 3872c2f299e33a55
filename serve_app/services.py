"""The services that requests share: built once per ingress process, started and stopped here.

The only module that connects services to each other.
"""

from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from starlette.types import ASGIApp

from event_loop.monitor import EventLoopMonitor
from serve_app.assistants.assembly import AssistantParts, assemble
from serve_app.assistants.code_interpreter import interpreter
from serve_app.batches.batches import KIND as BATCH
from serve_app.batches.batches import Batches
from serve_app.concurrency import TurnThread, background_tasks
from serve_app.config import IngressConfig, ModerationConfig
from serve_app.http.addresses import Addresses
from serve_app.http.auth import Authenticator
from serve_app.http.limits import BodyLimits
from serve_app.jobs.worker import JobKind, Jobs
from serve_app.media.generated_images import GeneratedImages
from serve_app.media.remote_files import RemoteFiles
from serve_app.models.bus import Bus
from serve_app.models.checks import Checks, make_pool
from serve_app.models.registry import Registry
from serve_app.observability import RequestLog
from serve_app.openapi.served import ServedDocument
from serve_app.responses.background import BackgroundResponses
from serve_app.spoken.stored_answers import SpokenAnswers
from serve_app.storage.database import Database
from serve_app.storage.files import FileStore
from serve_app.storage.kept_files import KeptFiles
from serve_app.storage.kept_uploads import KeptUploads
from serve_app.storage.migrate import open_database
from serve_app.storage.objects import ObjectStore
from serve_app.storage.responses import JOB as RESPONSE
from serve_app.storage.responses import ResponseStore
from serve_app.vector_stores.vector_stores import VectorStoreParts
from serve_app.vector_stores.vector_stores import assemble as assemble_vector_stores


@dataclass(frozen=True, slots=True, kw_only=True)
class Runtime:
    """What a process holds that its configuration cannot: connections and secrets."""

    registry: Registry
    """Polled while the application runs."""
    database: Database
    """Opened at the start and closed at the end."""
    keys: frozenset[str] = frozenset()
    """API keys. Without any, every request is answered."""
    peer_proof: str | None = None
    """What proves that a header comes from this cluster's HAProxy. None: no proxy is trusted."""
    remote_files: RemoteFiles | None = None
    """None: what the configuration allows."""
    bus: Bus | None = None
    """Closed at the end."""
    monitor: EventLoopMonitor | None = None
    """Started and closed with the application."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """The services of one application; every request shares them."""

    registry: Registry
    checks: Checks
    bus: Bus | None
    monitor: EventLoopMonitor | None
    database: Database
    objects: ObjectStore
    files: KeptFiles
    uploads: KeptUploads
    responses: ResponseStore
    background: BackgroundResponses
    jobs: Jobs
    assistants: AssistantParts
    vector_stores: VectorStoreParts
    images: GeneratedImages
    spoken_answers: SpokenAnswers
    remote_files: RemoteFiles
    moderation: ModerationConfig
    authenticator: Authenticator
    addresses: Addresses
    limits: BodyLimits
    log: RequestLog
    document: ServedDocument


def build_services(
    app: ASGIApp, config: IngressConfig, runtime: Runtime, document: ServedDocument
) -> Services:
    """Return the services of ``app``, which batches call."""
    registry, database, log = runtime.registry, runtime.database, RequestLog()
    file_store = FileStore(config.files_url)
    files = KeptFiles(database, file_store)
    jobs = Jobs(database)
    remote_files = runtime.remote_files or RemoteFiles(
        config.remote_file_hosts,
        max_bytes=config.max_body_bytes,
        timeout_s=config.remote_file_timeout_s,
    )
    addresses = Addresses(config.public_url, config.trusted_proxies, runtime.peer_proof)
    checks = Checks(make_pool(), TurnThread())
    vector_stores = assemble_vector_stores(
        registry, database, files, jobs, log, config.vector_stores
    )
    code = config.code_interpreter
    assistants = assemble(
        registry,
        database,
        files,
        remote_files,
        vector_stores.search,
        jobs,
        log,
        checks,
        make_store=vector_stores.filling.make_for,
        add_files=vector_stores.filling.add_files,
        interpreter=code and interpreter(code, database, files),
    )
    batches = Batches(
        app,
        database,
        files,
        jobs.store,
        at_once=config.batch_requests_at_once,
        max_body_bytes=config.max_body_bytes,
    )
    background = BackgroundResponses(registry, database, jobs, log, checks)
    jobs.define(
        {
            BATCH: JobKind(batches.work, batches.fail, batches.work),
            RESPONSE: JobKind(background.work, background.fail),
        }
    )
    return Services(
        registry=registry,
        checks=checks,
        bus=runtime.bus,
        monitor=runtime.monitor,
        database=database,
        objects=ObjectStore(database),
        files=files,
        uploads=KeptUploads(database, files),
        responses=ResponseStore(database),
        background=background,
        jobs=jobs,
        assistants=assistants,
        vector_stores=vector_stores,
        images=GeneratedImages(file_store, config.image_url_ttl_s),
        spoken_answers=SpokenAnswers(file_store),
        remote_files=remote_files,
        moderation=config.moderation,
        authenticator=Authenticator(
            runtime.keys, config.api_keys if config.api_keys_file is not None else None
        ),
        addresses=addresses,
        limits=BodyLimits(config.max_body_bytes, config.max_file_bytes, config.max_upload_bytes),
        log=log,
        document=document,
    )


@asynccontextmanager
async def run_services(services: Services) -> AsyncGenerator[None]:
    """Start the services, and stop them in reverse order even if stopping one of them fails."""
    async with AsyncExitStack() as stack:
        stack.push_async_callback(services.database.close)
        await open_database(services.database)
        if services.monitor is not None:
            stack.callback(services.monitor.close)
            services.monitor.start()
        if services.bus is not None:
            stack.push_async_callback(services.bus.close)
        stack.push_async_callback(services.document.close)
        stack.push_async_callback(services.registry.close)
        stack.callback(services.checks.close)
        await services.registry.refresh()
        await stack.enter_async_context(
            background_tasks(
                services.registry.poll,
                services.authenticator.follow,
                services.responses.sweep_forever,
                services.files.sweep_forever,
                services.uploads.sweep_forever,
                services.images.files.sweep_forever,
                services.spoken_answers.files.sweep_forever,
                services.jobs.work_forever,
            )
        )
        yield
