"""What routes get from their request: services of the application, and what is the request's own.

All are coroutines, though none awaits: FastAPI sends plain functions to threads.
"""

from collections.abc import Callable
from typing import Annotated, Any

from fastapi import Depends, Request

from serve_app.assistants.assistants import Assistants
from serve_app.assistants.runs import Runs
from serve_app.assistants.threads import Threads
from serve_app.assistants.versions import HEADER, Show, show_as
from serve_app.config import ModerationConfig
from serve_app.http.addresses import Addresses
from serve_app.http.limits import BodyLimits
from serve_app.jobs.worker import Jobs
from serve_app.media.generated_images import GeneratedImages
from serve_app.media.remote_files import RemoteFiles
from serve_app.models.calls import Calls
from serve_app.models.registry import Registry
from serve_app.openapi.served import ServedDocument
from serve_app.responses.background import BackgroundResponses
from serve_app.responses.turn import History
from serve_app.routes.lists import Limit, Order
from serve_app.services import Services
from serve_app.spoken.stored_answers import SpokenAnswers
from serve_app.storage.kept_files import KeptFiles
from serve_app.storage.kept_uploads import KeptUploads
from serve_app.storage.objects import Cursor, ObjectStore
from serve_app.vector_stores.key_stores import KeyStores
from serve_app.vector_stores.vector_stores import VectorStoreParts


def services_of(request: Request) -> Services:
    """Return the services of the application that received a request."""
    return request.app.state.services


def _service(read: Callable[[Services], Any]) -> Any:
    """Return the dependency on one of the services."""

    async def service(request: Request) -> Any:
        return read(services_of(request))

    return Depends(service)


async def _calls(request: Request) -> Calls:
    services = services_of(request)
    return Calls(services.registry, request.state.record, services.checks)


async def _history(request: Request) -> History:
    services = services_of(request)
    return History(request.state.owner, services.database, services.files)


async def _owner(request: Request) -> str:
    return request.state.owner


async def _cursor(
    limit: Limit = 20, order: Order = "desc", after: str | None = None, before: str | None = None
) -> Cursor:
    return Cursor(limit, order, after, before)


async def _show(request: Request) -> Show:
    return show_as(request.headers.get(HEADER, ""))


CallsDep = Annotated[Calls, Depends(_calls)]
HistoryDep = Annotated[History, Depends(_history)]
ShowDep = Annotated[Show, Depends(_show)]
OwnerDep = Annotated[str, Depends(_owner)]
CursorDep = Annotated[Cursor, Depends(_cursor)]
AddressesDep = Annotated[Addresses, _service(lambda services: services.addresses)]
AssistantsDep = Annotated[Assistants, _service(lambda services: services.assistants.assistants)]
BackgroundDep = Annotated[BackgroundResponses, _service(lambda services: services.background)]
DocumentDep = Annotated[ServedDocument, _service(lambda services: services.document)]
FilesDep = Annotated[KeptFiles, _service(lambda services: services.files)]
ImagesDep = Annotated[GeneratedImages, _service(lambda services: services.images)]
JobsDep = Annotated[Jobs, _service(lambda services: services.jobs)]
KeyStoresDep = Annotated[KeyStores, _service(lambda services: services.vector_stores.key_stores)]
LimitsDep = Annotated[BodyLimits, _service(lambda services: services.limits)]
ModerationDep = Annotated[ModerationConfig, _service(lambda services: services.moderation)]
ObjectsDep = Annotated[ObjectStore, _service(lambda services: services.objects)]
RegistryDep = Annotated[Registry, _service(lambda services: services.registry)]
RemoteFilesDep = Annotated[RemoteFiles, _service(lambda services: services.remote_files)]
RunsDep = Annotated[Runs, _service(lambda services: services.assistants.runs)]
SpokenAnswersDep = Annotated[SpokenAnswers, _service(lambda services: services.spoken_answers)]
ThreadsDep = Annotated[Threads, _service(lambda services: services.assistants.threads)]
UploadsDep = Annotated[KeptUploads, _service(lambda services: services.uploads)]
VectorStoresDep = Annotated[VectorStoreParts, _service(lambda services: services.vector_stores)]
