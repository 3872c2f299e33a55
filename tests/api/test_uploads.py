"""Files that clients send in parts."""

import asyncio
import hashlib
import time
from pathlib import Path
from typing import Any

import httpx2
import pytest
from openai import AsyncOpenAI, BadRequestError, NotFoundError
from openai.types import Upload
from openai.types.uploads import UploadPart

from tests.api.conftest import CreateApi
from tests.api.errors import assert_openai_error
from tests.api.files import form, list_stored
from tests.support.openai_conformance import assert_conforms
from tests.support.scripted_model import connect

PATH = "/v1/uploads"
DATA = bytes(range(256)) * 1000
NEW = {"filename": "a.bin", "bytes": 6, "mime_type": "text/plain", "purpose": "assistants"}


async def begun(client: AsyncOpenAI, size: int) -> Upload:
    return await client.uploads.create(
        filename="a.bin", bytes=size, mime_type="application/octet-stream", purpose="assistants"
    )


async def test_file_is_sent_in_parts_by_openais_sdk(
    openai_client: AsyncOpenAI, tmp_path: Path
) -> None:
    path = tmp_path / "large.txt"
    path.write_bytes(DATA)

    made = await openai_client.uploads.upload_file_chunked(
        file=path,
        mime_type="text/plain",
        purpose="user_data",
        part_size=100_000,
        md5=hashlib.md5(DATA, usedforsecurity=False).hexdigest(),
    )

    assert made.file
    assert (made.status, made.bytes, made.file.bytes) == ("completed", len(DATA), len(DATA))
    assert (made.file.filename, made.file.purpose) == ("large.txt", "user_data")
    assert (await openai_client.files.content(made.file.id)).content == DATA
    assert [each async for each in openai_client.files.list()] == [made.file]


async def test_parts_that_arrive_together_are_put_in_the_order_that_is_named(
    openai_client: AsyncOpenAI,
) -> None:
    upload = await begun(openai_client, 50)
    parts = await asyncio.gather(
        *(
            openai_client.uploads.parts.create(upload.id, data=bytes([65 + each]) * 5)
            for each in range(12)
        )
    )

    made = await openai_client.uploads.complete(
        upload.id, part_ids=[part.id for part in parts[9::-1]]
    )

    assert made.file
    content = (await openai_client.files.content(made.file.id)).content
    assert content == b"".join(bytes([65 + each]) * 5 for each in range(9, -1, -1))


async def test_answers_are_what_openais_sdk_says(http: httpx2.AsyncClient) -> None:
    made = await http.post(PATH, json=NEW)
    upload = assert_conforms(Upload, made.text)
    body, headers = form(("data", "upload", b"abcdef"))
    part = await http.post(f"{PATH}/{upload.id}/parts", content=body, headers=headers)
    done = await http.post(f"{PATH}/{upload.id}/complete", json={"part_ids": [part.json()["id"]]})

    assert (upload.status, upload.expires_at) == ("pending", upload.created_at + 3600)
    assert assert_conforms(UploadPart, part.text).upload_id == upload.id
    assert assert_conforms(Upload, done.text).status == "completed"
    other = await http.post(PATH, json=NEW)
    cancelled = await http.post(f"{PATH}/{other.json()['id']}/cancel")
    assert assert_conforms(Upload, cancelled.text).status == "cancelled"


async def test_file_of_an_upload_lives_as_long_as_was_asked(openai_client: AsyncOpenAI) -> None:
    upload = await openai_client.uploads.create(
        filename="a.bin",
        bytes=6,
        mime_type="text/plain",
        purpose="assistants",
        expires_after={"anchor": "created_at", "seconds": 7200},
    )
    part = await openai_client.uploads.parts.create(upload.id, data=b"abcdef")
    made = await openai_client.uploads.complete(upload.id, part_ids=[part.id])

    assert made.file
    assert made.file.expires_at == made.file.created_at + 7200


@pytest.mark.parametrize(
    ("change", "param"),
    [
        ({"bytes": 0}, "bytes"),
        ({"bytes": 8 * 2**30 + 1}, "bytes"),
        ({"bytes": None}, "bytes"),
        ({"purpose": "fun"}, "purpose"),
        ({"filename": "a/"}, "filename"),
        ({"filename": "a\nb"}, "filename"),
        ({"mime_type": ""}, "mime_type"),
        ({"expires_after": {"anchor": "created_at", "seconds": 1}}, "expires_after.seconds"),
        ({"other": 1}, "other"),
    ],
)
async def test_wrong_upload_is_refused_by_name(
    http: httpx2.AsyncClient, change: dict[str, Any], param: str
) -> None:
    assert_openai_error(await http.post(PATH, json=NEW | change), 400, param)


