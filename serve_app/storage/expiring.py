"""Files that expire, each under a secret key.

A key consists of its time of expiry and 192 random bits; another time is another key. So whoever
has the key may read the file, every ingress replica finds it, and no list of files is needed.
"""

import re
import secrets
import time
from dataclasses import dataclass

from serve_app.storage.files import FileMissingError, FileStore
from serve_app.storage.sweeping import sweep_forever

NAME = re.compile(r"[0-9a-f]{8,12}-[0-9a-f]{48}(\.[a-z0-9]{1,8})?")
"""A key, and an extension of some files."""
RANDOM_BYTES = 24
MIN_SWEEP_S = 60
MAX_SWEEP_S = 3600


@dataclass(frozen=True, slots=True)
class ExpiringFile:
    """A file that has not expired."""

    data: bytes
    seconds_left: int


class ExpiringFiles:
    """The files of a folder of the store, which every ingress replica shares."""

    def __init__(self, store: FileStore, folder: str, ttl_s: float) -> None:
        self._store = store
        self._folder = folder
        self._ttl_s = ttl_s

    def new_key(self) -> str:
        """Return a key that expires after the lifetime of these files."""
        expiry = int(time.time() + self._ttl_s) + 1
        return f"{expiry:08x}-{secrets.token_hex(RANDOM_BYTES)}"

    async def put(self, name: str, data: bytes) -> None:
        """Store a file. ``name`` is a key, with or without a dot and an extension."""
        await self._store.put(f"{self._folder}/{name}", data)

    async def find(self, name: str) -> ExpiringFile | None:
        """Return a file; None if there is none of this name, or it has expired."""
        if NAME.fullmatch(name) is None:
            return None
        seconds_left = expires_at(name) - int(time.time())
        if seconds_left <= 0:
            return None
        try:
            data = await self._store.read(f"{self._folder}/{name}")
        except FileMissingError:
            return None
        return ExpiringFile(data, seconds_left)

    async def sweep(self) -> None:
        """Delete expired files. Replicas may do so concurrently."""
        for path in await self._store.names(self._folder):
            name = path.removeprefix(f"{self._folder}/")
            if NAME.fullmatch(name) and expires_at(name) <= time.time():
                await self._store.delete(path)

    async def sweep_forever(self) -> None:
        """Sweep at intervals until cancelled."""
        pause = min(max(self._ttl_s / 4, MIN_SWEEP_S), MAX_SWEEP_S)
        await sweep_forever(f"files of {self._folder}", self.sweep, pause)


def expires_at(key: str) -> int:
    """Return the Unix time at which a key's file expires."""
    return int(key.partition("-")[0], 16)
