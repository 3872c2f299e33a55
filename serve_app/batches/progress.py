"""How far a batch is: the outcomes of its lines and its counts, written in one transaction.

Only the batch's holder writes; a process that lost the batch gets an error.
"""

from collections.abc import Sequence
from dataclasses import replace
from time import time
from typing import Any

from serve_app.batches.lines import Outcome
from serve_app.jobs.worker import CANCELLING
from serve_app.storage.batch_results import BatchResults, LineResult
from serve_app.storage.database import Database
from serve_app.storage.jobs import JobStore
from serve_app.storage.object_rows import StoredObject
from wire.openai.batches import add_usage


class Progress:
    """The progress of the batches that this process holds.

    Every method raises ``ClaimLostError`` when another holds the batch.
    """

    def __init__(self, database: Database, jobs: JobStore) -> None:
        self.results = BatchResults(database)
        self._database = database
        self._jobs = jobs

    async def write_outcomes(self, job: StoredObject, outcomes: Sequence[Outcome]) -> None:
        """Write outcomes and the counts that include them."""

        def count(stored: StoredObject) -> StoredObject:
            body = {**stored.body, "request_counts": dict(stored.body["request_counts"])}
            for outcome in outcomes:
                body["request_counts"]["completed" if outcome.result.ok else "failed"] += 1
                body["usage"] = add_usage(body["usage"], outcome.usage)
                body["model"] = body["model"] or outcome.model
            return replace(stored, body=body)

        async with self._database.transaction():
            await self._jobs.write(job.id, count)
            await self.results.add(job.id, [outcome.result for outcome in outcomes])

    async def write_failed(self, job: StoredObject, results: Sequence[LineResult]) -> None:
        """Write the results of lines that have no answer."""
        await self.write_outcomes(job, [Outcome(result) for result in results])

    async def write(
        self,
        job: StoredObject,
        status: str | None = None,
        *,
        state: dict[str, Any] | None = None,
        **fields: Any,
    ) -> None:
        """Change a batch. One that is being cancelled goes on only to its end."""

        def change(stored: StoredObject) -> StoredObject:
            is_allowed = status and (
                stored.status != CANCELLING or status in ("cancelled", "failed")
            )
            new = status if is_allowed else stored.status
            body = {**stored.body, **fields, "status": new}
            if is_allowed:
                body[f"{status}_at"] = int(time())
            return replace(
                stored, status=new, body=body, state={**(stored.state or {}), **(state or {})}
            )

        await self._jobs.write(job.id, change)
