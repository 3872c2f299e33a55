"""Work that nobody waits for, or that must outlive who does: any ingress replica does it.

Each kind of job defines how it is done; here is which process does it, until when, and what
happens when it cannot go on:

    the process ends            its lease ends, and another goes on; counted as an attempt
    the process is stopped      the job is released, and another goes on at once
    the database is away        the job is released once it is back; not counted
    the replica is lost         ``models/retrying.py``: the request is sent again; counted
    ``MAX_ATTEMPTS`` are over   the job fails
    any other error             the job fails with it

Attempts are counted in the job's row. A step that is finished sets them back.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from time import monotonic

from serve_app.concurrency import cancel_all
from serve_app.models.retrying import MAX_ATTEMPTS
from serve_app.storage.database import Database
from serve_app.storage.jobs import ClaimLostError, JobStore
from serve_app.storage.object_rows import StoredObject
from wire.errors import APIError, StorageUnavailableError, internal_error
from wire.ids import new_id
from wire.logging import REQUEST_ID, get_logger

logger = get_logger(__name__)

LEASE_S = 15
RENEW_EVERY_S = 1
"""How soon the work on a job that is cancelled ends."""
LOOK_EVERY_S = 1
"""How soon what another process left is claimed; what is added here is claimed at once."""
CANCELLING = "cancelling"


@dataclass(frozen=True, slots=True)
class JobKind:
    """How jobs of a kind are done."""

    work: Callable[[StoredObject], Awaitable[None]]
    """Go on with a job as it is stored, to its end. Cancelled when the job is another's."""
    fail: Callable[[StoredObject, APIError], Awaitable[None]]
    """End a job that failed, or that has used up its attempts."""
    cancel: Callable[[StoredObject], Awaitable[None]] | None = None
    """End a job that is being cancelled. None: ``work`` looks at the status itself."""
    forget: Callable[[StoredObject], None] | None = None
    """Called when this process does not work on a job any more, however that ended."""
    max_at_once: int = 8
    """In one ingress replica, and one more for an owner without any: requests that a client waits
    for go first."""


