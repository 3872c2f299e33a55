"""The states of a batch, from its input file to the files that it makes.

A job like others: whoever holds it goes on from what is stored. The result of a line is written in
one transaction with the batch, by the holder only, so no line has two results.
"""

import asyncio
import hashlib
from collections.abc import AsyncGenerator
from contextlib import aclosing
from time import time
from typing import Any

from starlette.types import ASGIApp

from serve_app.batches.lines import LineSender, OutcomeWriter, number_lines
from serve_app.batches.progress import Progress
from serve_app.jobs.worker import CANCELLING
from serve_app.storage.batch_results import LineResult
from serve_app.storage.database import Database
from serve_app.storage.files import FileMissingError
from serve_app.storage.jobs import JobStore
from serve_app.storage.kept_files import KeptFiles
from serve_app.storage.object_rows import StoredObject
from serve_app.storage.objects import ObjectStore
from wire.errors import APIError, NotFoundError
from wire.limits import MAX_BATCH_BYTES, MAX_BATCH_LINES
from wire.logging import get_logger
from wire.openai.batches import MAX_ERRORS, BadLineError, batch_errors, error_line, read_line

logger = get_logger(__name__)

KIND = "batch"
PURPOSE = "batch"
OUTPUT_PURPOSE = "batch_output"
WRITTEN_AT_ONCE = 500
"""Results of lines without an answer, in one transaction."""
RETRY_S = 5
"""How soon the file store is tried again."""
FILES = {"output": True, "error": False}
"""The files that a batch makes, and whether they are of lines that succeeded."""
UNDONE = {
    "batch_expired": "This request could not be executed before the completion window expired.",
    "batch_cancelled": "This request was not executed, because the batch was cancelled.",
}


class BatchFailedError(Exception):
    """The batch cannot be done, because of its file."""

    def __init__(self, *errors: tuple[str, str, str | None, int | None]) -> None:
        super().__init__(*errors)
        self.errors = errors


