"""What routes get from their request: the registry, and the calls it may make to models.

All are coroutines, though none awaits: FastAPI sends plain functions to threads.
"""

from typing import Annotated

from fastapi import Depends, Request

from serve_app.body_limits import BodyLimits
from serve_app.calls import Calls
from serve_app.composition.assistants.assistants import Assistants
from serve_app.composition.assistants.runs import Runs
from serve_app.composition.assistants.threads import Threads
from serve_app.composition.background_responses import BackgroundResponses
from serve_app.composition.jobs import Jobs
from serve_app.composition.key_stores import KeyStores
from serve_app.composition.responses import Memory
from serve_app.composition.vector_stores import VectorStoreParts
from serve_app.config import ModerationConfig
from serve_app.generated_images import GeneratedImages
from serve_app.protocol.lists import Limit, Order
from serve_app.registry import Registry
from serve_app.remote_files import RemoteFiles
from serve_app.spoken_answers import SpokenAnswers
from serve_app.storage.kept_files import KeptFiles
from serve_app.storage.kept_uploads import KeptUploads
from serve_app.storage.objects import Cursor, ObjectStore


async def _registry(request: Request) -> Registry:
    return request.app.state.registry


async def _calls(request: Request) -> Calls:
    return Calls(request.app.state.registry, request.state.record)


async def _images(request: Request) -> GeneratedImages:
    return request.app.state.images


async def _spoken_answers(request: Request) -> SpokenAnswers:
    return request.app.state.spoken_answers


async def _remote_files(request: Request) -> RemoteFiles:
    return request.app.state.remote_files


async def _memory(request: Request) -> Memory:
    state = request.app.state
    return Memory(request.state.owner, state.database, state.kept_files)


async def _owner(request: Request) -> str:
    return request.state.owner


async def _objects(request: Request) -> ObjectStore:
    return ObjectStore(request.app.state.database)


async def _files(request: Request) -> KeptFiles:
    return request.app.state.kept_files


async def _uploads(request: Request) -> KeptUploads:
    return request.app.state.kept_uploads


async def _limits(request: Request) -> BodyLimits:
    return request.app.state.body_limits


async def _cursor(
    limit: Limit = 20, order: Order = "desc", after: str | None = None, before: str | None = None
) -> Cursor:
    return Cursor(limit, order, after, before)


async def _assistants(request: Request) -> Assistants:
    return request.app.state.assistants


async def _threads(request: Request) -> Threads:
    return request.app.state.threads


async def _runs(request: Request) -> Runs:
    return request.app.state.runs


async def _vector_stores(request: Request) -> VectorStoreParts:
    return request.app.state.vector_stores


async def _key_stores(request: Request) -> KeyStores:
    return request.app.state.vector_stores.key_stores


async def _jobs(request: Request) -> Jobs:
    return request.app.state.jobs


async def _background(request: Request) -> BackgroundResponses:
    return request.app.state.background


async def _moderation(request: Request) -> ModerationConfig:
    return request.app.state.moderation


MemoryDep = Annotated[Memory, Depends(_memory)]
OwnerDep = Annotated[str, Depends(_owner)]
ObjectsDep = Annotated[ObjectStore, Depends(_objects)]
FilesDep = Annotated[KeptFiles, Depends(_files)]
UploadsDep = Annotated[KeptUploads, Depends(_uploads)]
LimitsDep = Annotated[BodyLimits, Depends(_limits)]
CursorDep = Annotated[Cursor, Depends(_cursor)]
AssistantsDep = Annotated[Assistants, Depends(_assistants)]
ThreadsDep = Annotated[Threads, Depends(_threads)]
RunsDep = Annotated[Runs, Depends(_runs)]
VectorStoresDep = Annotated[VectorStoreParts, Depends(_vector_stores)]
KeyStoresDep = Annotated[KeyStores, Depends(_key_stores)]
JobsDep = Annotated[Jobs, Depends(_jobs)]
BackgroundDep = Annotated[BackgroundResponses, Depends(_background)]
ModerationDep = Annotated[ModerationConfig, Depends(_moderation)]
RegistryDep = Annotated[Registry, Depends(_registry)]
CallsDep = Annotated[Calls, Depends(_calls)]
SpokenAnswersDep = Annotated[SpokenAnswers, Depends(_spoken_answers)]
ImagesDep = Annotated[GeneratedImages, Depends(_images)]
RemoteFilesDep = Annotated[RemoteFiles, Depends(_remote_files)]
