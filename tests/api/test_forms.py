"""One rule for the fields of forms, whether files are held in memory or pass through."""

from typing import Any

import httpx2
import pytest
from fastapi import FastAPI, Request
from pydantic import BaseModel

from serve_app.http.exception_handlers import add_exception_handlers
from serve_app.http.forms import StreamedForm, read_form
from serve_app.observability import RequestRecord
from tests.api.errors import assert_openai_error
from tests.api.files import form
from tests.support.scripted_model import connect
from wire.limits import MAX_FORM_FIELDS
from wire.requests import RequestBody

FILE = ("file", "a.txt", b"content")


class Inner(BaseModel):
    number: int


class Fields(RequestBody):
    """Fields of each shape."""

    one: str | None = None
    many: list[str] | None = None
    either: str | list[str] | None = None
    inner: Inner | None = None


@pytest.fixture(params=["in memory", "streamed"])
def http(request: pytest.FixtureRequest) -> httpx2.AsyncClient:
    """A server that answers with the fields of a form."""
    api = FastAPI()
    add_exception_handlers(api)

    @api.post("/")
    async def read(received: Request) -> dict[str, Any]:  # pyright: ignore[reportUnusedFunction]
        received.state.record = RequestRecord("POST", "/", "req")
        if request.param == "in memory":
            fields, uploads = await read_form(received, Fields, {"file": 1})
            content = uploads["file"][0].data
        else:
            streamed = StreamedForm(received, "file", Fields, 1000)
            await streamed.open()
            content = b"".join([chunk async for chunk in streamed.chunks()])
            fields = streamed.fields()
        return {**fields.model_dump(exclude_none=True), "file": content.decode()}

    return connect(api)


async def post(http: httpx2.AsyncClient, *parts: tuple[str, str | None, bytes]) -> httpx2.Response:
    body, headers = form(*parts)
    return await http.post("/", content=body, headers=headers)


@pytest.mark.parametrize(
    ("sent", "received"),
    [
        ([("one", b"a")], {"one": "a"}),
        ([("one", b"")], {}),
        ([("many", b"a")], {"many": ["a"]}),
        ([("many[]", b"a")], {"many": ["a"]}),
        ([("many", b"a"), ("many[]", b"b")], {"many": ["a", "b"]}),
        ([("either", b"a")], {"either": "a"}),
        ([("either", b"a"), ("either", b"b")], {"either": ["a", "b"]}),
        ([("either[]", b"a")], {"either": ["a"]}),
        ([("unknown", b"a"), ("unknown", b"b")], {"unknown": ["a", "b"]}),
        ([("inner[number]", b"1")], {"inner": {"number": 1}}),
    ],
)
@pytest.mark.parametrize("is_before_file", [True, False])
async def test_fields_of_a_form_are_read(
    http: httpx2.AsyncClient,
    sent: list[tuple[str, bytes]],
    received: dict[str, Any],
    is_before_file: bool,
) -> None:
    parts = [(name, None, value) for name, value in sent]

    answer = await post(http, *([*parts, FILE] if is_before_file else [FILE, *parts]))

    assert answer.json() == {**received, "file": "content"}


@pytest.mark.parametrize(
    ("parts", "param", "said"),
    [
        ([("one", None, b"a"), ("one", None, b"b"), FILE], "one", "twice"),
        ([("one", None, b"\xff"), FILE], "one", "UTF-8"),
        ([("inner", None, b"1"), ("inner[number]", None, b"1"), FILE], "inner", "both"),
        ([("inner[number]", None, b"1"), ("inner", None, b"1"), FILE], "inner", "both"),
        ([("inner[number]", None, b"x"), FILE], "inner.number", "integer"),
        ([("", None, b"1"), FILE], None, "no name"),
        ([("one", "a.txt", b"1"), FILE], "one", "text field"),
        ([("file", None, b"1")], "file", "uploaded file"),
        ([("file", "a.txt", b"")], "file", "empty"),
        ([FILE, ("file[]", "a.txt", b"1")], "file", "at most 1"),
        ([*[(f"f{number}", None, b"1") for number in range(MAX_FORM_FIELDS + 1)], FILE],
            f"f{MAX_FORM_FIELDS}",
            str(MAX_FORM_FIELDS),
        ),
    ],
)  # fmt: skip
async def test_wrong_form_is_refused(
    http: httpx2.AsyncClient, parts: list[Any], param: str | None, said: str
) -> None:
    assert said in assert_openai_error(await post(http, *parts), 400, param)


async def test_form_without_its_last_boundary_is_refused(http: httpx2.AsyncClient) -> None:
    body, headers = form(FILE)

    answer = await http.post("/", content=body.removesuffix(b"--\r\n"), headers=headers)

    assert "last boundary" in assert_openai_error(answer, 400)


async def test_file_name_that_is_not_utf_8_is_no_reason_to_refuse_the_file(
    http: httpx2.AsyncClient,
) -> None:
    body, headers = form(FILE)

    answer = await http.post("/", content=body.replace(b"a.txt", b"\xe9.txt"), headers=headers)

    assert answer.json() == {"file": "content"}


async def test_content_type_of_no_form_is_refused(http: httpx2.AsyncClient) -> None:
    answer = await http.post("/", content=b"{}", headers={"content-type": "application/json"})

    assert "multipart/form-data" in assert_openai_error(answer, 415)
