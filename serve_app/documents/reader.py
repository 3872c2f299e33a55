"""Reads documents in processes of their own, which a hostile document cannot harm beyond itself."""

import asyncio
import math
import os
import sys
from collections.abc import AsyncGenerator
from contextlib import aclosing, asynccontextmanager, suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

from pydantic_core import from_json, to_json

from serve_app.documents.chunking import TextChunk
from serve_app.documents.errors import DocumentError, invalid_file
from serve_app.documents.program import ReadRequest

MODULE = "serve_app.documents.program"
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
    ) -> list[TextChunk]:
        """Return the chunks of a document.

        Raises:
            DocumentError: it cannot be read, or not within the limits.
        """
        request = ReadRequest(
            path=str(path),
            filename=filename,
            max_tokens=max_tokens,
            overlap=overlap,
            part_tokens=part_tokens,
            memory_bytes=self._memory_bytes,
            cpu_s=math.ceil(self._timeout_s) + 1,  # later than the time, whose end is reported
        )
        chunks = list[TextChunk]()
        try:
            async with asyncio.timeout(self._timeout_s), aclosing(_lines(request)) as lines:
                async for line in lines:
                    if "done" in line:
                        return chunks
                    if error := line.get("error"):
                        raise DocumentError(error["code"], error["message"])
                    chunks.append(TextChunk(line["text"], line["starts"]))
        except TimeoutError:
            raise invalid_file(
                f"Reading the file takes longer than {self._timeout_s:g} s."
            ) from None
        raise invalid_file("Reading the file exceeds the limit of memory or time.")


async def _lines(request: ReadRequest) -> AsyncGenerator[dict[str, Any]]:
    size = 0
    async with _process(request) as process:
        assert process.stdout
        async for line in process.stdout:
            size += len(line)
            if size > MAX_OUTPUT_BYTES:
                return
            yield from_json(line)
        if await process.wait() > 0:  # the program's status, not a signal of a limit
            raise DocumentError("server_error", "The file could not be read.")


@asynccontextmanager
async def _process(request: ReadRequest) -> AsyncGenerator[asyncio.subprocess.Process]:
    """Start a process that serves the request; it ends with the context."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-P", "-m", MODULE, to_json(asdict(request)).decode()),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        limit=MAX_LINE_BYTES,
        cwd="/",
        # Not the server's environment, which has keys and the database's password.
        env={"PATH": os.defpath, "PYTHONPATH": str(ROOT), "LANG": "C.UTF-8", "PYTHONUTF8": "1"},
    )
    try:
        yield process
    finally:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()
