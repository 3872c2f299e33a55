"""The code interpreter: a thread's files, a program in the sandbox, and the files that it writes.

Every call begins with a new Python in a new folder. What lasts are the files, which are kept as
all files are, so that any ingress replica can go on with a thread.
"""

import asyncio
import os
import shutil
import stat
import subprocess
import tempfile
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from serve_app.assistants.citations import PATH
from serve_app.assistants.objects import THREAD
from serve_app.assistants.run_state import read_state
from serve_app.concurrency import TurnSemaphore
from serve_app.config import CodeInterpreterConfig
from serve_app.sandbox.bubblewrap import ProgramResult, Sandbox, create_sandbox
from serve_app.storage.database import Database
from serve_app.storage.files import FileMissingError
from serve_app.storage.kept_files import KeptFiles
from serve_app.storage.object_rows import StoredObject
from serve_app.storage.objects import ObjectStore
from wire.errors import NotFoundError
from wire.limits import MAX_WRITTEN_FILES
from wire.openai.run_steps import CodeInterpreterImage, CodeInterpreterLogs
from wire.openai.threads import FileReference

PURPOSE = "assistants_output"
CHUNK_BYTES = 2**20
MAX_NAME_BYTES = 120
MAX_SUFFIX = 16
"""A file system takes 255 bytes, of which some may be put before."""
PICTURES = (".png", ".jpg", ".jpeg", ".gif", ".webp")


@dataclass(frozen=True, slots=True)
class Interpreted:
    """The result of a program."""

    output: str
    """What the model is shown."""
    outputs: list[CodeInterpreterLogs | CodeInterpreterImage]
    """What a step shows."""
    files: dict[str, str] = field(default_factory=dict[str, str])
    """Ids of all the files that the thread's programs have written, by name."""


class CodeInterpreter:
    """Runs programs for threads."""

    def __init__(
        self, sandbox: Sandbox, files: KeptFiles, objects: ObjectStore, at_once: int
    ) -> None:
        self._sandbox = sandbox
        self._files = files
        self._objects = objects
        self._places = TurnSemaphore(at_once, num_spare=1)

    async def interpret(self, run: StoredObject, code: str) -> Interpreted:
        """Run a program with the files of a run's thread and assistant."""
        thread = await self._objects.get(run.owner, THREAD, run.body["thread_id"])
        made: dict[str, str] = dict((thread.state or {}).get("files") or {})
        async with self._places.hold(run.owner):
            folder = Path(await asyncio.to_thread(tempfile.mkdtemp, prefix="homeport-code-"))
            try:
                too_large = await self._lay_out(run, thread, made, folder)
                before = await asyncio.to_thread(_list_files, folder)
                ended = await self._sandbox.run(code, folder)
                after = await asyncio.to_thread(_list_files, folder)
                changed = [name for name in after if after[name] != before.get(name)]
                new = {
                    name: await self._keep_file(run, folder / name)
                    for name in changed[:MAX_WRITTEN_FILES]
                }
            finally:
                await asyncio.to_thread(_remove, folder)
        made |= new
        if new:

            def with_files(stored: StoredObject) -> StoredObject:
                return replace(stored, state={**(stored.state or {}), "files": made})

            await self._objects.change(run.owner, THREAD, thread.id, with_files)
        return Interpreted(_describe(ended, changed, too_large), _list_outputs(ended, new), made)

    async def _lay_out(
        self, run: StoredObject, thread: StoredObject, made: dict[str, str], folder: Path
    ) -> list[str]:
        """Put the files of assistant and thread into a folder; return what does not fit.

        What is gone is left out.
        """
        given = (thread.body["tool_resources"] or {}).get("code_interpreter") or {}
        ids = [*read_state(run).file_ids, *(given.get("file_ids") or ())]
        wanted = [(file_id, "") for file_id in dict.fromkeys(ids)]
        wanted += [(file_id, name) for name, file_id in made.items()]
        left, too_large = self._sandbox.limits.disk_bytes, list[str]()
        for file_id, name in wanted:
            try:
                stored = await self._files.get(run.owner, file_id)
                if stored.body["bytes"] > left:
                    too_large.append(name or stored.body["filename"])
                    continue
                left -= stored.body["bytes"]
                async with self._files.path(stored) as path:
                    target = folder / (name or _choose_name(stored, folder))
                    await asyncio.to_thread(shutil.copyfile, path, target)
            except (NotFoundError, FileMissingError):
                continue
        return too_large

    async def _keep_file(self, run: StoredObject, path: Path) -> str:
        stored = await self._files.add(run.owner, path.name, PURPOSE, _read_chunks(path))
        return stored.id


