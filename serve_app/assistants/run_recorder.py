"""Writes each change of a run in one transaction of the run's holder, and publishes it."""

from collections.abc import Sequence
from time import time
from typing import Any

from serve_app.assistants.events import RunEvents
from serve_app.assistants.objects import MESSAGE, RUN, STEP, read_run, with_status
from serve_app.assistants.run_state import RunStatus, read_state
from serve_app.storage.database import Database
from serve_app.storage.jobs import JobStore
from serve_app.storage.object_rows import StoredObject
from serve_app.storage.objects import Change, Cursor, ObjectStore
from wire.openai.run_steps import RunStepLastError
from wire.openai.runs import RunIncompleteDetails, RunLastError
from wire.openai.threads import MessageIncompleteDetails, TextContentBlock, ThreadMessage

STEP_TIMES = {
    RunStatus.COMPLETED: "completed_at",
    RunStatus.CANCELLED: "cancelled_at",
    RunStatus.FAILED: "failed_at",
    RunStatus.EXPIRED: "expired_at",
}
MESSAGE_DETAILS = {
    RunStatus.CANCELLED: MessageIncompleteDetails(reason="run_cancelled"),
    RunStatus.EXPIRED: MessageIncompleteDetails(reason="run_expired"),
    RunStatus.FAILED: MessageIncompleteDetails(reason="run_failed"),
    RunStatus.INCOMPLETE: MessageIncompleteDetails(reason="max_tokens"),
}
"""Why a message is incomplete, by the status with which its run ended."""
MAX_QUESTION = 1000
"""Characters of a question that is repeated after the passages of a search."""


class RunCancelledError(Exception):
    """The client has cancelled the run."""


class RunRecorder:
    """Writes the changes of runs, and publishes them to the clients that follow the runs."""

    def __init__(self, database: Database, jobs: JobStore, events: RunEvents) -> None:
        self.objects = ObjectStore(database)
        self.events = events
        self._database = database
        self._jobs = jobs

    async def write(
        self,
        run_id: str,
        change: Change,
        *,
        added: Sequence[StoredObject] = (),
        put: Sequence[StoredObject] = (),
        removed: Sequence[str] = (),
        wake_at: float | None = None,
        is_end: bool = False,
        is_step: bool = True,
    ) -> StoredObject:
        """Change a run, and with it add objects, replace and remove others.

        Raises:
            ClaimLostError: another process has the run, or it is deleted.
            RunCancelledError: it is being cancelled, and this is not its end.
        """

        def change_unless_cancelled(run: StoredObject) -> StoredObject:
            if run.status == RunStatus.CANCELLING and not is_end:
                raise RunCancelledError(run_id)
            return change(run)

        async with self._database.transaction():
            run = await self._jobs.write(
                run_id, change_unless_cancelled, wake_at=wake_at, is_step=is_step
            )
            await self.objects.add(*added)
            await self.objects.put(*put)
            for object_id in removed:
                await self.objects.remove(object_id)
        return run

    async def count_attempt(self, run_id: str) -> int:
        """Count one more attempt of a run's turn and return how many there are.

        Raises:
            ClaimLostError: another process has the run, or it is deleted.
        """
        return await self._jobs.count_attempt(run_id)

    async def find_unfinished(self, run: StoredObject) -> list[StoredObject]:
        """Return the steps and the message of a run that are in progress."""
        open_now = ("in_progress",)
        steps = await self.objects.all(run.owner, STEP, run.id, open_now)
        thread_id = read_run(run).thread_id
        messages = await self.objects.all(run.owner, MESSAGE, thread_id, open_now)
        return [*steps, *(each for each in messages if each.body["run_id"] == run.id)]

    async def find_question(self, run: StoredObject) -> str:
        """Return the last message of the user in a run's thread, if it is short."""
        newest, _ = await self.objects.page(run.owner, MESSAGE, Cursor(), read_run(run).thread_id)
        for stored in newest:
            message = ThreadMessage.model_validate(stored.body)
            if message.role == "user":
                parts = [each for each in message.content if isinstance(each, TextContentBlock)]
                text = "\n".join(part.text.value for part in parts)
                return text if len(text) <= MAX_QUESTION else ""
        return ""

    async def end(
        self,
        run: StoredObject,
        status: RunStatus,
        text: TextContentBlock | None = None,
        *,
        last_error: RunLastError | None = None,
        incomplete_details: RunIncompleteDetails | None = None,
    ) -> StoredObject:
        """End a run before it is complete, and with it its unfinished steps and message.

        ``text`` is its message so far.
        """
        closed = [
            _close_step(each, status, last_error)
            if each.kind == STEP
            else _cut_message(each, MESSAGE_DETAILS[status], text)
            for each in await self.find_unfinished(run)
        ]

        has_time = status in (RunStatus.CANCELLED, RunStatus.FAILED)

        def end_run(stored: StoredObject) -> StoredObject:
            return with_status(
                stored,
                status,
                required_action=None,
                usage=read_state(stored).usage.to_answer(),
                last_error=last_error,
                incomplete_details=incomplete_details,
                **({f"{status}_at": int(time())} if has_time else {}),
            )

        written = await self.write(run.id, end_run, put=closed, is_end=True)
        for each in closed:
            self.publish(each)
        self.publish(written)
        return written

    def publish(self, stored: StoredObject, event: str | None = None) -> None:
        """Publish that an object has reached its status, or another event."""
        run_id = stored.id if stored.kind == RUN else stored.body["run_id"]
        self.events.publish(run_id, f"{stored.kind}.{event or stored.status}", stored.body)

    def publish_begin(self, stored: StoredObject) -> None:
        """Publish that an object has been created and is in progress."""
        self.publish(stored, "created")
        self.publish(stored)


def _cut_message(
    message: StoredObject, details: MessageIncompleteDetails, text: TextContentBlock | None
) -> StoredObject:
    """Return a message that stays incomplete, with its text so far."""
    return with_status(
        message,
        "incomplete",
        incomplete_at=int(time()),
        incomplete_details=details,
        content=[text] if text else message.body["content"],
    )


def _close_step(step: StoredObject, status: RunStatus, error: RunLastError | None) -> StoredObject:
    status = status if status in STEP_TIMES else RunStatus.COMPLETED
    fields: dict[str, Any] = {STEP_TIMES[status]: int(time())}
    if status == RunStatus.FAILED and error is not None:
        code = error.code if error.code == "rate_limit_exceeded" else "server_error"
        fields["last_error"] = RunStepLastError(code=code, message=error.message)
    return with_status(step, status, **fields)
