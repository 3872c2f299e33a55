"""Which process works on which stored object: claims that end with their process.

An object with one of the statuses ``WORK`` is a job. The process that claims it is its holder until
the lease ends, and only the holder can write: no step of a job is done twice.
"""

from collections.abc import Collection

from sqlalchemy import (
    ColumnElement,
    Insert,
    Select,
    and_,
    case,
    exists,
    func,
    or_,
    select,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite

from serve_app.storage.database import Database
from serve_app.storage.object_rows import COLUMNS, StoredObject, to_object, to_values
from serve_app.storage.objects import Change, is_live
from serve_app.storage.tables import JOB_TURNS as TURNS
from serve_app.storage.tables import OBJECTS

WORK = ("queued", "validating", "in_progress", "finalizing", "cancelling")
"""Statuses in which an object without a holder waits for one."""


class ClaimLostError(Exception):
    """The job is another's now, or gone."""


class JobStore:
    """The jobs of a database, for one holder."""

    def __init__(self, database: Database, holder: str) -> None:
        self._database = database
        self._holder = holder

    async def claim(
        self, kinds: Collection[str], lease_s: float, new_owners: Collection[str] = ()
    ) -> tuple[StoredObject, int] | None:
        """Take a job of these kinds that nobody works on; None when there is none.

        Owners take turns, and each one's oldest job is first. Of the kinds ``new_owners``, only
        those of owners without a job of the kind that this holder works on are taken.

        Comes with the number of attempts since its last finished step: a job that ends the
        processes that work on it would do so for ever.
        """
        of_kinds = OBJECTS.c.kind.in_(kinds)
        if new_owners:
            is_new = and_(OBJECTS.c.kind.in_(new_owners), ~self._has_job_of_same_owner())
            of_kinds = or_(of_kinds, is_new)
        free = and_(of_kinds, self._is_free())
        async with self._database.reading() as connection:  # most looks find nothing to write
            if (
                await connection.execute(select(OBJECTS.c.id).where(free).limit(1))
            ).first() is None:
                return None
        async with self._database.writing() as connection:
            # SQLite has no SKIP LOCKED and needs none: nobody else is writing.
            query = (
                select(*COLUMNS, OBJECTS.c.attempts)
                .order_by(OBJECTS.c.number)
                .limit(1)
                .with_for_update(skip_locked=True)
            )
            row = None
            # Another process may be taking all of an owner's jobs: then that of the next.
            for owner in (await connection.execute(_owners_in_turn(free))).scalars().all():
                of_owner = query.where(free, OBJECTS.c.owner == owner)
                if (row := (await connection.execute(of_owner)).one_or_none()) is not None:
                    break
            if row is None:
                return None
            lease = self._database.now() + lease_s
            claimed = {"holder": self._holder, "lease_until": lease, "attempts": row.attempts + 1}
            await connection.execute(
                update(OBJECTS).where(OBJECTS.c.id == row.id).values(**claimed)
            )
            await connection.execute(self._count_turn(row.owner))
        return to_object(row), row.attempts + 1

    def _count_turn(self, owner: str) -> Insert:
        """Return the statement that puts an owner behind all others."""
        insert = postgresql.insert if self._database.is_postgresql else sqlite.insert
        last = select(func.coalesce(func.max(TURNS.c.turn), 0) + 1).scalar_subquery()
        turn = insert(TURNS).values(owner=owner, turn=last)
        return turn.on_conflict_do_update(index_elements=["owner"], set_={"turn": last})

    def _has_job_of_same_owner(self) -> ColumnElement[bool]:
        mine = OBJECTS.alias("mine")
        return exists().where(
            mine.c.holder == self._holder,
            mine.c.kind == OBJECTS.c.kind,
            mine.c.owner == OBJECTS.c.owner,
        )

    async def hold(self, job_id: str, lease_s: float) -> None:
        """Claim a job that the caller has just added, in the same transaction."""
        async with self._database.writing() as connection:
            lease = self._database.now() + lease_s
            await connection.execute(
                update(OBJECTS)
                .where(OBJECTS.c.id == job_id)
                .values(holder=self._holder, lease_until=lease, attempts=1)
            )

    async def lock(self, job_id: str) -> None:
        """Have a job stay with its holder until the end of the caller's transaction.

        Raises:
            ClaimLostError: it is another's, or gone.
        """
        query = select(OBJECTS.c.id).where(self._is_mine(job_id)).with_for_update()
        async with self._database.writing() as connection:
            if (await connection.execute(query)).first() is None:
                raise ClaimLostError(job_id)

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
        is_step: bool = True,
    ) -> StoredObject:
        """Replace a job by what ``change`` makes of it.

        In a transaction of the caller's, all that is written in it is kept or nothing. A job that
        does not wait for a holder any more has none; from ``wake_at`` (Unix time) on it is claimed
        all the same. If ``is_step``, the attempts so far are set back.

        Raises:
            ClaimLostError: it is another's, or gone.
        """
        async with self._database.writing() as connection:
            query = select(*COLUMNS).where(self._is_mine(job_id)).with_for_update()
            row = (await connection.execute(query)).one_or_none()
            if row is None:
                raise ClaimLostError(job_id)
            changed = change(to_object(row))
            values = {**to_values(changed), **({"attempts": 0} if is_step else {})}
            if changed.status not in WORK:
                values |= {"holder": None, "lease_until": wake_at}
            await connection.execute(update(OBJECTS).where(OBJECTS.c.id == job_id).values(values))
        return changed

    async def count_attempt(self, job_id: str) -> int:
        """Count one more attempt and return how many there are since the last finished step.

        Raises:
            ClaimLostError: it is another's, or gone.
        """
        async with self._database.writing() as connection:
            counted = (
                update(OBJECTS)
                .where(self._is_mine(job_id))
                .values(attempts=OBJECTS.c.attempts + 1)
                .returning(OBJECTS.c.attempts)
            )
            attempts = (await connection.execute(counted)).scalar_one_or_none()
        if attempts is None:
            raise ClaimLostError(job_id)
        return attempts

    async def release(self, job_id: str) -> None:
        """Let another go on with a job. The attempt does not count: the job did nothing wrong.

        Not even if the claim was lost meanwhile, as in a long outage of the database.
        """
        before = case((OBJECTS.c.attempts > 0, OBJECTS.c.attempts - 1), else_=0)
        released = {"holder": None, "lease_until": None}
        async with self._database.writing() as connection:
            await connection.execute(
                update(OBJECTS).where(OBJECTS.c.id == job_id).values(attempts=before)
            )
            await connection.execute(
                update(OBJECTS).where(self._is_mine(job_id)).values(**released)
            )

    def _is_mine(self, job_id: str) -> ColumnElement[bool]:
        return and_(OBJECTS.c.id == job_id, OBJECTS.c.holder == self._holder)

    def _is_free(self) -> ColumnElement[bool]:
        waits = and_(OBJECTS.c.status.in_(WORK), OBJECTS.c.holder.is_(None))
        return and_(is_live(), or_(waits, OBJECTS.c.lease_until <= self._database.now()))


def _owners_in_turn(free: ColumnElement[bool]) -> Select[tuple[str]]:
    """Return the query of the owners with a free job, the next first."""
    return (
        select(OBJECTS.c.owner)
        .outerjoin(TURNS, TURNS.c.owner == OBJECTS.c.owner)
        .where(free)
        .group_by(OBJECTS.c.owner, TURNS.c.turn)
        .order_by(func.coalesce(TURNS.c.turn, 0), func.min(OBJECTS.c.number))
    )
