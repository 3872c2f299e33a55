"""What routes get from their request: the registry, and the calls it may make to models.

All are coroutines, though none awaits: FastAPI sends plain functions to threads.
"""

from typing import Annotated, Any

from fastapi import Depends, Request

from serve_app.assistants.assistants import Assistants
from serve_app.assistants.runs import Runs
from serve_app.assistants.threads import Threads
from serve_app.config import ModerationConfig
from serve_app.http.limits import BodyLimits
from serve_app.jobs.worker import Jobs
from serve_app.media.generated_images import GeneratedImages
from serve_app.media.remote_files import RemoteFiles
from serve_app.models.calls import Calls
from serve_app.models.registry import Registry
from serve_app.responses.background import BackgroundResponses
from serve_app.responses.turn import History
from serve_app.routes.lists import Limit, Order
from serve_app.spoken.stored_answers import SpokenAnswers
from serve_app.storage.kept_files import KeptFiles
from serve_app.storage.kept_uploads import KeptUploads
from serve_app.storage.objects import Cursor, ObjectStore
from serve_app.vector_stores.key_stores import KeyStores
from serve_app.vector_stores.vector_stores import VectorStoreParts


def _of_app(name: str) -> Any:
    """Return the dependency on a part of the application, which all its requests share."""

    async def part(request: Request) -> Any:
        return getattr(request.app.state, name)

    return Depends(part)


async def _calls(request: Request) -> Calls:
    return Calls(request.app.state.registry, request.state.record)


async def _history(request: Request) -> History:
    state = request.app.state
    return History(request.state.owner, state.database, state.kept_files)


async def _owner(request: Request) -> str:
    return request.state.owner


async def _objects(request: Request) -> ObjectStore:
    return ObjectStore(request.app.state.database)


async def _cursor(
    limit: Limit = 20, order: Order = "desc", after: str | None = None, before: str | None = None
) -> Cursor:
    return Cursor(limit, order, after, before)


async def _key_stores(request: Request) -> KeyStores:
    return request.app.state.vector_stores.key_stores


HistoryDep = Annotated[History, Depends(_history)]
OwnerDep = Annotated[str, Depends(_owner)]
ObjectsDep = Annotated[ObjectStore, Depends(_objects)]
FilesDep = Annotated[KeptFiles, _of_app("kept_files")]
UploadsDep = Annotated[KeptUploads, _of_app("kept_uploads")]
LimitsDep = Annotated[BodyLimits, _of_app("body_limits")]
CursorDep = Annotated[Cursor, Depends(_cursor)]
AssistantsDep = Annotated[Assistants, _of_app("assistants")]
ThreadsDep = Annotated[Threads, _of_app("threads")]
RunsDep = Annotated[Runs, _of_app("runs")]
VectorStoresDep = Annotated[VectorStoreParts, _of_app("vector_stores")]
KeyStoresDep = Annotated[KeyStores, Depends(_key_stores)]
JobsDep = Annotated[Jobs, _of_app("jobs")]
BackgroundDep = Annotated[BackgroundResponses, _of_app("background")]
ModerationDep = Annotated[ModerationConfig, _of_app("moderation")]
RegistryDep = Annotated[Registry, _of_app("registry")]
CallsDep = Annotated[Calls, Depends(_calls)]
SpokenAnswersDep = Annotated[SpokenAnswers, _of_app("spoken_answers")]
ImagesDep = Annotated[GeneratedImages, _of_app("images")]
RemoteFilesDep = Annotated[RemoteFiles, _of_app("remote_files")]