class Jobs:
    """Does the jobs of a database, those of processes that have ended included."""

    def __init__(self, database: Database) -> None:
        self._holder = new_id("worker")
        self.store = JobStore(database, self._holder)
        self._kinds: dict[str, JobKind] = {}
        self._working: dict[str, dict[str, asyncio.Task[None]]] = {}
        self._added = asyncio.Event()

    def define(self, kinds: Mapping[str, JobKind]) -> None:
        """Define how jobs of these kinds are done."""
        self._kinds.update(kinds)
        self._working.update({kind: {} for kind in kinds})

    def wake(self) -> None:
        """Look for a job that has been added now."""
        self._added.set()

    def begin(self, job: StoredObject) -> None:
        """Work on a job that this process holds already."""
        self._start(job, 1)

    async def work_forever(self) -> None:
        """Do what there is to do, until cancelled; what is not finished is then released."""
        try:
            while True:
                self._added.clear()
                if not await self._claim_one():
                    await self._wait()
        finally:
            await cancel_all(self._tasks())

    async def _wait(self) -> None:
        """Return when a job has been added or has ended here, or another process may have ended."""
        addition = asyncio.ensure_future(self._added.wait())
        try:
            await asyncio.wait(
                [addition, *self._tasks()],
                timeout=LOOK_EVERY_S,
                return_when=asyncio.FIRST_COMPLETED,
            )
        finally:
            await cancel_all([addition])

    def _tasks(self) -> list[asyncio.Task[None]]:
        return [task for working in self._working.values() for task in working.values()]

    async def _claim_one(self) -> bool:
        """Begin with a job that nobody works on; return whether there was one."""
        room = {
            name: kind.max_at_once - len(self._working[name]) for name, kind in self._kinds.items()
        }
        free = [name for name, places in room.items() if places > 0]
        spare = [name for name, places in room.items() if places == 0]
        if not (free or spare):
            return False
        try:
            claimed = await self.store.claim(free, LEASE_S, spare)
        except Exception:
            logger.exception("The queue of jobs cannot be read")
            return False
        if claimed is None:
            return False
        self._start(*claimed)
        return True

    def _start(self, job: StoredObject, attempts: int) -> None:
        working = self._working[job.kind]
        before = working.get(job.id)
        task = working[job.id] = asyncio.create_task(self._hold(job, attempts, before))

        def remove(_: asyncio.Task[None]) -> None:
            if working.get(job.id) is task:
                del working[job.id]

        task.add_done_callback(remove)

    def _is_current(self, job: StoredObject) -> bool:
        return self._working[job.kind].get(job.id) is asyncio.current_task()

    async def _hold(
        self, job: StoredObject, attempts: int, before: asyncio.Task[None] | None
    ) -> None:
        """Work on a job as long as this process holds it; end its earlier work on it first.

        There is such work when a claim ended while the process was too busy to notice.
        """
        if before is not None:
            await cancel_all([before])
        doing = asyncio.create_task(self._do(job, attempts))
        try:
            while await self._renew(job, doing) == CANCELLING:
                await cancel_all([doing])
                job = replace(job, status=CANCELLING)
                doing = asyncio.create_task(self._do(job, attempts))
        except asyncio.CancelledError:  # this process ends
            await cancel_all([doing])
            if self._is_current(job):
                await self._release(job)
            raise
        except Exception:  # the lease will end
            logger.exception("The claim of %s %s cannot be kept", job.kind, job.id)
        finally:
            await cancel_all([doing])
            forget = self._kinds[job.kind].forget
            if forget and self._is_current(job):
                forget(job)

    async def _renew(self, job: StoredObject, doing: asyncio.Task[None]) -> str | None:
        """Renew the lease of a job until the work on it ends, or has to be its cancellation."""
        is_lost, renewed = False, monotonic()
        while True:
            await asyncio.wait({doing}, timeout=RENEW_EVERY_S)
            if doing.done():
                return None
            try:
                status = await self.store.keep(job.id, LEASE_S)
            except StorageUnavailableError:
                if monotonic() > renewed + LEASE_S:  # it may be another's by now
                    await cancel_all([doing])
                    await self._release_later(job)
                continue
            renewed = monotonic()
            if status is None and is_lost:  # another's, or gone; and not just being finished
                await cancel_all([doing])
            is_lost = status is None
            if status == CANCELLING != job.status and self._kinds[job.kind].cancel:
                return status

    async def _do(self, job: StoredObject, attempts: int) -> None:
        """Do a job to its end, or until the database cannot be reached."""
        REQUEST_ID.set(job.id)
        try:
            await self._work(job, attempts)
        except ClaimLostError:
            logger.warning("%s %s is another's now", job.kind, job.id)
        except StorageUnavailableError:
            logger.warning("%s %s waits for the database", job.kind, job.id)
            await self._release_later(job)
        except Exception:
            logger.exception("The failure of %s %s cannot be kept", job.kind, job.id)

    async def _work(self, job: StoredObject, attempts: int) -> None:
        kind = self._kinds[job.kind]
        try:
            if job.status == CANCELLING and kind.cancel is not None:
                await kind.cancel(job)
            elif attempts > MAX_ATTEMPTS:
                logger.error("%s %s was begun %d times in vain", job.kind, job.id, attempts - 1)
                await kind.fail(job, internal_error(job.id))
            else:
                await kind.work(job)
        except (ClaimLostError, StorageUnavailableError):
            raise
        except APIError as error:
            await kind.fail(job, error)
        except Exception:
            logger.exception("%s %s failed", job.kind, job.id)
            await kind.fail(job, internal_error(job.id))

    async def _release_later(self, job: StoredObject) -> None:
        """Release a job as soon as the database is there again."""
        while True:
            await asyncio.sleep(RENEW_EVERY_S)
            try:
                await self.store.release(job.id)
            except StorageUnavailableError:
                continue
            self.wake()
            return

    async def _release(self, job: StoredObject) -> None:
        """Let another process go on with a job without waiting for the lease to end."""
        try:
            await self.store.release(job.id)
        except Exception:
            logger.exception("%s %s cannot be released", job.kind, job.id)
