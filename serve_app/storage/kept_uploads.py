"""OpenAI's uploads: files that are sent in parts.

Parts arrive in any order, several at once, through any ingress replica. Concurrent requests to
complete an upload make one file.
"""

from collections.abc import AsyncGenerator, AsyncIterable, Sequence
from dataclasses import replace
from hashlib import md5
from time import time
from typing import Literal

from serve_app.storage.contents import Content
from serve_app.storage.database import Database
from serve_app.storage.files import FileMissingError, in_thread
from serve_app.storage.kept_files import FOLDER, KeptFiles, new_file, with_content
from serve_app.storage.object_rows import StoredObject, store_answer
from serve_app.storage.objects import ObjectStore
from serve_app.storage.sweeping import sweep_forever
from wire.errors import InvalidRequestError, echo
from wire.ids import new_id
from wire.openai.files import FileObject, Upload, UploadPart

UPLOAD, PART = "upload", "upload.part"
PARTS_FOLDER = "uploads"
LIFETIME_S = 3600
"""The same as OpenAI's."""
RETAINED_S = 3600
"""How long an upload can be retrieved after it has expired."""


class KeptUploads:
    """The uploads of a database; their parts are in the file store."""

    def __init__(self, database: Database, files: KeptFiles) -> None:
        self._objects = ObjectStore(database)
        self._contents = files.contents
        self._files = files

    async def create(
        self, owner: str, filename: str, purpose: str, size: int, lifetime_s: int | None
    ) -> StoredObject:
        """Create an upload of ``size`` bytes; its file has ``lifetime_s``, or None: unlimited."""
        now = int(time())
        upload = Upload(
            id=new_id("upload"),
            bytes=size,
            created_at=now,
            expires_at=now + LIFETIME_S,
            filename=filename,
            purpose=purpose,
            file=None,
        )
        stored = store_answer(
            owner,
            upload,
            state={"received": 0, "lives_s": lifetime_s},
            expires_at=upload.expires_at + RETAINED_S,
        )
        await self._objects.add(stored)
        return stored

    async def add_part(
        self, owner: str, upload_id: str, chunks: AsyncIterable[bytes], max_bytes: int
    ) -> StoredObject:
        """Store a part while its bytes arrive; all parts together have at most ``max_bytes``.

        Raises:
            NotFoundError: the owner has no such upload.
            InvalidRequestError: it has ended, or its parts are too large together.
        """
        _check_pending(await self._objects.get(owner, UPLOAD, upload_id))

        async def finish(content: Content) -> StoredObject:
            def count(upload: StoredObject) -> StoredObject:
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

            await self._objects.change(owner, UPLOAD, upload_id, count)
            part = UploadPart(id=new_id("part"), created_at=int(time()), upload_id=upload_id)
            stored = store_answer(owner, part, parent_id=upload_id, state=content.as_state())
            await self._objects.add(stored)
            return stored

        return await self._contents.keep(owner, PARTS_FOLDER, chunks, finish)

    async def complete(
        self, owner: str, upload_id: str, part_ids: Sequence[str], checksum: str | None
    ) -> StoredObject:
        """Join parts into a file, in this order.

        Raises:
            NotFoundError: the owner has no such upload.
            InvalidRequestError: it has ended, or the parts are not all of its bytes.
        """
        upload = await self._objects.get(owner, UPLOAD, upload_id)
        _check_pending(upload)
        parts = await self._find_parts(upload, part_ids)
        digest = md5(usedforsecurity=False)

        async def finish(content: Content) -> StoredObject:
            if checksum is not None and digest.hexdigest() != checksum.lower():
                raise InvalidRequestError(
                    f"Invalid 'md5': that of the parts is {digest.hexdigest()} (received "
                    f"{echo(checksum)}).",
                    "md5",
                )
            fields = Upload.model_validate(upload.body)
            lifetime_s = (upload.state or {})["lives_s"]
            new = new_file(fields.filename, fields.purpose, owner, lifetime_s=lifetime_s)
            file = with_content(new, content)

            def mark_completed(stored: StoredObject) -> StoredObject:
                return _end(stored, "completed", FileObject.model_validate(file.body))

            changed = await self._objects.change(owner, UPLOAD, upload_id, mark_completed)
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
        except FileMissingError:  # another request has ended it and deleted its parts
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

        def mark_cancelled(stored: StoredObject) -> StoredObject:
            return _end(stored, "cancelled", None)

        changed = await self._objects.change(owner, UPLOAD, upload_id, mark_cancelled)
        await self._remove_parts(changed)
        return changed

    async def sweep(self) -> None:
        """Delete expired uploads and their remaining parts."""
        while expired := await self._objects.find_expired(UPLOAD):
            for upload in expired:
                await self._remove_parts(upload)
                await self._objects.remove(upload.id)

    async def sweep_forever(self) -> None:
        """Sweep periodically, until cancelled."""
        await sweep_forever("uploads", self.sweep)

    async def _find_parts(
        self, upload: StoredObject, part_ids: Sequence[str]
    ) -> list[StoredObject]:
        unused = {each.id: each for each in await self._objects.all(upload.owner, PART, upload.id)}
        parts = list[StoredObject]()
        for index, part_id in enumerate(part_ids):
            part = unused.pop(part_id, None)
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


def _check_pending(stored: StoredObject) -> None:
    upload = Upload.model_validate(stored.body)
    is_expired = upload.status == "pending" and upload.expires_at <= time()
    status = "expired" if is_expired else upload.status
    if status != "pending":
        raise InvalidRequestError(f"Upload '{upload.id}' is {status}; only a pending one goes on.")


def _end(
    stored: StoredObject, status: Literal["completed", "cancelled"], file: FileObject | None
) -> StoredObject:
    _check_pending(stored)
    ended = Upload.model_validate(stored.body).model_copy(update={"status": status, "file": file})
    return replace(stored, body=ended.model_dump(mode="json"), status=status)
