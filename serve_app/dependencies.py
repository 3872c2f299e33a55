"""What routes get from their request: the registry, and the calls it may make to models.

All are coroutines, though none awaits: FastAPI sends plain functions to threads.
"""

from typing import Annotated

from fastapi import Depends, Request

from serve_app.calls import Calls
from serve_app.composition.background_responses import BackgroundResponses
from serve_app.composition.responses import Memory
from serve_app.config import ModerationConfig
from serve_app.generated_images import GeneratedImages
from serve_app.registry import Registry
from serve_app.remote_files import RemoteFiles
from serve_app.spoken_answers import SpokenAnswers


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
    return Memory(request.state.owner, request.app.state.database)


async def _background(request: Request) -> BackgroundResponses:
    return request.app.state.background


async def _moderation(request: Request) -> ModerationConfig:
    return request.app.state.moderation


MemoryDep = Annotated[Memory, Depends(_memory)]
BackgroundDep = Annotated[BackgroundResponses, Depends(_background)]
ModerationDep = Annotated[ModerationConfig, Depends(_moderation)]
RegistryDep = Annotated[Registry, Depends(_registry)]
CallsDep = Annotated[Calls, Depends(_calls)]
SpokenAnswersDep = Annotated[SpokenAnswers, Depends(_spoken_answers)]
ImagesDep = Annotated[GeneratedImages, Depends(_images)]
RemoteFilesDep = Annotated[RemoteFiles, Depends(_remote_files)]