async def test_parts_that_are_not_the_file_are_refused_and_may_be_sent_again(
    openai_client: AsyncOpenAI,
) -> None:
    uploads = openai_client.uploads
    upload = await begun(openai_client, 6)
    one = await uploads.parts.create(upload.id, data=b"abc")
    two = await uploads.parts.create(upload.id, data=b"def")
    foreign = await uploads.parts.create((await begun(openai_client, 6)).id, data=b"def")

    for part_ids, said in (
        ([one.id], "3 bytes together"),
        ([one.id, one.id], "named before"),
        ([one.id, foreign.id], r"part_ids\[1\]"),
        ([one.id, "x"], r"part_ids\[1\]"),
    ):
        with pytest.raises(BadRequestError, match=said):
            await uploads.complete(upload.id, part_ids=part_ids)
    with pytest.raises(BadRequestError, match="md5"):
        await uploads.complete(upload.id, part_ids=[one.id, two.id], md5="0" * 32)

    assert [each async for each in openai_client.files.list()] == []
    made = await uploads.complete(
        upload.id,
        part_ids=[one.id, two.id],
        md5=hashlib.md5(b"abcdef", usedforsecurity=False).hexdigest().upper(),
    )
    assert made.status == "completed"


@pytest.mark.parametrize("end", ["completed", "cancelled", "expired"])
async def test_upload_that_ended_says_how_to_whoever_goes_on(
    openai_client: AsyncOpenAI, monkeypatch: pytest.MonkeyPatch, end: str
) -> None:
    uploads = openai_client.uploads
    upload = await begun(openai_client, 3)
    part = await uploads.parts.create(upload.id, data=b"abc")
    if end == "completed":
        await uploads.complete(upload.id, part_ids=[part.id])
    elif end == "cancelled":
        await uploads.cancel(upload.id)
    else:
        now = time.time()
        monkeypatch.setattr("serve_app.storage.kept_uploads.time", lambda: now + 3601)

    for action in (
        uploads.complete(upload.id, part_ids=[part.id]),
        uploads.cancel(upload.id),
        uploads.parts.create(upload.id, data=b"abc"),
    ):
        with pytest.raises(BadRequestError, match=f"is {end}"):
            await action


async def test_upload_is_completed_once_however_many_ask(
    openai_client: AsyncOpenAI,
) -> None:
    upload = await begun(openai_client, 3)
    part = await openai_client.uploads.parts.create(upload.id, data=b"abc")

    answers = await asyncio.gather(
        *(openai_client.uploads.complete(upload.id, part_ids=[part.id]) for _ in range(8)),
        return_exceptions=True,
    )

    made = [each for each in answers if isinstance(each, Upload)]
    refused = [each for each in answers if isinstance(each, BadRequestError)]
    assert (len(made), len(refused)) == (1, 7)
    assert all("is completed" in str(each) for each in refused)
    assert [each async for each in openai_client.files.list()] == [made[0].file]


async def test_parts_of_an_upload_have_a_limit_together(create: CreateApi) -> None:
    api = create(max_upload_bytes=1024)
    body, headers = form(("data", "upload", b"x" * 600))
    async with api.router.lifespan_context(api), connect(api) as http:
        path = f"{PATH}/{(await http.post(PATH, json=NEW)).json()['id']}/parts"
        assert (await http.post(path, content=body, headers=headers)).status_code == 200
        assert "1200" in assert_openai_error(
            await http.post(path, content=body, headers=headers), 400, "data"
        )


async def test_nothing_but_the_file_stays_of_an_upload(create: CreateApi, tmp_path: Path) -> None:
    api = create(files_url=str(tmp_path))
    async with api.router.lifespan_context(api), connect(api) as client:
        openai = AsyncOpenAI(base_url="http://test/v1", api_key="none", http_client=client)
        upload, other = await begun(openai, 6), await begun(openai, 6)
        parts = [await openai.uploads.parts.create(upload.id, data=b"abc") for _ in range(3)]
        await openai.uploads.parts.create(other.id, data=b"abc")
        await openai.uploads.complete(upload.id, part_ids=[each.id for each in parts[1:]])
        await openai.uploads.cancel(other.id)

    assert [each.read_bytes() for each in list_stored(tmp_path)] == [b"abcabc"]


@pytest.mark.parametrize("upload_id", [None, "upload_none", "%2e%2e", "x" * 200])
async def test_unknown_upload_and_that_of_another_key_are_not_found(
    create: CreateApi, upload_id: str | None
) -> None:
    api = create(frozenset({"one", "two"}))
    async with api.router.lifespan_context(api), connect(api) as client:
        one, two = (
            AsyncOpenAI(base_url="http://test/v1", api_key=key, http_client=client)
            for key in ("one", "two")
        )
        name = upload_id or (await begun(one, 3)).id
        for action in (
            two.uploads.parts.create(name, data=b"abc"),
            two.uploads.complete(name, part_ids=["part_1"]),
            two.uploads.cancel(name),
        ):
            with pytest.raises(NotFoundError, match="upload"):
                await action
