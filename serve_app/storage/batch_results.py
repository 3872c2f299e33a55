"""The results of the lines of a batch, until the files that clients read are made of them.

A line has one result: a second one is an error of the database. The caller ensures that only the
batch's holder writes, by writing in the transaction in which it writes the batch.
"""

from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass

from sqlalchemy import delete, insert, select

from serve_app.storage.database import Database
from serve_app.storage.tables import BATCH_RESULTS as RESULTS

READ_AT_ONCE = 200
WRITTEN_AT_ONCE = 1000
DELETED_AT_ONCE = 1000
"""Rows of one transaction: on SQLite, others wait for its end."""


@dataclass(frozen=True, slots=True)
class LineResult:
    """The result of a line."""

    line: int
    """Of the input file; the first is 1."""
    ok: bool
    body: bytes
    """A line of the output file or, if not ``ok``, of the error file, without its end."""


class BatchResults:
    """The results of the batches of a database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, batch_id: str, results: Sequence[LineResult]) -> None:
        """Write results, all or none."""
        rows = [
            {"batch_id": batch_id, "line": each.line, "ok": each.ok, "body": each.body}
            for each in results
        ]
        async with self._database.writing() as connection:
            for start in range(0, len(rows), WRITTEN_AT_ONCE):
                await connection.execute(insert(RESULTS), rows[start : start + WRITTEN_AT_ONCE])

    async def lines(self, batch_id: str) -> set[int]:
        """Return the lines that have a result."""
        query = select(RESULTS.c.line).where(RESULTS.c.batch_id == batch_id)
        async with self._database.reading() as connection:
            return set((await connection.execute(query)).scalars())

    async def bodies(self, batch_id: str, *, ok: bool) -> AsyncGenerator[bytes]:
        """Yield the lines of one of the two files, in the order of the input."""
        last = 0
        while True:
            query = (
                select(RESULTS.c.line, RESULTS.c.body)
                .where(RESULTS.c.batch_id == batch_id, RESULTS.c.ok == ok)
                .where(RESULTS.c.line > last)
                .order_by(RESULTS.c.line)
                .limit(READ_AT_ONCE)
            )
            async with self._database.reading() as connection:
                rows = (await connection.execute(query)).all()
            for row in rows:
                last = row.line
                yield row.body
            if len(rows) < READ_AT_ONCE:
                return

    async def delete(self, batch_id: str) -> None:
        """Delete the results of a batch."""
        some = select(RESULTS.c.line).where(RESULTS.c.batch_id == batch_id).limit(DELETED_AT_ONCE)
        gone = delete(RESULTS).where(RESULTS.c.batch_id == batch_id, RESULTS.c.line.in_(some))
        while True:
            async with self._database.writing() as connection:
                if not (await connection.execute(gone)).rowcount:
                    return
