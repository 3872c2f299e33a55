"""Files: their objects in a database and their contents in a file store, both or neither."""

import asyncio
import hashlib
import time
from collections.abc import AsyncIterator
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from serve_app.storage.database import Database
from serve_app.storage.files import FileMissingError, FileStore
from serve_app.storage.kept_files import FOLDER, KeptFiles
from serve_app.storage.kept_uploads import PARTS_FOLDER, KeptUploads
from serve_app.storage.object_rows import StoredObject
from serve_app.storage.objects import Cursor
from tests.storage.file_processes import (
    CHUNK,
    complete_for_ever,
    keep_for_ever,
    pieces,
    stop_while_writing,
)
from tests.storage.processes import Replica
from tests.storage.stored import OWNER
from wire.errors import InvalidRequestError, NotFoundError, StorageUnavailableError

TOMORROW_S = 25 * 3600
SIZE = 4 * (CHUNK // 32 * 32)


@pytest.fixture(params=["directory", "memory"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> FileStore:
    """A store on a directory, and one that fsspec reaches otherwise."""
    if request.param == "directory":
        return FileStore(str(tmp_path / "files"))
    return FileStore(f"memory://{tmp_path.name}")


@pytest.fixture
def files(database: Database, store: FileStore) -> KeptFiles:
    return KeptFiles(database, store)


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return what lets so many seconds pass."""

    def pass_by(seconds: float) -> None:
        now = time.time() + seconds
        for module in ("objects", "files", "kept_uploads"):
            monkeypatch.setattr(f"serve_app.storage.{module}.time", lambda: now)

    return pass_by


async def list_files(files: KeptFiles) -> list[StoredObject]:
    return (await files.page(OWNER, Cursor(10_000)))[0]


async def contents(store: FileStore) -> list[str]:
    return [*await store.names(FOLDER), *await store.names(PARTS_FOLDER)]


async def digest(files: KeptFiles, stored: StoredObject) -> str:
    found = hashlib.sha256()
    async for block in files.content(stored):
        found.update(block)
    return found.hexdigest()


async def assert_whole(files: KeptFiles) -> None:
    for each in await list_files(files):
        assert each.state
        assert await digest(files, each) == each.state["sha256"]


async def test_file_is_read_as_it_was_kept(files: KeptFiles, other: Database) -> None:
    kept = await files.add(OWNER, "a.txt", "assistants", pieces(1))
    elsewhere = KeptFiles(other, files.contents.files)
    found = await elsewhere.get(OWNER, kept.id)
    data = b"".join([piece async for piece in pieces(1)])

    assert found == kept
    assert found.state is not None
    assert found.body["bytes"] == len(data) == SIZE
    assert found.state["sha256"] == hashlib.sha256(data).hexdigest()
    assert b"".join([block async for block in elsewhere.content(found)]) == data
    assert b"".join([block async for block in elsewhere.content(found, 5, 12)]) == data[5:12]
    assert b"".join([block async for block in elsewhere.content(found, SIZE - 3)]) == data[-3:]
    async with elsewhere.path(found) as path:
        assert path.read_bytes() == data


async def test_deleted_file_is_gone_for_who_still_knows_it(
    files: KeptFiles, store: FileStore
) -> None:
    kept = await files.add(OWNER, "a.txt", "assistants", pieces(1))
    await files.delete(OWNER, kept.id)

    with pytest.raises(NotFoundError):
        await files.delete(OWNER, kept.id)
    with pytest.raises(FileMissingError):
        await anext(files.content(kept))
    with pytest.raises(FileMissingError):
        async with files.path(kept):
            pass
    assert await contents(store) == []


async def test_file_whose_bytes_stop_coming_leaves_nothing(
    files: KeptFiles, store: FileStore, later: Any
) -> None:
    async def break_off() -> AsyncIterator[bytes]:
        async for piece in pieces(1):
            yield piece
        raise InvalidRequestError("broken")

    with pytest.raises(InvalidRequestError, match="broken"):
        await files.add(OWNER, "a.txt", "assistants", break_off())
    arrived = asyncio.Event()

    async def endless() -> AsyncIterator[bytes]:
        async for piece in pieces(1, 8):
            yield piece
        arrived.set()
        await asyncio.Event().wait()

    task = asyncio.create_task(files.add(OWNER, "b.txt", "assistants", endless()))
    await arrived.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    assert await list_files(files) == await contents(store) == []
    later(TOMORROW_S)
    await files.sweep()  # finds nothing to do


async def test_store_that_takes_no_more_is_told_as_that(database: Database, tmp_path: Path) -> None:
    (tmp_path / "files").write_text("no folder")
    files = KeptFiles(database, FileStore(str(tmp_path / "files")))

    with pytest.raises(StorageUnavailableError, match="file store"):
        await files.add(OWNER, "a.txt", "assistants", pieces(1))
    assert await list_files(files) == []


async def test_file_with_an_id_of_its_makers_choice_is_made_once(
    files: KeptFiles, store: FileStore, other: Database
) -> None:
    elsewhere = KeptFiles(other, store)
    made = await asyncio.gather(
        *(
            each.add(OWNER, "a.txt", "batch_output", pieces(seed), file_id="file-chosen")
            for seed, each in enumerate([files, elsewhere] * 4)
        )
    )
    again = await files.add(OWNER, "b.txt", "batch_output", pieces(9), file_id="file-chosen")

    assert await list_files(files) == [again]
    assert all(each == again for each in made)
    assert again.state
    assert await digest(files, again) == again.state["sha256"]
    assert len(await contents(store)) == 1


async def test_two_hundred_files_kept_at_once_are_all_there(
    files: KeptFiles, store: FileStore, other: Database
) -> None:
    elsewhere = KeptFiles(other, store)
    made = await asyncio.gather(
        *(
            (files if seed % 2 else elsewhere).add(OWNER, str(seed), "assistants", pieces(seed, 1))
            for seed in range(200)
        )
    )

    found = {each.id: each for each in await list_files(files)}
    assert found == {each.id: each for each in made}
    assert len(await contents(store)) == 200
    for each in made[::20]:
        assert each.state
        assert await digest(files, each) == each.state["sha256"]


async def test_expired_file_is_removed_with_its_content(
    files: KeptFiles, store: FileStore, later: Any
) -> None:
    expires_at = int(time.time()) + 100
    await files.add(OWNER, "a", "assistants", pieces(1), expires_at=expires_at)
    kept = await files.add(OWNER, "b", "assistants", pieces(2))
    later(101)
    assert await list_files(files) == [kept]

    await files.sweep()

    assert kept.state
    assert await contents(store) == [kept.state["content"]]


async def test_upload_that_was_left_is_removed_with_its_parts(
    database: Database, files: KeptFiles, store: FileStore, later: Any
) -> None:
    uploads = KeptUploads(database, files)
    upload = await uploads.create(OWNER, "a", "assistants", 3, None)
    await uploads.add_part(OWNER, upload.id, pieces(1), 2**30)
    later(2 * 3600 + 1)

    await uploads.sweep()

    assert await contents(store) == []
    with pytest.raises(NotFoundError):
        await uploads.cancel(OWNER, upload.id)


async def test_kill_loses_no_file_and_leaves_none_without_its_content(
    url: str, database: Database, tmp_path: Path, later: Any
) -> None:
    store = FileStore(str(tmp_path / "files"))
    files = KeptFiles(database, store)
    replicas = [Replica(url, partial(keep_for_ever, str(tmp_path / "files"))) for _ in range(2)]
    for _ in range(10):
        replicas[0].reports.recv()
    for replica in replicas:
        replica.kill()
    reports: list[Any] = [report for replica in replicas for report in replica.rest()]

    found = {each.id: each for each in await list_files(files)}
    deleted = {name for what, name, _ in reports if what == "deleted"}
    kept = {name for what, name, seed in reports if what == "kept" and seed % 3}
    assert kept <= found.keys()
    assert not deleted & found.keys()
    await assert_whole(files)
    later(TOMORROW_S)
    await files.sweep()
    names = {(each.state or {})["content"] for each in await list_files(files)}
    assert set(await contents(store)) == names
    assert not list((tmp_path / "files/.incoming").iterdir())


async def test_kill_while_a_file_arrives_leaves_nothing_for_ever(
    url: str, database: Database, tmp_path: Path, later: Any
) -> None:
    folder = tmp_path / "files"
    files = KeptFiles(database, FileStore(str(folder)))
    replica = Replica(url, partial(stop_while_writing, str(folder)))
    replica.reports.recv()
    replica.kill()

    assert await list_files(files) == []
    await files.sweep()  # too soon: it might be another replica's
    assert [each for each in folder.rglob("*") if each.is_file()]
    later(TOMORROW_S)
    await files.sweep()
    assert not [each for each in folder.rglob("*") if each.is_file()]


async def test_kill_while_uploads_are_completed_leaves_each_whole_or_to_be_completed(
    url: str, database: Database, tmp_path: Path, later: Any
) -> None:
    store = FileStore(str(tmp_path / "files"))
    files = KeptFiles(database, store)
    uploads = KeptUploads(database, files)
    replica = Replica(url, partial(complete_for_ever, str(tmp_path / "files")))
    reports: list[Any] = [replica.reports.recv() for _ in range(7)]
    replica.kill()
    reports += replica.rest()

    whole = {each.id for each in await list_files(files)}
    assert {file_id for what, _, file_id in reports if what == "completed"} <= whole
    _, upload_id, part_ids = [each for each in reports if each[0] == "begun"][-1]
    with suppress(InvalidRequestError):  # it was completed, and nobody could tell
        await uploads.complete(OWNER, upload_id, part_ids, None)
    begun = {name for what, name, _ in reports if what == "begun"}
    assert len(await list_files(files)) == len(begun)
    await assert_whole(files)
    later(TOMORROW_S)
    await files.sweep()
    await uploads.sweep()
    names = {(each.state or {})["content"] for each in await list_files(files)}
    assert set(await contents(store)) == names
