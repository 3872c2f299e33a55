"""What a program in the sandbox uses up: what it prints, its files, its processes."""

import asyncio
import os
import subprocess
from contextlib import suppress
from pathlib import Path

MAX_OUTPUT = 64 * 1024
"""Bytes of what is printed. A model reads no more."""
MAX_DEPTH = 64
"""Of folders in folders: what lies deeper than the longest path could not be counted."""
MAX_FILES = 20_000


class Output:
    """What a program prints, as far as anybody wants to know it."""

    def __init__(self) -> None:
        self._data = b""
        self.is_too_long = False

    @property
    def text(self) -> str:
        """What it has printed so far."""
        return self._data.decode("utf-8", "replace")

    async def read(self, stream: asyncio.StreamReader) -> None:
        """Read to the end: a process whose output nobody takes does not end."""
        while piece := await stream.read(MAX_OUTPUT):
            data = self._data + piece
            self.is_too_long |= len(data) > MAX_OUTPUT
            self._data = data[:MAX_OUTPUT]


def num_processes(first: int) -> int:
    """Return how many processes there are in a sandbox."""
    try:
        return sum(name.isdigit() for name in os.listdir(f"/proc/{first}/root/proc"))
    except OSError:  # it ends just now
        return 0


def used(folder: Path) -> tuple[int, int, bool]:
    """Return bytes and number of the files below a folder, and whether some lie too deep."""
    total, count, is_deep = 0, 0, False
    waiting = [(str(folder), 0)]
    while waiting and count <= MAX_FILES:
        parent, depth = waiting.pop()
        is_deep |= depth > MAX_DEPTH
        if depth > MAX_DEPTH:
            continue
        with suppress(OSError), os.scandir(parent) as entries:  # it may be gone by now
            for entry in entries:
                count += 1
                if entry.is_dir(follow_symlinks=False):
                    waiting.append((entry.path, depth + 1))
                else:
                    total += entry.stat(follow_symlinks=False).st_blocks * 512
    return total, count, is_deep


def made_readable(folder: Path) -> None:
    """Take back what a program has forbidden its owner, who has to read and remove its files."""
    subprocess.run(["chmod", "-R", "u+rwX", "--", folder], check=False, stderr=subprocess.DEVNULL)
