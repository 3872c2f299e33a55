"""Generated images under URLs: kept in the file store until they expire.

An image's name is the right to see it, so its URL needs no key.
"""

from dataclasses import dataclass

from serve_app.storage.expiring import ExpiringFiles
from serve_app.storage.files import FileStore

FOLDER = "generated-images"
MEDIA_TYPES = {"png": "image/png", "jpg": "image/jpeg", "webp": "image/webp"}
EXTENSIONS = {"png": "png", "jpeg": "jpg", "webp": "webp"}
"""OpenAI's names of formats, and how the files end."""


@dataclass(frozen=True, slots=True)
class StoredImage:
    """An image that has not expired."""

    data: bytes
    media_type: str
    seconds_left: int


class GeneratedImages:
    """The images of every ingress replica that shares the store."""

    def __init__(self, store: FileStore, ttl_s: float) -> None:
        self.files = ExpiringFiles(store, FOLDER, ttl_s)

    async def keep(self, data: bytes, form: str) -> str:
        """Store an image and return the path of its URL."""
        name = f"{self.files.new_key()}.{EXTENSIONS[form]}"
        await self.files.put(name, data)
        return f"/{FOLDER}/{name}"

    async def find(self, name: str) -> StoredImage | None:
        """Return an image; None when there is none of this name, or none any more."""
        media_type = MEDIA_TYPES.get(name.partition(".")[2])
        if media_type is None or (file := await self.files.find(name)) is None:
            return None
        return StoredImage(file.data, media_type, file.seconds_left)
