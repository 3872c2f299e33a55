"""Files as clients keep and use them."""

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from openai import AsyncOpenAI, BadRequestError, NotFoundError
from openai.types import FileDeleted, FileObject

from tests.api.conftest import CreateApi
from tests.api.errors import assert_openai_error
from tests.api.files import form, list_stored
from tests.support.openai_conformance import assert_conforms
from tests.support.scripted_model import connect

PATH = "/v1/files"
LIMIT = 3 * 2**20


async def post(http: httpx2.AsyncClient, *parts: tuple[str, str | None, bytes]) -> httpx2.Response:
    body, headers = form(*parts)
    return await http.post(PATH, content=body, headers=headers)


PURPOSE = ("purpose", None, b"assistants")
FILE = ("file", "a.txt", b"content")


async def test_file_is_kept_listed_read_and_deleted(openai_client: AsyncOpenAI) -> None:
    files = openai_client.files
    data = bytes(range(256)) * 20_000
    made = await files.create(file=("ä b.bin", data), purpose="user_data")

    assert made.id.startswith("file-")
    assert (made.bytes, made.filename, made.purpose) == (len(data), "ä b.bin", "user_data")
    assert (made.status, made.expires_at) == ("processed", None)
    assert await files.retrieve(made.id) == made
    assert [each async for each in files.list()] == [made]
    content = await files.content(made.id)
    assert content.content == data
    assert content.response.headers["content-length"] == str(len(data))
    assert "%C3%A4%20b.bin" in content.response.headers["content-disposition"]
    assert await files.delete(made.id) == FileDeleted(id=made.id, object="file", deleted=True)
    for gone in (files.retrieve(made.id), files.content(made.id), files.delete(made.id)):
        with pytest.raises(NotFoundError, match=made.id):
            await gone
    assert [each async for each in files.list()] == []


@pytest.mark.parametrize("purpose", ["assistants", "batch", "fine-tune", "vision", "user_data"])
async def test_file_of_each_purpose_is_what_openais_sdk_says(
    http: httpx2.AsyncClient, purpose: str
) -> None:
    made = await post(http, ("purpose", None, purpose.encode()), FILE)

    assert assert_conforms(FileObject, made.text).purpose == purpose
    assert_conforms(FileObject, (await http.get(f"{PATH}/{made.json()['id']}")).text)
    assert_conforms(FileDeleted, (await http.delete(f"{PATH}/{made.json()['id']}")).text)


async def test_fields_may_come_after_the_file(http: httpx2.AsyncClient) -> None:
    made = await post(http, FILE, PURPOSE)

    assert (made.json()["purpose"], made.json()["bytes"]) == ("assistants", 7)


