"""What routes get from their request: the registry and the request's record."""

from typing import Annotated

from fastapi import Depends, Request

from serve_app.observability import RequestRecord
from serve_app.registry import Registry


def _registry(request: Request) -> Registry:
    return request.app.state.registry


def _record(request: Request) -> RequestRecord:
    return request.state.record


RegistryDep = Annotated[Registry, Depends(_registry)]
RecordDep = Annotated[RequestRecord, Depends(_record)]
