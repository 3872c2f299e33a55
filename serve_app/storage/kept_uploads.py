"""Files that come in parts: OpenAI's uploads.

Parts arrive in any order, several at once, through any ingress replica. Together they become a file
once, whoever asks for it at the same time.
"""

from collections.abc import AsyncGenerator, AsyncIterable, Sequence
from dataclasses import replace
from hashlib import md5
from time import time

from serve_app.storage.contents import Content
from serve_app.storage.database import Database
from serve_app.storage.files import FileMissingError, in_thread
from serve_app.storage.kept_files import FOLDER, KeptFiles, new_file, with_content
from serve_app.storage.object_rows import StoredObject
from serve_app.storage.objects import ObjectStore
from serve_app.storage.sweeping import sweep_forever
from wire.errors import InvalidRequestError, echo
from wire.ids import new_id

UPLOAD, PART = "upload", "upload.part"
PARTS_FOLDER = "uploads"
LIVES_S = 3600
"""As long as OpenAI's."""
REMEMBERED_S = 3600
"""For how long an upload that has ended, in whatever way, still says so."""
PENDING = "pending"


class KeptUploads:
    """The uploads of a database; their parts are in the file store."""

    def __init__(self, database: Database, files: KeptFiles) -> None:
        self._objects = ObjectStore(database)
        self._contents = files.contents
        self._files = files

    async def create(
        self, owner: str, filename: str, purpose: str, size: int, lives_s: int | None
    ) -> StoredObject:
        """Begin an upload of ``size`` bytes. Its file will live ``lives_s`` seconds; None: stay."""
        upload_id, now = new_id("upload"), int(time())
        body = {
            "id": upload_id,
            "object": UPLOAD,
            "bytes": size,
            "created_at": now,
            "expires_at": now + LIVES_S,
            "filename": filename,
            "purpose": purpose,
            "status": PENDING,
            "file": None,
        }
        upload = StoredObject(
            upload_id,
            UPLOAD,
            owner,
            body,
            status=PENDING,
            state={"received": 0, "lives_s": lives_s},
            expires_at=now + LIVES_S + REMEMBERED_S,
            created_at=now,
        )
        await self._objects.add(upload)
        return upload

    async def add_part(
        self, owner: str, upload_id: str, chunks: AsyncIterable[bytes], max_bytes: int
    ) -> StoredObject:
        """Keep a part as its bytes come. All parts of an upload have ``max_bytes`` together.

        Raises:
            NotFoundError: the owner has no such upload.
            InvalidRequestError: it has ended, or its parts are too many.
        """
        _check_pending(await self._objects.get(owner, UPLOAD, upload_id))

        async def finish(content: Content) -> StoredObject:
            def more(upload: StoredObject) -> StoredObject:
                _check_pending(upload)
                state = upload.state or {}
                received = state["received"] + content.size
                if received > max_bytes:
                    raise InvalidRequestError(
                        f"'data': the parts of an upload have at most {max_bytes} bytes together; "
                        f"with this one it would be {received}.",
                        "data",
                    )
                return replace(upload, state={**state, "received": received})

            await self._objects.change(owner, UPLOAD, upload_id, more)
            part_id, now = new_id("part"), int(time())
            body = {"id": part_id, "object": PART, "created_at": now, "upload_id": upload_id}
            part = StoredObject(
                part_id,
                PART,
                owner,
                body,
                parent_id=upload_id,
                state=content.as_state(),
                created_at=now,
            )
            await self._objects.add(part)
            return part

        return await self._contents.keep(owner, PARTS_FOLDER, chunks, finish)

    async def complete(
        self, owner: str, upload_id: str, part_ids: Sequence[str], checksum: str | None
    ) -> StoredObject:
        """Make a file of parts, in this order.

        Raises:
            NotFoundError: the owner has no such upload.
            InvalidRequestError: it has ended, or these are not all of its bytes.
        """
        upload = await self._objects.get(owner, UPLOAD, upload_id)
        _check_pending(upload)
        parts = await self._parts(upload, part_ids)
        digest = md5(usedforsecurity=False)

        async def finish(content: Content) -> StoredObject:
            if checksum is not None and digest.hexdigest() != checksum.lower():
                raise InvalidRequestError(
                    f"Invalid 'md5': that of the parts is {digest.hexdigest()} (received "
                    f"{echo(checksum)}).",
                    "md5",
                )
            lives_s = (upload.state or {})["lives_s"]
            file = with_content(
                new_file(upload.body["filename"], upload.body["purpose"], owner, lives_s=lives_s),
                content,
            )

            def completed(found: StoredObject) -> StoredObject:
                _check_pending(found)
                return _ended(found, "completed", file)

            changed = await self._objects.change(owner, UPLOAD, upload_id, completed)
            await self._objects.add(file)
            return changed

        async def chunks() -> AsyncGenerator[bytes]:
            for part in parts:
                async for block in self._files.content(part):
                    if checksum is not None:
                        await in_thread(digest.update, block)
                    yield block

        try:
            changed = await self._contents.keep(owner, FOLDER, chunks(), finish)
        except FileMissingError:  # it ended meanwhile, and its parts with it
            _check_pending(await self._objects.get(owner, UPLOAD, upload_id))
            raise
        await self._remove_parts(changed)
        return changed

    async def cancel(self, owner: str, upload_id: str) -> StoredObject:
        """End an upload without a file.

        Raises:
            NotFoundError: the owner has no such upload.
            InvalidRequestError: it has ended already.
        """

        def cancelled(found: StoredObject) -> StoredObject:
            _check_pending(found)
            return _ended(found, "cancelled", None)

        changed = await self._objects.change(owner, UPLOAD, upload_id, cancelled)
        await self._remove_parts(changed)
        return changed

    async def sweep(self) -> None:
        """Remove uploads that ended a while ago, and what is left of their parts."""
        while expired := await self._objects.expired(UPLOAD):
            for upload in expired:
                await self._remove_parts(upload)
                await self._objects.remove(upload.id)

    async def sweep_forever(self) -> None:
        """Do so now and then, until cancelled."""
        await sweep_forever("uploads", self.sweep)

    async def _parts(self, upload: StoredObject, part_ids: Sequence[str]) -> list[StoredObject]:
        found = {each.id: each for each in await self._objects.all(upload.owner, PART, upload.id)}
        parts = list[StoredObject]()
        for index, part_id in enumerate(part_ids):
            part = found.pop(part_id, None)  # once only
            if part is None:
                param, named = f"part_ids[{index}]", echo(part_id)
                raise InvalidRequestError(
                    f"Invalid '{param}': {named} is no part of the upload, or was named before.",
                    param,
                )
            parts.append(part)
        size = sum((part.state or {})["bytes"] for part in parts)
        if size != upload.body["bytes"]:
            raise InvalidRequestError(
                f"Invalid 'part_ids': the parts have {size} bytes together, and the upload was "
                f"made for {upload.body['bytes']}.",
                "part_ids",
            )
        return parts

    async def _remove_parts(self, upload: StoredObject) -> None:
        for part in await self._objects.all(upload.owner, PART, upload.id):
            await self._contents.remove(part)


def _check_pending(upload: StoredObject) -> None:
    status = upload.body["status"]
    if status == PENDING and upload.body["expires_at"] <= time():
        status = "expired"
    if status != PENDING:
        raise InvalidRequestError(f"Upload '{upload.id}' is {status}; only a pending one goes on.")


def _ended(upload: StoredObject, status: str, file: StoredObject | None) -> StoredObject:
    body = {**upload.body, "status": status, "file": file.body if file else None}
    return replace(upload, body=body, status=status)