class Batches:
    """Works on batches, as jobs of a kind."""

    def __init__(
        self,
        app: ASGIApp,
        database: Database,
        files: KeptFiles,
        jobs: JobStore,
        *,
        at_once: int,
        max_body_bytes: int,
    ) -> None:
        """Send ``at_once`` lines at a time to ``app``, each of so many bytes at most."""
        self._database = database
        self._objects = ObjectStore(database)
        self._files = files
        self._progress = Progress(database, jobs)
        self._results = self._progress.results
        self._at_once = at_once
        self._max_body_bytes = max_body_bytes
        self._sender = LineSender(app, at_once)

    async def work(self, job: StoredObject) -> None:
        """Go on with a batch to its end, whatever its state."""
        steps = {
            "validating": self._validate,
            "in_progress": self._run,
            "finalizing": self._finalize,
            CANCELLING: self._cancel,
        }
        while True:
            try:
                job = await self._objects.get(job.owner, KIND, job.id)
                if job.status not in steps:
                    return
                await steps[job.status](job)
            except BatchFailedError as failure:
                await self._fail(job, *failure.errors)
            except OSError:
                logger.exception("Batch %s cannot go on now", job.id)
                await asyncio.sleep(RETRY_S)

    async def fail(self, job: StoredObject, error: APIError) -> None:
        """End a batch for a reason other than its file."""
        job = await self._objects.get(job.owner, KIND, job.id)
        await self._fail(job, (error.label, error.message, error.param, None))
        await self.work(job)

    async def _validate(self, job: StoredObject) -> None:
        """Check the whole file before any line of it is sent."""
        seen, bad, errors, total = set[bytes](), list[LineResult](), list[Any](), 0
        async with aclosing(self._read_input(job)) as lines:
            async for number, raw in lines:
                total += 1
                if total > MAX_BATCH_LINES:
                    raise _file_error(
                        "too_many_tasks", f"The file has more than {MAX_BATCH_LINES} requests."
                    )
                problem = _check_line(raw, number, job.body["endpoint"], seen)
                if problem is not None:
                    bad.append(LineResult(number, False, error_line(problem, number)))
                    if len(errors) < MAX_ERRORS:
                        errors.append((problem.code, problem.message, problem.param, number))
        if not total:
            raise _file_error("empty_file", "The input file has no requests.")
        if len(bad) == total:
            raise BatchFailedError(*errors)
        counts = {"total": total, "completed": 0, "failed": len(bad)}
        async with self._database.transaction():
            await self._progress.write(job, "in_progress", request_counts=counts)
            await self._results.add(job.id, bad)

    async def _run(self, job: StoredObject) -> None:
        """Send the lines without a result, until all have one or the time is over."""
        window = asyncio.timeout(max(0, job.body["expires_at"] - time()))
        try:
            async with window:
                await self._run_lines(job)
        except TimeoutError:
            if not window.expired():
                raise
            await self._fail_rest(job, "batch_expired")
            await self._progress.write(job, "finalizing", state={"ends_as": "expired"})
        except ExceptionGroup as group:
            raise group.exceptions[0] from None
        else:
            await self._progress.write(job, "finalizing", state={"ends_as": "completed"})

    async def _run_lines(self, job: StoredObject) -> None:
        done = await self._results.lines(job.id)
        slots = asyncio.Semaphore(self._at_once)
        writer = OutcomeWriter(lambda outcomes: self._progress.write_outcomes(job, outcomes))

        async def run(number: int, raw: bytes | None) -> None:
            try:
                line = read_line(raw, number, job.body["endpoint"])
                await writer.write(await self._sender.send(line, job.body["endpoint"], job.owner))
            finally:
                slots.release()

        async with asyncio.TaskGroup() as tasks, aclosing(self._read_input(job)) as lines:
            async for number, raw in lines:
                if number not in done:
                    await slots.acquire()
                    tasks.create_task(run(number, raw))

    async def _finalize(self, job: StoredObject) -> None:
        await self._end(job, (job.state or {})["ends_as"])

    async def _cancel(self, job: StoredObject) -> None:
        if job.body["in_progress_at"] is not None:
            await self._fail_rest(job, "batch_cancelled")
        await self._end(job, "cancelled")

    async def _end(self, job: StoredObject, status: str) -> None:
        """Make the files of the results, then delete the results, and only then end."""
        if job.body["in_progress_at"] is not None and not (job.state or {}).get("filed"):
            made = {f"{name}_file_id": await self._make_file(job, name) for name in FILES}
            await self._progress.write(job, state={"filed": True}, **made)
        await self._results.delete(job.id)
        await self._progress.write(job, status)

    async def _make_file(self, job: StoredObject, name: str) -> str | None:
        lines = self._results.bodies(job.id, ok=FILES[name])
        async with aclosing(lines):
            first = await anext(lines, None)
            if first is None:
                return None
            state = job.state or {}
            lifetime = state["output_expires_after_s"]
            made = await self._files.add(
                job.owner,
                f"{job.id}_{name}.jsonl",
                OUTPUT_PURPOSE,
                _with_newlines(first, lines),
                expires_at=int(time()) + lifetime if lifetime else None,
                file_id=state[f"{name}_file_id"],  # chosen before: there is one, whoever makes it
            )
        return made.id

    async def _fail_rest(self, job: StoredObject, code: str) -> None:
        """Write for each line without a result that it was not sent."""
        done = await self._results.lines(job.id)
        undone = list[LineResult]()
        try:
            async with aclosing(self._read_input(job)) as lines:
                async for number, raw in lines:
                    if number in done:
                        continue
                    custom_id = read_line(raw, number, job.body["endpoint"]).custom_id
                    error = BadLineError(code, UNDONE[code], None, custom_id)
                    undone.append(LineResult(number, False, error_line(error, number)))
                    if len(undone) >= WRITTEN_AT_ONCE:
                        await self._progress.write_failed(job, undone)
                        undone = []
        except BatchFailedError:  # the file is gone, and with it the ids of its lines
            logger.warning("Batch %s: its file is gone", job.id)
        await self._progress.write_failed(job, undone)

    async def _fail(
        self, job: StoredObject, *errors: tuple[str, str, str | None, int | None]
    ) -> None:
        """Let a batch fail. The answers are kept, unless writing them is what fails."""
        shown = batch_errors(*errors).model_dump()
        if job.status == "in_progress":
            await self._progress.write(job, "finalizing", errors=shown, state={"ends_as": "failed"})
        else:
            await self._results.delete(job.id)
            await self._progress.write(job, "failed", errors=shown)

    async def _read_input(self, job: StoredObject) -> AsyncGenerator[tuple[int, bytes | None]]:
        """Yield the lines of the input file with their numbers; the file is never read whole."""
        try:
            file = await self._files.get(job.owner, job.body["input_file_id"])
            if file.body["bytes"] > MAX_BATCH_BYTES:
                raise _file_error(
                    "file_too_large", f"The file has more than {MAX_BATCH_BYTES} bytes."
                )
            async with (
                aclosing(self._files.content(file)) as chunks,
                aclosing(number_lines(chunks, self._max_body_bytes)) as lines,
            ):
                async for line in lines:
                    yield line
        except (NotFoundError, FileMissingError) as error:
            raise _file_error("input_file_deleted", "The input file has been deleted.") from error


def _check_line(
    raw: bytes | None, number: int, endpoint: str, seen: set[bytes]
) -> BadLineError | None:
    """Return the error of a line; ``seen`` holds hashes of the ids of the lines before."""
    try:
        custom_id = read_line(raw, number, endpoint).custom_id
    except BadLineError as problem:
        return problem
    key = hashlib.blake2b(custom_id.encode(), digest_size=16).digest()
    if key in seen:
        return BadLineError(
            "duplicate_custom_id", "An earlier line has this 'custom_id'.", "custom_id", custom_id
        )
    seen.add(key)
    return None


def _file_error(code: str, message: str) -> BatchFailedError:
    return BatchFailedError((code, message, None, None))


async def _with_newlines(first: bytes, lines: AsyncGenerator[bytes]) -> AsyncGenerator[bytes]:
    yield first + b"\n"
    async for line in lines:
        yield line + b"\n"
