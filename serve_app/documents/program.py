"""The program that reads one document and writes its chunks, a line of JSON each.

``python -m serve_app.documents.program REQUEST`` is a process with limits, so that a hostile file
affects only this process.
"""

import json
import os
import resource
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from serve_app.documents.chunking import split_text
from serve_app.documents.errors import Code, DocumentError, invalid_file
from serve_app.documents.formats import read_document
from wire.limits import MAX_DOCUMENT_CHARS

MAX_OPEN_FILES = 64
NICENESS = 10
"""Lower priority than interactive requests."""


@dataclass(frozen=True, slots=True)
class ReadRequest:
    """The file to read, and the limits."""

    path: str
    filename: str
    max_tokens: int
    overlap: int
    part_tokens: int
    memory_bytes: int
    cpu_s: int


def main(argument: str) -> None:
    """Serve a request in JSON."""
    request = ReadRequest(**json.loads(argument))
    _limit(request)
    sys.setrecursionlimit(2000)
    try:
        for line in _read(request):
            sys.stdout.write(line)
    except DocumentError as error:
        _fail(error.code, error.message)
    except MemoryError:
        _fail("invalid_file", "Reading the file takes more memory than it may.")


def _read(request: ReadRequest) -> Iterator[str]:
    text = read_document(Path(request.path), request.filename)
    # Some libraries return NUL and lone surrogates, which are not text.
    text = text.replace("\0", "").encode("utf-8", "replace").decode()
    if len(text) > MAX_DOCUMENT_CHARS:
        raise invalid_file(
            f"The file has {len(text)} characters of text; {MAX_DOCUMENT_CHARS} are allowed."
        )
    num_chunks = 0
    for chunk in split_text(text, request.max_tokens, request.overlap, request.part_tokens):
        num_chunks += 1
        yield _line(text=chunk.text, starts=chunk.starts)
    if not num_chunks:
        raise invalid_file("The file contains no text.")
    yield _line(done=num_chunks)


def _limit(request: ReadRequest) -> None:
    os.nice(NICENESS)
    for limit, value in (
        (resource.RLIMIT_AS, request.memory_bytes),
        (resource.RLIMIT_CPU, request.cpu_s),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_NOFILE, MAX_OPEN_FILES),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(limit, (value, value))


def _line(**fields: Any) -> str:
    return json.dumps(fields, ensure_ascii=False, separators=(",", ":")) + "\n"


def _fail(code: Code, message: str) -> None:
    sys.stdout.write(_line(error={"code": code, "message": message}))


if __name__ == "__main__":
    main(sys.argv[1])
