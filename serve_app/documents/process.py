"""Has documents read in processes of their own, which end with whatever a document does to them.

Knows nothing of formats.
"""

import asyncio
import os
import sys
from collections.abc import AsyncGenerator
from contextlib import aclosing, asynccontextmanager, suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

from pydantic_core import from_json, to_json

from serve_app.documents.cutting import Cut
from serve_app.documents.problems import DocumentError, invalid
from serve_app.documents.read import Order

MODULE = "serve_app.documents.read"
ROOT = Path(__file__).resolve().parents[2]
MAX_LINE_BYTES = 16 * 2**20
MAX_OUTPUT_BYTES = 512 * 2**20


class DocumentReader:
    """Reads documents within limits of memory and time."""

    def __init__(self, *, memory_bytes: int, timeout_s: float) -> None:
        self._memory_bytes = memory_bytes
        self._timeout_s = timeout_s

    async def read(
        self, path: Path, filename: str, *, max_tokens: int, overlap: int, part_tokens: int
    ) -> list[Cut]:
        """Return the chunks of a document.

        Raises:
            DocumentError: it cannot be read, or not within the limits.
        """
        order = Order(
            path=str(path),
            filename=filename,
            max_tokens=max_tokens,
            overlap=overlap,
            part_tokens=part_tokens,
            memory_bytes=self._memory_bytes,
            cpu_s=max(1, round(self._timeout_s)),
        )
        chunks = list[Cut]()
        try:
            async with asyncio.timeout(self._timeout_s), aclosing(_lines(order)) as lines:
                async for line in lines:
                    if "done" in line:
                        return chunks
                    if error := line.get("error"):
                        raise DocumentError(error["code"], error["message"])
                    chunks.append(Cut(line["text"], line["starts"]))
        except TimeoutError:
            raise invalid(f"Reading the file takes longer than {self._timeout_s:g} s.") from None
        raise invalid("Reading the file takes more memory or time than it may.")


async def _lines(order: Order) -> AsyncGenerator[dict[str, Any]]:
    size = 0
    async with _process(order) as process:
        assert process.stdout
        async for line in process.stdout:
            size += len(line)
            if size > MAX_OUTPUT_BYTES:
                return
            yield from_json(line)
        if await process.wait() > 0:  # its own end, not that of a limit
            raise DocumentError("server_error", "The file could not be read.")


@asynccontextmanager
async def _process(order: Order) -> AsyncGenerator[asyncio.subprocess.Process]:
    """Give a process that reads; it ends with the context."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-P", "-m", MODULE, to_json(asdict(order)).decode()),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        limit=MAX_LINE_BYTES,
        cwd="/",
        # Not ours, which has keys and the database's password.
        env={"PATH": os.defpath, "PYTHONPATH": str(ROOT), "LANG": "C.UTF-8", "PYTHONUTF8": "1"},
    )
    try:
        yield process
    finally:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()
