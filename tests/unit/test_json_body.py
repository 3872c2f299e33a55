"""Bodies are read once, large ones in a thread, and errors are the same for both."""

import threading
from collections.abc import AsyncGenerator
from typing import Any

import httpx2
import pytest
from fastapi import FastAPI
from fastapi.routing import APIRouter
from pydantic import model_validator

from serve_app.concurrency import TurnThread
from serve_app.http.exception_handlers import add_exception_handlers
from serve_app.http.json_body import LARGE_BYTES, JSONRoute
from serve_app.observability import RequestRecord
from wire.errors import InvalidRequestError
from wire.requests import RequestBody

THREADS: list[str] = []


class Note(RequestBody):
    """A body that records where it is validated."""

    text: str = ""
    size: int = 0

    @model_validator(mode="after")
    def _record(self) -> "Note":
        THREADS.append(threading.current_thread().name)
        if self.size < 0:
            raise InvalidRequestError("Invalid 'size'.", "size")
        return self


async def keep(body: Note) -> dict[str, Any]:
    return {"size": body.size, "length": len(body.text)}


@pytest.fixture
async def client() -> AsyncGenerator[httpx2.AsyncClient]:
    THREADS.clear()
    router = APIRouter(route_class=JSONRoute)
    router.add_api_route("/notes", keep, methods=["POST"])
    api = FastAPI()
    api.include_router(router)
    add_exception_handlers(api)
    thread = TurnThread()

    async def with_state(scope: Any, receive: Any, send: Any) -> None:
        record = RequestRecord("POST", "/notes", "req")
        scope["state"] = {"record": record, "thread": thread}
        await api(scope, receive, send)

    transport = httpx2.ASGITransport(with_state)
    async with httpx2.AsyncClient(transport=transport, base_url="http://test") as client:
        yield client
    thread.close()


@pytest.mark.parametrize("length", [1, LARGE_BYTES])
async def test_body_is_validated_once_and_a_large_one_not_on_the_loop(
    client: httpx2.AsyncClient, length: int
) -> None:
    answer = await client.post("/notes", json={"text": "x" * length, "size": 3})

    assert answer.json() == {"size": 3, "length": length}
    assert [name.startswith("large") for name in THREADS] == [length == LARGE_BYTES]


@pytest.mark.parametrize("padding", ["", "x" * LARGE_BYTES])
@pytest.mark.parametrize(
    ("fields", "param"),
    [({"size": "three"}, "size"), ({"size": -1}, "size"), ({"size": True}, "size")],
)
async def test_wrong_value_is_named_whatever_the_size(
    client: httpx2.AsyncClient, padding: str, fields: dict[str, Any], param: str
) -> None:
    answer = await client.post("/notes", json={"text": padding, **fields})

    assert answer.status_code == 400
    assert answer.json()["error"]["param"] == param


@pytest.mark.parametrize("padding", ["", " " * LARGE_BYTES])
@pytest.mark.parametrize("text", ["{", "null", "[]", '"x"', '{"size": NaN}'])
async def test_body_that_is_no_object_is_refused_whatever_its_size(
    client: httpx2.AsyncClient, padding: str, text: str
) -> None:
    headers = {"content-type": "application/json"}

    answer = await client.post("/notes", content=text + padding, headers=headers)

    assert answer.status_code == 400
    assert answer.json()["error"]["type"] == "invalid_request_error"