async def test_expiry_is_told_and_kept(
    openai_client: AsyncOpenAI, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = await openai_client.files.create(
        file=b"x", purpose="assistants", expires_after={"anchor": "created_at", "seconds": 3600}
    )
    assert made.expires_at == made.created_at + 3600

    now = time.time()
    monkeypatch.setattr("serve_app.storage.objects.time", lambda: now + 3601)
    with pytest.raises(NotFoundError):
        await openai_client.files.retrieve(made.id)
    assert [each async for each in openai_client.files.list()] == []


async def test_input_of_batches_expires_after_thirty_days(openai_client: AsyncOpenAI) -> None:
    made = await openai_client.files.create(file=b"{}", purpose="batch")

    assert made.expires_at == made.created_at + 30 * 24 * 3600


@pytest.mark.parametrize("seconds", [3599, 2592001])
async def test_expiry_out_of_range_is_refused(openai_client: AsyncOpenAI, seconds: int) -> None:
    with pytest.raises(BadRequestError, match=r"expires_after.seconds"):
        await openai_client.files.create(
            file=b"x",
            purpose="batch",
            expires_after={"anchor": "created_at", "seconds": seconds},
        )


@pytest.mark.parametrize(
    ("parts", "param", "said"),
    [
        ([FILE], "purpose", "Missing"),
        ([("purpose", None, b"fun"), FILE], "purpose", "'assistants', 'batch'"),
        ([PURPOSE], "file", "Missing"),
        ([], "file", "Missing"),
        ([PURPOSE, ("file", "a.txt", b"")], "file", "empty"),
        ([PURPOSE, ("file", None, b"content")], "file", "uploaded file"),
        ([PURPOSE, FILE, FILE], "file", "at most 1"),
        ([("purpose", "a.txt", b"batch"), FILE], "purpose", "text field"),
        ([PURPOSE, PURPOSE, FILE], "purpose", "twice"),
        ([PURPOSE, ("purpose", None, b"\xff"), FILE], "purpose", "twice"),
        ([("purpose", None, b"\xff"), FILE], "purpose", "UTF-8"),
        ([("purpose", None, b"x" * 70_000), FILE], "purpose", "65536"),
        ([PURPOSE, ("other", None, b"1"), FILE], "other", "Unknown parameter"),
        ([PURPOSE, ("expires_after[anchor]", None, b"now"), FILE], "expires_after.anchor", ""),
        ([PURPOSE, ("expires_after", None, b"1"), FILE], "expires_after", ""),
        ([PURPOSE, ("", None, b"1"), FILE], None, "no name"),
        ([PURPOSE, ("file", "", b"content")], "file", "name"),
        ([PURPOSE, ("file", "..", b"content")], "file", "name"),
        ([PURPOSE, ("file", "a\0b", b"content")], "file", "control"),
        ([PURPOSE, ("file", "é" * 256, b"content")], "file", "255"),
    ],
)  # fmt: skip
async def test_wrong_form_is_refused_by_name_and_leaves_nothing(
    create: CreateApi, tmp_path: Path, parts: list[Any], param: str | None, said: str
) -> None:
    api = create(files_url=str(tmp_path))
    async with api.router.lifespan_context(api), connect(api) as http:
        assert said in assert_openai_error(await post(http, *parts), 400, param)
        assert (await http.get(PATH)).json()["data"] == []
    assert not list_stored(tmp_path)


@pytest.mark.parametrize(
    "body",
    [b"", b"x", b"--xyz", form(PURPOSE, FILE)[0][:-5], form(PURPOSE, FILE)[0].replace(b": ", b"")],
)
async def test_broken_form_is_refused(http: httpx2.AsyncClient, body: bytes) -> None:
    answer = await http.post(PATH, content=body, headers=form()[1])

    assert "form" in assert_openai_error(answer, 400)


@pytest.mark.parametrize("content_type", ["application/json", "multipart/form-data", "a/b"])
async def test_body_that_is_no_form_is_refused(http: httpx2.AsyncClient, content_type: str) -> None:
    answer = await http.post(PATH, content=b"{}", headers={"content-type": content_type})

    assert "multipart/form-data" in assert_openai_error(answer, 415)


@pytest.mark.parametrize("name", ["/etc/passwd", "../passwd", "C:\\\\x\\\\passwd"])
async def test_folders_in_a_files_name_are_left_out(http: httpx2.AsyncClient, name: str) -> None:
    assert (await post(http, PURPOSE, ("file", name, b"x"))).json()["filename"] == "passwd"


async def test_file_may_have_as_many_bytes_as_the_limit_and_none_more(
    create: CreateApi, tmp_path: Path
) -> None:
    api = create(max_file_bytes=LIMIT, max_body_bytes=1024, files_url=str(tmp_path))
    async with api.router.lifespan_context(api), connect(api) as http:
        most = await post(http, PURPOSE, ("file", "a", b"x" * LIMIT))
        one_more = await post(http, PURPOSE, ("file", "a", b"x" * (LIMIT + 1)))
        elsewhere = await http.post("/v1/conversations", content=b"x" * LIMIT)

    assert most.json()["bytes"] == LIMIT
    assert str(LIMIT) in assert_openai_error(one_more, 413, "file")
    assert_openai_error(elsewhere, 413)
    assert len(list_stored(tmp_path)) == 1


@pytest.mark.parametrize("is_announced", [True, False])
async def test_body_far_over_the_limit_is_refused_before_it_is_read(
    create: CreateApi, is_announced: bool
) -> None:
    read = 0

    async def pieces() -> AsyncIterator[bytes]:
        nonlocal read
        yield form(PURPOSE)[0].removesuffix(b"--xyz--\r\n")
        yield b'--xyz\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n'
        while True:
            read += 2**16
            yield b"x" * 2**16

    headers = form()[1] | ({"content-length": str(100 * LIMIT)} if is_announced else {})
    api = create(max_file_bytes=LIMIT)
    async with api.router.lifespan_context(api), connect(api) as http:
        answer = await http.post(PATH, content=pieces(), headers=headers)

    assert_openai_error(answer, 413, None if is_announced else "file")
    assert read <= 2 * LIMIT


async def test_file_goes_to_the_store_while_it_arrives_and_is_gone_when_its_client_is(
    create: CreateApi, tmp_path: Path
) -> None:
    api = create(files_url=str(tmp_path))
    body, headers = form(PURPOSE, ("file", "a.bin", b"x" * 2**22))
    arrived, left = asyncio.Event(), asyncio.Event()
    pieces = iter([body[: 2**20], body[2**20 : 2**21], body[2**21 : 3 * 2**20]])

    async def receive() -> dict[str, Any]:
        piece = next(pieces, None)
        if piece is not None:
            return {"type": "http.request", "body": piece, "more_body": True}
        arrived.set()
        await left.wait()
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None: ...

    scope = {
        "type": "http", "method": "POST", "path": PATH, "raw_path": PATH.encode(),
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
        "query_string": b"", "client": ("c", 1), "server": ("s", 1), "scheme": "http",
    }  # fmt: skip
    async with api.router.lifespan_context(api), connect(api) as http:
        request = asyncio.create_task(api(scope, receive, send))
        await arrived.wait()
        assert sum(each.stat().st_size for each in list_stored(tmp_path)) >= 2**20
        left.set()
        await request
        assert (await http.get(PATH)).json()["data"] == []
    assert not list_stored(tmp_path)


async def test_list_is_read_page_by_page_and_by_purpose(openai_client: AsyncOpenAI) -> None:
    files = openai_client.files
    made = [
        await files.create(file=b"x", purpose="batch" if number % 2 else "vision")
        for number in range(5)
    ]

    assert [each async for each in files.list()] == made[::-1]
    assert [each async for each in files.list(order="asc", limit=2)] == made
    page = await files.list(order="asc", limit=2, after=made[1].id)
    assert (page.data, page.has_more) == (made[2:4], True)
    assert [each async for each in files.list(purpose="batch")] == [made[3], made[1]]
    assert [each async for each in files.list(purpose="none")] == []


@pytest.mark.parametrize(
    ("query", "param"),
    [("limit=0", "limit"), ("limit=10001", "limit"), ("order=up", "order"), ("after=x", "after")],
)
async def test_wrong_query_of_a_list_is_refused(
    http: httpx2.AsyncClient, query: str, param: str
) -> None:
    assert_openai_error(await http.get(f"{PATH}?{query}"), 400, param)


async def test_key_sees_its_own_files_only(create: CreateApi) -> None:
    api = create(frozenset({"one", "two"}))
    async with api.router.lifespan_context(api), connect(api) as http:
        body, headers = form(PURPOSE, FILE)
        made = await http.post(PATH, content=body, headers=headers | {"x-api-key": "one"})
        path, theirs = f"{PATH}/{made.json()['id']}", {"x-api-key": "two"}

        assert (await http.get(path, headers={"x-api-key": "one"})).json() == made.json()
        assert (await http.get(PATH, headers=theirs)).json()["data"] == []
        for answer in (
            await http.get(path, headers=theirs),
            await http.get(f"{path}/content", headers=theirs),
            await http.delete(path, headers=theirs),
        ):
            assert_openai_error(answer, 404)
        assert (await http.get(f"{path}/content", headers={"x-api-key": "one"})).content