def interpreter(
    config: CodeInterpreterConfig, database: Database, files: KeptFiles
) -> CodeInterpreter:
    """Return the interpreter that an operator has configured."""
    return CodeInterpreter(create_sandbox(config), files, ObjectStore(database), config.at_once)


def _choose_name(stored: StoredObject, folder: Path) -> str:
    """Return a name for a file that leads nowhere else, fits, and is not taken."""
    base = os.path.basename(stored.body["filename"])
    shown = "".join(char if char.isprintable() else "_" for char in base)
    stem, suffix = os.path.splitext(shown)
    suffix = suffix if len(suffix) <= MAX_SUFFIX else ""
    name = stem.encode()[:MAX_NAME_BYTES].decode(errors="ignore") + suffix
    if name in ("", ".", "..") or (folder / name).exists():
        return f"{stored.id}-{name}"
    return name


def _remove(folder: Path) -> None:
    """Remove a folder. Python's own way ends at folders that are nested too deep."""
    subprocess.run(["rm", "-rf", "--", folder], check=False, stderr=subprocess.DEVNULL)


def _list_files(folder: Path) -> dict[str, tuple[int, int]]:
    """Return time and size of the files right in a folder, in order.

    Links are none, wherever they lead; nor is what has a name that cannot be shown.
    """
    found: dict[str, tuple[int, int]] = {}
    for entry in sorted(os.scandir(folder), key=lambda entry: entry.name):
        status = entry.stat(follow_symlinks=False)
        if stat.S_ISREG(status.st_mode) and entry.name.isprintable():
            found[entry.name] = (status.st_mtime_ns, status.st_size)
    return found


async def _read_chunks(path: Path) -> AsyncGenerator[bytes]:
    file = await asyncio.to_thread(_open, path)
    try:
        while chunk := await asyncio.to_thread(file.read, CHUNK_BYTES):
            yield chunk
    finally:
        file.close()


def _open(path: Path) -> Any:
    return os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW), "rb")


def _describe(ended: ProgramResult, changed: list[str], too_large: list[str]) -> str:
    parts = [ended.output.rstrip() or "(nothing was printed)"]
    if ended.stopped:
        parts.append(f"The program was stopped: {ended.stopped}.")
    elif ended.status:
        parts.append(f"The program ended with status {ended.status}.")
    if changed:
        listed = "\n".join(PATH + name for name in changed[:MAX_WRITTEN_FILES])
        parts.append(f"Files for the user, to be named by these paths:\n{listed}")
    if len(changed) > MAX_WRITTEN_FILES:
        parts.append(f"Of {len(changed)} files only {MAX_WRITTEN_FILES} were kept.")
    if too_large:
        parts.append(f"Files that are too large to be read here: {', '.join(too_large)}.")
    return "\n".join(parts)


def _list_outputs(
    ended: ProgramResult, new: dict[str, str]
) -> list[CodeInterpreterLogs | CodeInterpreterImage]:
    logs = ended.output + (f"\nStopped: {ended.stopped}." if ended.stopped else "")
    pictures = [name for name in new if name.lower().endswith(PICTURES)]
    return [
        *([CodeInterpreterLogs(logs=logs)] if logs else []),
        *(CodeInterpreterImage(image=FileReference(file_id=new[name])) for name in pictures),
    ]
