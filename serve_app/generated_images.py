"""Generated images under URLs: kept in the file store until they expire.

An image's name is the right to see it: 192 random bits that no one can guess, and the time of its
expiry, which no one can change because another name is another file. So its URL needs no key, and
any ingress replica can serve it.
"""

import asyncio
import random
import re
import secrets
import time
from dataclasses import dataclass

from serve_app.observability import get_logger
from serve_app.storage.files import FileMissingError, FileStore

logger = get_logger(__name__)

FOLDER = "generated-images"
MEDIA_TYPES = {"png": "image/png", "jpg": "image/jpeg", "webp": "image/webp"}
EXTENSIONS = {"png": "png", "jpeg": "jpg", "webp": "webp"}
"""OpenAI's names of formats, and how the files end."""
NAME = re.compile(r"([0-9a-f]{8,12})-[0-9a-f]{48}\.(png|jpg|webp)")
RANDOM_BYTES = 24
MIN_SWEEP_S = 60
MAX_SWEEP_S = 3600


@dataclass(frozen=True, slots=True)
class StoredImage:
    """An image that has not expired."""

    data: bytes
    media_type: str
    seconds_left: int


class GeneratedImages:
    """The images of every ingress replica that shares the store."""

    def __init__(self, store: FileStore, ttl_s: float) -> None:
        self._store = store
        self._ttl_s = ttl_s

    async def keep(self, data: bytes, form: str) -> str:
        """Store an image and return the path of its URL."""
        expiry = int(time.time() + self._ttl_s) + 1
        name = f"{expiry:08x}-{secrets.token_hex(RANDOM_BYTES)}.{EXTENSIONS[form]}"
        path = f"{FOLDER}/{name}"
        await self._store.put(path, data)
        return f"/{path}"

    async def find(self, name: str) -> StoredImage | None:
        """Return an image; None when there is none of this name, or none any more."""
        parts = NAME.fullmatch(name)
        if parts is None:
            return None
        seconds_left = int(parts[1], 16) - int(time.time())
        if seconds_left <= 0:
            return None
        try:
            data = await self._store.read(f"{FOLDER}/{name}")
        except FileMissingError:
            return None
        return StoredImage(data, MEDIA_TYPES[parts[2]], seconds_left)

    async def sweep(self) -> None:
        """Delete what has expired. Replicas may do it at the same time."""
        for path in await self._store.names(FOLDER):
            parts = NAME.fullmatch(path.removeprefix(f"{FOLDER}/"))
            if parts is not None and int(parts[1], 16) <= time.time():
                await self._store.delete(path)

    async def sweep_forever(self) -> None:
        """Sweep now and then, until cancelled. Whatever fails, the next time may succeed."""
        pause = min(max(self._ttl_s / 4, MIN_SWEEP_S), MAX_SWEEP_S)
        while True:
            try:
                await self.sweep()
            except Exception:
                logger.exception("Expired images could not be deleted")
            # Apart, so that the replicas do not all list the folder at once.
            await asyncio.sleep(pause * random.uniform(0.75, 1.25))
