"""What routes get from their request: the registry, and the calls it may make to models."""

from typing import Annotated

from fastapi import Depends, Request

from serve_app.calls import Calls
from serve_app.registry import Registry


def _registry(request: Request) -> Registry:
    return request.app.state.registry


def _calls(request: Request) -> Calls:
    return Calls(request.app.state.registry, request.state.record)


RegistryDep = Annotated[Registry, Depends(_registry)]
CallsDep = Annotated[Calls, Depends(_calls)]
