"""What becomes of a request, as its client sees it, and the table of it."""

import json
from collections import Counter
from collections.abc import Generator, Iterable, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum

import httpx2

JOBS = {"run", "batch"}
"""Kinds whose requests begin work that their clients wait for."""
TEMPORARY = {429, 503, 529}
"""Statuses that must come with ``Retry-After``."""


class Outcome(StrEnum):
    """How a request ended. Every request here is a right one, which waiting would answer."""

    OK = "ok"
    TYPED = "typed error"
    """An error in the dialect's format, temporary, with ``Retry-After``."""
    UNTYPED = "untyped error"
    """Another format, an internal error, or no ``Retry-After``."""
    LOST = "lost"
    """The connection was cut, or a stream ended without its end."""
    REFUSED = "refused"
    """Nobody took the connection."""
    HUNG = "hung"
    """Nothing came for a minute."""
    WRONG = "wrong"
    """The answer is not this request's, or an error that says the request is at fault."""


@dataclass(frozen=True)
class Note:
    """One request of a client."""

    kind: str
    began: float
    ended: float
    outcome: Outcome
    detail: str = ""


class NotAnswered(Exception):
    """The request ended otherwise than with its answer."""

    def __init__(self, outcome: Outcome, detail: str) -> None:
        super().__init__(outcome, detail)
        self.outcome = outcome
        self.detail = detail


@contextmanager
def classify_failures() -> Generator[None]:
    """Raise :class:`NotAnswered` for whatever else goes wrong."""
    try:
        yield
    except (httpx2.ConnectError, httpx2.ConnectTimeout) as error:
        raise NotAnswered(Outcome.REFUSED, type(error).__name__) from error
    except httpx2.TimeoutException as error:
        raise NotAnswered(Outcome.HUNG, type(error).__name__) from error
    except httpx2.TransportError as error:
        raise NotAnswered(Outcome.LOST, f"{type(error).__name__}: {error}") from error
    except (LookupError, TypeError, ValueError) as error:  # the answer has another form
        raise NotAnswered(Outcome.WRONG, repr(error)) from error


def check_status(answer: httpx2.Response) -> None:
    """Raise what an answer is that is no success. Its content has been read."""
    if not answer.is_success:
        raise read_error(answer.status_code, answer.headers, answer.content)


def read_error(status: int, headers: Mapping[str, str], content: bytes) -> NotAnswered:
    """Return what an error is for a client that asked rightly."""
    try:
        error = json.loads(content)["error"]
        name = f"{status} {error.get('code') or error['type']}"
    except (AttributeError, LookupError, TypeError, ValueError):
        return NotAnswered(Outcome.UNTYPED, f"{status} {content[:80]!r}")
    retry_after = headers.get("retry-after", "")
    if status in TEMPORARY and retry_after.isdigit() and int(retry_after) > 0:
        return NotAnswered(Outcome.TYPED, f"{name}, Retry-After {retry_after}")
    is_clients = 400 <= status < 500 and status not in TEMPORARY
    return NotAnswered(Outcome.WRONG if is_clients else Outcome.UNTYPED, name)


@dataclass(frozen=True)
class Result:
    """What one fault did to the requests of one run."""

    notes: tuple[Note, ...]
    recovered: str
    """Seconds from the end of the cause to the last request that failed, or what came instead."""

    def count(self, outcome: Outcome) -> int:
        """Return how many requests ended so."""
        return sum(note.outcome == outcome for note in self.notes)

    def longest_failure(self) -> Note | None:
        """Return the failure for which a client waited longest. Jobs wait on purpose."""
        failures = [
            note for note in self.notes if note.outcome != Outcome.OK and note.kind not in JOBS
        ]
        return max(failures, key=lambda note: note.ended - note.began, default=None)

    def details(self) -> Counter[str]:
        """Return the failures by what they were."""
        return Counter(
            f"{note.outcome}: {note.detail} ({note.kind})"
            for note in self.notes
            if note.outcome != Outcome.OK
        )


def format_wait(note: Note | None) -> str:
    """Return how long a client waited."""
    return f"{note.ended - note.began:.1f} s" if note else "–"


def format_table(results: Mapping[str, Iterable[Result]]) -> str:
    """Return a row for each fault; several runs stand in one cell."""
    columns = [*Outcome]
    head = ["fault under load", *columns, "longest failure", "recovered after"]
    lines = [head, ["---"] * len(head)]
    for fault, runs in results.items():
        cells = [
            *(" / ".join(str(run.count(outcome)) for run in runs) for outcome in columns),
            " / ".join(format_wait(run.longest_failure()) for run in runs),
            " / ".join(run.recovered for run in runs),
        ]
        lines.append([fault, *cells])
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)
