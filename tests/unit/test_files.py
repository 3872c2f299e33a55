"""The file store, and generated images in it."""

import asyncio
import time
from collections.abc import AsyncIterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import fsspec
import pytest
from fsspec.implementations.memory import MemoryFileSystem

from serve_app.media.generated_images import GeneratedImages
from serve_app.storage.files import FileMissingError, FileStore
from wire.errors import StorageUnavailableError


class VersionedFileSystem(MemoryFileSystem):
    """Files in memory, behind the arguments that S3's file system has."""

    protocol = "versioned"

    def cat_file(  # pyright: ignore[reportIncompatibleMethodOverride]
        self, path: str, version_id: Any = None, start: Any = None, end: Any = None
    ) -> Any:
        assert version_id is None
        return super().cat_file(path, start, end)


fsspec.register_implementation("versioned", VersionedFileSystem, clobber=True)


@pytest.fixture(params=["directory", "memory", "versioned"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> FileStore:
    """A store on a directory, and some that fsspec reaches otherwise."""
    if request.param == "directory":
        return FileStore(str(tmp_path / "files"))
    return FileStore(f"{request.param}://{tmp_path.name}")


async def test_file_is_read_as_it_was_put(store: FileStore) -> None:
    await store.put("folder/name.bin", b"first")
    await store.put("folder/name.bin", b"second")

    assert await store.read("folder/name.bin") == b"second"
    assert await store.names("folder") == ["folder/name.bin"]


async def test_file_is_gone_once_deleted(store: FileStore) -> None:
    await store.put("a/b", b"x")
    await store.delete("a/b")
    await store.delete("a/b")

    assert await store.names("a") == []
    with pytest.raises(FileMissingError):
        await store.read("a/b")


async def test_directory_that_vanishes_is_unavailable_and_is_not_made_anew(tmp_path: Path) -> None:
    root = tmp_path / "files"
    first = FileStore(str(root))
    await first.put("a/b", b"x")
    second = FileStore(str(root))
    root.rename(tmp_path / "gone")

    for store in (first, second):
        with pytest.raises(StorageUnavailableError):
            await store.read("a/b")
        with pytest.raises(StorageUnavailableError):
            _ = [block async for block in store.stream("a/b")]
        with pytest.raises(StorageUnavailableError):
            await store.put("a/b", b"y")
    assert not root.exists()

    (tmp_path / "gone").rename(root)
    for store in (first, second):
        assert await store.read("a/b") == b"x"


async def test_file_that_cannot_be_read_is_unavailable(tmp_path: Path) -> None:
    store = FileStore(str(tmp_path))
    await store.put("a/b", b"x")
    (tmp_path / "a/b").unlink()
    (tmp_path / "a/b").symlink_to("b")  # too many levels of links, also for root

    with pytest.raises(StorageUnavailableError):
        await store.read("a/b")


async def test_folder_is_no_file(store: FileStore) -> None:
    await store.put("a/b", b"x")

    with pytest.raises(FileMissingError):
        await store.read("a")
    assert await store.names("none") == []


async def pieces(count: int) -> AsyncIterator[bytes]:
    for number in range(count):
        yield bytes([number % 256]) * 100_000


async def test_streamed_file_is_whole_and_its_hash_is_told(store: FileStore) -> None:
    data = b"".join([piece async for piece in pieces(35)])

    written = await store.write("a/b", pieces(35))
    nothing = await store.write("a/c", pieces(0))

    assert (written.size, written.sha256) == (len(data), sha256(data).hexdigest())
    assert b"".join([block async for block in store.stream("a/b")]) == data
    assert b"".join([block async for block in store.stream("a/b", 99_999, 100_001)]) == b"\0\1"
    assert nothing.size == 0
    assert [block async for block in store.stream("a/c")] == []
    with pytest.raises(FileMissingError):
        await anext(store.stream("a/d"))


@pytest.mark.parametrize("is_cancelled", [True, False])
async def test_file_that_is_not_whole_does_not_take_the_place_of_one_that_is(
    store: FileStore, is_cancelled: bool
) -> None:
    await store.put("a/b", b"whole")
    arrived = asyncio.Event()

    async def break_off() -> AsyncIterator[bytes]:
        async for piece in pieces(35):
            yield piece
        arrived.set()
        if is_cancelled:
            await asyncio.Event().wait()
        raise ValueError("broken")

    writing = asyncio.create_task(store.write("a/b", break_off()))
    await arrived.wait()
    assert await store.read("a/b") == b"whole"
    if is_cancelled:
        writing.cancel()
    with pytest.raises(asyncio.CancelledError if is_cancelled else ValueError):
        await writing

    assert await store.read("a/b") == b"whole"
    assert await store.names("a") == ["a/b"]


@pytest.mark.parametrize(
    "name",
    ["", "/", "/etc/passwd", "../x", "a/../b", "a//b", ".incoming/x", "a/", "a\0", "ä", "a\n"],
)  # fmt: skip
async def test_name_that_leads_out_of_the_store_is_none(store: FileStore, name: str) -> None:
    with pytest.raises(ValueError, match="is not a name"):
        await store.put(name, b"x")
    with pytest.raises(ValueError, match="is not a name"):
        await store.read(name)


async def test_two_stores_of_one_directory_share_their_files(tmp_path: Path) -> None:
    one, other = FileStore(str(tmp_path)), FileStore(f"file://{tmp_path}")
    assert await other.names("a") == []

    await one.put("a/b", b"x")

    assert await other.read("a/b") == b"x"
    assert await other.names("a") == ["a/b"]


def test_directory_is_its_owners_only_and_keeps_no_part_files(tmp_path: Path) -> None:
    asyncio.run(FileStore(str(tmp_path / "files")).put("a/b", b"x"))

    found = {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*")}
    assert found == {"files", "files/.incoming", "files/a", "files/a/b"}
    assert (tmp_path / "files/a").stat().st_mode & 0o077 == 0


async def test_image_is_found_by_every_replica_until_it_expires(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = GeneratedImages(FileStore(str(tmp_path)), ttl_s=60)
    other = GeneratedImages(FileStore(str(tmp_path)), ttl_s=60)
    path = await one.keep(b"picture", "png")
    name = path.removeprefix("/generated-images/")

    found = await other.find(name)
    assert found
    assert (found.data, found.media_type) == (b"picture", "image/png")
    assert 0 < found.seconds_left <= 61
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + 62)
    assert await other.find(name) is None


async def test_sweep_deletes_what_has_expired_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = FileStore(str(tmp_path))
    short, long = GeneratedImages(store, ttl_s=10), GeneratedImages(store, ttl_s=1000)
    await short.keep(b"x", "png")
    kept = await long.keep(b"y", "webp")
    await store.put("generated-images/README", b"not ours")
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + 100)

    await long.files.sweep()
    await short.files.sweep()

    assert set(await store.names("generated-images")) == {"generated-images/README", kept[1:]}


@pytest.mark.parametrize("name", ["", "..", "../x.png", "x.png", "ffffffff-00.png", "a/b"])
async def test_name_that_was_never_given_is_no_image(tmp_path: Path, name: str) -> None:
    assert await GeneratedImages(FileStore(str(tmp_path)), ttl_s=60).find(name) is None


async def test_expiry_in_a_name_cannot_be_changed(tmp_path: Path) -> None:
    images = GeneratedImages(FileStore(str(tmp_path)), ttl_s=60)
    name = (await images.keep(b"x", "png")).rpartition("/")[2]

    assert await images.find("ffffffff" + name[8:]) is None


async def test_names_do_not_repeat(tmp_path: Path) -> None:
    images = GeneratedImages(FileStore(str(tmp_path)), ttl_s=60)
    names = [(await images.keep(b"x", "png")).rpartition("/")[2] for _ in range(20)]

    secrets_in_names = {name.partition("-")[2] for name in names}
    assert len(secrets_in_names) == 20
    assert all(len(secret) == len(".png") + 48 for secret in secrets_in_names)
