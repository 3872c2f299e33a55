"""Keeps converted GGUF files: one directory for each file, made once, by one process."""

import fcntl
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager, suppress
from importlib.metadata import version
from pathlib import Path
from typing import Any

from deployments.chat.config import ChatConfig
from deployments.chat.vllm.gguf.adapter import find_adapter, hash_adapter
from deployments.chat.vllm.gguf.files import find_gguf
from deployments.chat.vllm.gguf.header import Header, read_header
from wire.errors import ModelLoadError
from wire.logging import get_logger

logger = get_logger(__name__)

ALONE = {"HF_HUB_OFFLINE": "1", "CUDA_VISIBLE_DEVICES": ""}
"""Nothing is fetched, and no GPU is taken."""
CONVERTER = "deployments.chat.vllm.gguf.converter"
FORMAT = 1
"""Changes with what the converter writes."""
SOURCE = "homeport-source.json"
"""Which file a directory was made of, as it was then."""
BYTES_PER_WEIGHT = 2
MORE_BYTES = 2**26
"""What a tokenizer takes beside the weights, with some to spare."""
PROGRESS_STEP = 10
"""Per cent between two lines of the log."""

_PROGRESS = re.compile(rb"(\d+)%\|")


def cache_directory() -> Path:
    """Return where converted files are kept: ``HOMEPORT_CACHE``, else in the user's cache."""
    own = os.environ.get("HOMEPORT_CACHE")
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return (Path(own) if own else Path(base, "homeport")) / "gguf"


def convert_gguf(config: ChatConfig) -> str | None:
    """Return the directory with a converted model if the one of a config is a GGUF file.

    Raises:
        ModelLoadError: it cannot be converted, or an adapter is to be merged into another format.
    """
    path = find_gguf(config.model, config.engine_kwargs.get("revision"))
    adapter = config.merged_adapter and find_adapter(config.merged_adapter)
    if path:
        return str(convert_once(path, adapter or None))
    if adapter:
        raise ModelLoadError(
            "merged_adapter is for GGUF files; adapters of other models go into `adapters`."
        )
    return None


def convert_once(path: Path, adapter: Path | None = None) -> Path:
    """Return the directory with the converted model, which is made if there is none of this file.

    ``adapter`` is merged into it.

    Raises:
        ModelLoadError: the file cannot be converted, or there is no room for it.
    """
    path = path.resolve()
    cache = cache_directory()
    key = f"{path}\n{adapter}" if adapter else str(path)
    name = f"{path.stem}-{hashlib.sha256(key.encode()).hexdigest()[:12]}"
    directory = cache / name
    try:
        source = _describe_source(path, adapter)
        if _read_source(directory) == source:
            return directory
        header = read_header(path)
        cache.mkdir(parents=True, exist_ok=True)
        with _lock(cache / f"{name}.lock", path):
            if _read_source(directory) != source:  # another process may have been first
                _remove_orphans(cache)
                _convert(path, header, directory, source, adapter)
    except OSError as error:
        raise ModelLoadError(f"'{path}' cannot be converted: {error}.") from error
    return directory


def _describe_source(path: Path, adapter: Path | None) -> dict[str, Any]:
    """Return what makes a conversion stale where it differs."""
    stat = path.stat()
    libraries = {name: version(name) for name in ("gguf", "transformers")}
    merged = {"adapter": str(adapter), "adapter_sha256": hash_adapter(adapter)} if adapter else {}
    return {
        "path": str(path),
        "size": stat.st_size,
        "mtime_ns": stat.st_mtime_ns,
        "format": FORMAT,
        **libraries,
        **merged,
    }


def _read_source(directory: Path) -> dict[str, Any] | None:
    with suppress(OSError, ValueError):
        return json.loads((directory / SOURCE).read_text())
    return None


@contextmanager
def _lock(path: Path, model: Path) -> Generator[None]:
    """Hold a lock, which the kernel releases if this process ends."""
    with path.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            logger.info("Waiting for another process that converts %s", model)
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _remove_orphans(cache: Path) -> None:
    """Remove what was made of files that are gone."""
    for directory in cache.iterdir():
        source = _read_source(directory)
        made_of = [source[key] for key in ("path", "adapter") if key in source] if source else []
        if not all(Path(each).exists() for each in made_of):
            shutil.rmtree(directory, ignore_errors=True)


def _convert(
    path: Path, header: Header, directory: Path, source: dict[str, Any], adapter: Path | None
) -> None:
    partial = directory.with_name(f"{directory.name}.partial")
    for old in (partial, directory):
        shutil.rmtree(old, ignore_errors=True)
    needed = header.num_weights * BYTES_PER_WEIGHT + MORE_BYTES
    free = shutil.disk_usage(directory.parent).free
    if free < needed:
        raise ModelLoadError(
            f"'{path}' needs {needed / 1e9:.1f} GB in {directory.parent} to be converted; "
            f"{free / 1e9:.1f} GB are free. HOMEPORT_CACHE names another place."
        )
    logger.info("Converting %s into %s", path, directory)
    partial.mkdir()
    try:
        _run_converter(path, partial, adapter)
        (partial / SOURCE).write_text(json.dumps(source))
        partial.rename(directory)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _run_converter(path: Path, directory: Path, adapter: Path | None) -> None:
    """Convert in a process that ends, since its memory would be the replica's otherwise."""
    paths = [str(each) for each in (path, directory, adapter) if each]
    command = [sys.executable, "-m", CONVERTER, *paths]
    last, reported = b"", 0
    with subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        stdin=subprocess.DEVNULL,
        env=os.environ | ALONE,
    ) as process:
        assert process.stdout is not None
        # The library's progress bar ends its lines with a carriage return.
        for line in _lines(process.stdout.fileno()):
            progress = _PROGRESS.search(line)
            if progress is None:
                last = line.strip() or last
            elif int(progress[1]) >= reported + PROGRESS_STEP:
                reported = int(progress[1])
                logger.info("Converting %s: %d %%", path, reported)
    if process.returncode:
        cause = last.decode(errors="replace")
        if process.returncode < 0:
            cause = f"the converter was ended by signal {-process.returncode}, as when memory ends"
        raise ModelLoadError(f"'{path}' cannot be converted: {cause}")


def _lines(descriptor: int) -> Generator[bytes]:
    rest = b""
    while chunk := os.read(descriptor, 2**16):
        *whole, rest = re.split(rb"[\r\n]", rest + chunk)
        yield from whole
    yield rest
