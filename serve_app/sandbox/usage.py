"""Measures a program in the sandbox: its output, its files, its processes."""

import asyncio
import os
import subprocess
from contextlib import suppress
from pathlib import Path

MAX_OUTPUT = 64 * 1024
"""Bytes of output. A model reads no more."""
MAX_DEPTH = 64
"""Deepest nesting of folders: files below the longest path could not be counted."""
MAX_FILES = 20_000


class Output:
    """The output of a program, up to the limit."""

    def __init__(self) -> None:
        self._data = b""
        self.is_too_long = False

    @property
    def text(self) -> str:
        """The output so far."""
        return self._data.decode("utf-8", "replace")

    async def read(self, stream: asyncio.StreamReader) -> None:
        """Read to the end: a process whose output is not read does not end."""
        while piece := await stream.read(MAX_OUTPUT):
            data = self._data + piece
            self.is_too_long |= len(data) > MAX_OUTPUT
            self._data = data[:MAX_OUTPUT]


def count_processes(first: int) -> int:
    """Return the number of processes in a sandbox."""
    try:
        return sum(name.isdigit() for name in os.listdir(f"/proc/{first}/root/proc"))
    except OSError:  # it is ending
        return 0


def measure_folder(folder: Path) -> tuple[int, int, bool]:
    """Return bytes and number of the files below a folder, and whether some are nested too deep."""
    total, count, is_deep = 0, 0, False
    waiting = [(str(folder), 0)]
    while waiting and count <= MAX_FILES:
        parent, depth = waiting.pop()
        is_deep |= depth > MAX_DEPTH
        if depth > MAX_DEPTH:
            continue
        with suppress(OSError), os.scandir(parent) as entries:  # it may have been removed
            for entry in entries:
                count += 1
                if entry.is_dir(follow_symlinks=False):
                    waiting.append((entry.path, depth + 1))
                else:
                    total += entry.stat(follow_symlinks=False).st_blocks * 512
    return total, count, is_deep


def make_readable(folder: Path) -> None:
    """Restore the owner's permissions, which a program may have removed from its files."""
    subprocess.run(["chmod", "-R", "u+rwX", "--", folder], check=False, stderr=subprocess.DEVNULL)
