"""Reads one document and writes its chunks, a line of JSON each.

``python -m serve_app.documents.read ORDER``: a process of its own with limits, so that whatever a
file does to the libraries that read it ends here. Knows nothing of who asks.
"""

import json
import os
import resource
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from serve_app.documents.cutting import cut
from serve_app.documents.formats import read_document
from serve_app.documents.problems import Code, DocumentError, invalid

MAX_CHARACTERS = 20_000_000
"""OpenAI's five million tokens of a file."""
MAX_OPEN_FILES = 64
NICENESS = 10
"""What somebody waits for goes before."""


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be read, and how."""

    path: str
    filename: str
    max_tokens: int
    overlap: int
    part_tokens: int
    memory_bytes: int
    cpu_s: int


def main(argument: str) -> None:
    """Do as an order says that is written in JSON."""
    order = Order(**json.loads(argument))
    _limit(order)
    sys.setrecursionlimit(2000)
    try:
        for line in _read(order):
            sys.stdout.write(line)
    except DocumentError as error:
        _fail(error.code, error.message)
    except MemoryError:
        _fail("invalid_file", "Reading the file takes more memory than it may.")


def _read(order: Order) -> Iterator[str]:
    text = read_document(Path(order.path), order.filename)
    # Neither is text; some libraries make such.
    text = text.replace("\0", "").encode("utf-8", "replace").decode()
    if len(text) > MAX_CHARACTERS:
        raise invalid(f"The file has {len(text)} characters of text; {MAX_CHARACTERS} are allowed.")
    num_chunks = 0
    for chunk in cut(text, order.max_tokens, order.overlap, order.part_tokens):
        num_chunks += 1
        yield _line(text=chunk.text, starts=chunk.starts)
    if not num_chunks:
        raise invalid("The file holds no text.")
    yield _line(done=num_chunks)


def _limit(order: Order) -> None:
    os.nice(NICENESS)
    for limit, value in (
        (resource.RLIMIT_AS, order.memory_bytes),
        (resource.RLIMIT_CPU, order.cpu_s),
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
