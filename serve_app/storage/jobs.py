"""Who works on which stored object: claims that end with the process that made them.

An object whose status says that somebody should work on it is a job. Whoever claims it is its
holder until the lease ends, and only the holder's writes count: no step of a job is done twice.
"""

from collections.abc import Collection

from sqlalchemy import ColumnElement, and_, case, or_, select, update

from serve_app.storage.database import Database
from serve_app.storage.object_rows import COLUMNS, StoredObject, to_object, to_values
from serve_app.storage.objects import Change
from serve_app.storage.tables import OBJECTS

WORK = ("queued", "validating", "in_progress", "finalizing", "cancelling")
"""Statuses in which an object without a holder waits for one."""


class ClaimLostError(Exception):
    """The job is another's now, or gone."""


class JobStore:
    """The jobs of a database, as one holder sees them."""

    def __init__(self, database: Database, holder: str) -> None:
        self._database = database
        self._holder = holder

    async def claim(
        self, kinds: Collection[str], lease_s: float
    ) -> tuple[StoredObject, int] | None:
        """Take the oldest job of these kinds that nobody works on; None when there is none.

        Comes with how many have begun on it since it last got on: one that ends the process that
        works on it would do so for ever.
        """
        free = and_(OBJECTS.c.kind.in_(kinds), self._is_free())
        async with self._database.reading() as connection:  # most looks find nothing to write
            if (
                await connection.execute(select(OBJECTS.c.id).where(free).limit(1))
            ).first() is None:
                return None
        async with self._database.writing() as connection:
            # SQLite knows no SKIP LOCKED and needs none: nobody else is writing.
            query = (
                select(*COLUMNS, OBJECTS.c.attempts)
                .where(free)
                .order_by(OBJECTS.c.number)
                .limit(1)
                .with_for_update(skip_locked=True)
            )
            row = (await connection.execute(query)).one_or_none()
            if row is None:
                return None
            lease = self._database.now() + lease_s
            claimed = {"holder": self._holder, "lease_until": lease, "attempts": row.attempts + 1}
            await connection.execute(
                update(OBJECTS).where(OBJECTS.c.id == row.id).values(**claimed)
            )
        return to_object(row), row.attempts + 1

    async def hold(self, job_id: str, lease_s: float) -> None:
        """Claim a job that the caller has just added, in the same transaction."""
        async with self._database.writing() as connection:
            lease = self._database.now() + lease_s
            await connection.execute(
                update(OBJECTS)
                .where(OBJECTS.c.id == job_id)
                .values(holder=self._holder, lease_until=lease, attempts=1)
            )

    async def keep(self, job_id: str, lease_s: float) -> str | None:
        """Renew a claim and return the job's status; None when it is another's, or gone."""
        async with self._database.writing() as connection:
            renewed = (
                update(OBJECTS)
                .where(self._is_mine(job_id))
                .values(lease_until=self._database.now() + lease_s)
                .returning(OBJECTS.c.status)
            )
            return (await connection.execute(renewed)).scalar_one_or_none()

    async def write(
        self,
        job_id: str,
        change: Change,
        *,
        wake_at: float | None = None,
        gets_on: bool = True,
    ) -> StoredObject:
        """Replace a job by what ``change`` makes of it.

        In a transaction of the caller's, what else is written in it is kept with that or not at
        all. A job that does not wait for a holder any more has none; from ``wake_at`` (Unix time)
        on it is claimed all the same. What ``gets_on`` forgives the attempts so far.

        Raises:
            ClaimLostError: it is another's, or gone.
        """
        async with self._database.writing() as connection:
            query = select(*COLUMNS).where(self._is_mine(job_id)).with_for_update()
            row = (await connection.execute(query)).one_or_none()
            if row is None:
                raise ClaimLostError(job_id)
            changed = change(to_object(row))
            values = {**to_values(changed), **({"attempts": 0} if gets_on else {})}
            if changed.status not in WORK:
                values |= {"holder": None, "lease_until": wake_at}
            await connection.execute(update(OBJECTS).where(OBJECTS.c.id == job_id).values(values))
        return changed

    async def release(self, job_id: str) -> None:
        """Give a job back for another to go on with. It was not begun in vain: nothing failed."""
        before = case((OBJECTS.c.attempts > 0, OBJECTS.c.attempts - 1), else_=0)
        async with self._database.writing() as connection:
            await connection.execute(
                update(OBJECTS)
                .where(self._is_mine(job_id))
                .values(holder=None, lease_until=None, attempts=before)
            )

    def _is_mine(self, job_id: str) -> ColumnElement[bool]:
        return and_(OBJECTS.c.id == job_id, OBJECTS.c.holder == self._holder)

    def _is_free(self) -> ColumnElement[bool]:
        waits = and_(OBJECTS.c.status.in_(WORK), OBJECTS.c.holder.is_(None))
        return or_(waits, OBJECTS.c.lease_until <= self._database.now())
