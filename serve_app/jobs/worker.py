"""Work that nobody waits for, or that must outlive who does: claimed, kept, done, by any ingress.

Each kind of job says how it is done; here is only who does it, and until when. Whoever works on a
job holds a lease. When its process ends, the lease does too, and another goes on.
"""

import asyncio
import uuid
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass, replace

from serve_app.concurrency import cancel_all
from serve_app.storage.database import Database
from serve_app.storage.jobs import ClaimLostError, JobStore
from serve_app.storage.object_rows import StoredObject
from wire.errors import APIError, StorageUnavailableError, internal_error
from wire.logging import get_logger

logger = get_logger(__name__)

LEASE_S = 15
RENEW_EVERY_S = 1
"""How soon the work on a job that is cancelled ends."""
LOOK_EVERY_S = 1
"""How soon what another process left is taken up; what is added here is taken up at once."""
MAX_ATTEMPTS = 3
"""Of a job that gets nowhere: it may be what ends the processes that work on it."""
CANCELLING = "cancelling"


@dataclass(frozen=True, slots=True)
class JobKind:
    """How jobs of a kind are done."""

    work: Callable[[StoredObject], Awaitable[None]]
    """Go on with a job as it is stored, to its end. Cancelled when the job is another's."""
    fail: Callable[[StoredObject, APIError], Awaitable[None]]
    """End a job that failed, or of which too many have begun without getting on."""
    cancel: Callable[[StoredObject], Awaitable[None]] | None = None
    """End a job that is being cancelled. None: its status is for ``work`` to look at."""
    left: Callable[[StoredObject], None] | None = None
    """Told that this process does not work on a job any more, however that ended."""
    at_once: int = 8
    """In one ingress replica: what is asked now goes before."""


class Jobs:
    """Does the jobs of a database, those of other processes that ended included."""

    def __init__(self, database: Database) -> None:
        self._holder = uuid.uuid4().hex
        self.store = JobStore(database, self._holder)
        self._kinds: dict[str, JobKind] = {}
        self._working: dict[str, dict[str, asyncio.Task[None]]] = {}
        self._added = asyncio.Event()

    def define(self, kinds: Mapping[str, JobKind]) -> None:
        """Say how jobs of these kinds are done."""
        self._kinds.update(kinds)
        self._working.update({kind: {} for kind in kinds})

    def wake(self) -> None:
        """Tell that a job has been added."""
        self._added.set()

    def begin(self, job: StoredObject) -> None:
        """Work on a job that this process holds already."""
        self._start(job, 1)

    async def work_forever(self) -> None:
        """Take up what there is to do, until cancelled; what is not finished then goes back."""
        await take_up_forever(self._take_one, self._tasks, self._added)

    def _tasks(self) -> list[asyncio.Task[None]]:
        return [task for working in self._working.values() for task in working.values()]

    async def _take_one(self) -> bool:
        free = [
            name for name, kind in self._kinds.items() if len(self._working[name]) < kind.at_once
        ]
        if not free:
            return False
        try:
            claimed = await self.store.claim(free, LEASE_S)
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

        def forget(_: asyncio.Task[None]) -> None:
            if working.get(job.id) is task:
                del working[job.id]

        task.add_done_callback(forget)

    def _is_current(self, job: StoredObject) -> bool:
        return self._working[job.kind].get(job.id) is asyncio.current_task()

    async def _hold(
        self, job: StoredObject, attempts: int, before: asyncio.Task[None] | None
    ) -> None:
        """Work on a job as long as it is ours; end what this process did ``before``.

        There is such work when a claim ended while the process was too busy to notice.
        """
        if before is not None:
            await _ended(before)
        doing = asyncio.create_task(self._do(job, attempts))
        lost = False
        try:
            while not doing.done():
                await asyncio.wait({doing}, timeout=RENEW_EVERY_S)
                if doing.done():
                    break
                status = await self.store.keep(job.id, LEASE_S)
                if status is None and lost:  # another's, or gone; and not just being finished
                    doing.cancel()
                lost = status is None
                if status == CANCELLING != job.status and self._kinds[job.kind].cancel:
                    await _ended(doing)
                    job = replace(job, status=CANCELLING)
                    doing = asyncio.create_task(self._do(job, attempts))
        except asyncio.CancelledError:  # this process ends
            await _ended(doing)
            await self._give_back(job)
            raise
        except Exception:  # the lease will end
            logger.exception("The claim of %s %s cannot be kept", job.kind, job.id)
        finally:
            await _ended(doing)
            left = self._kinds[job.kind].left
            if left and self._is_current(job):
                left(job)

    async def _do(self, job: StoredObject, attempts: int) -> None:
        kind = self._kinds[job.kind]
        try:
            if job.status == CANCELLING and kind.cancel is not None:
                await kind.cancel(job)
            elif attempts > MAX_ATTEMPTS:
                logger.error("%s %s was begun %d times in vain", job.kind, job.id, attempts - 1)
                await kind.fail(job, internal_error(job.id))
            else:
                await kind.work(job)
        except ClaimLostError:
            logger.warning("%s %s is another's now", job.kind, job.id)
        except StorageUnavailableError:  # it did nothing wrong, and goes on when its lease ends
            logger.warning("%s %s waits for the database", job.kind, job.id)
        except APIError as error:
            await self._fail(job, error)
        except Exception:
            logger.exception("%s %s failed", job.kind, job.id)
            await self._fail(job, internal_error(job.id))

    async def _fail(self, job: StoredObject, error: APIError) -> None:
        try:
            await self._kinds[job.kind].fail(job, error)
        except ClaimLostError:
            logger.warning("%s %s is another's now", job.kind, job.id)
        except Exception:
            logger.exception("The failure of %s %s cannot be kept", job.kind, job.id)

    async def _give_back(self, job: StoredObject) -> None:
        """Let another go on with what is not finished, without waiting for the lease."""
        if not self._is_current(job):
            return
        try:
            await self.store.release(job.id)
        except Exception:
            logger.exception("%s %s cannot be given back", job.kind, job.id)


async def take_up_forever(
    take_one: Callable[[], Awaitable[bool]],
    working: Callable[[], Collection[asyncio.Task[None]]],
    added: asyncio.Event,
) -> None:
    """Take up work whenever there may be some, until cancelled; then what is ``working`` is, too.

    ``take_one`` says whether it found any. There may be some once something has been ``added`` or
    has ended here, and now and then for what other processes left.
    """
    try:
        while True:
            added.clear()
            if not await take_one():
                addition = asyncio.ensure_future(added.wait())
                try:
                    await asyncio.wait(
                        [addition, *working()],
                        timeout=LOOK_EVERY_S,
                        return_when=asyncio.FIRST_COMPLETED,
                    )
                finally:
                    await cancel_all([addition])
    finally:
        await cancel_all(working())


async def _ended(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.wait({task})
