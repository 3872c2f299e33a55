"""Logs and metrics: one line and one set of samples per request, nothing per token.

Never prompts, texts or keys. Metrics go through Ray, so the dashboard and Prometheus show them.
"""

import json
import logging
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from http import HTTPStatus

from ray.util.metrics import Counter, Histogram

from wire.calls import Kind, Usage
from wire.card import ModelCard
from wire.errors import InvalidRequestError
from wire.logging import get_logger

SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300]
"""Boundaries of histograms, from the shortest answer to a long document."""


@dataclass(slots=True)
class RequestRecord:
    """What the log and the metrics contain about a request."""

    method: str
    path: str
    request_id: str
    owner: str = ""
    """Whose request it is. In no log line and no metric."""
    is_large: bool = False
    """Whether to work on it in the event loop would hold up other requests."""
    started: float = field(default_factory=time.monotonic)
    kind: Kind | None = None
    model: str = "-"
    work: dict[tuple[str, str], Usage] = field(default_factory=dict[tuple[str, str], Usage])
    """Work by kind and model: one answer may use several models."""
    first_chunk_s: float | None = None
    error_code: str | None = None
    low_priority: bool = False
    """Whether interactive requests have precedence."""
    ignored: list[str] = field(default_factory=list[str])
    """Fields of the request that have no effect."""
    strict_fields: bool = False
    """Whether those are refused."""

    @property
    def is_probe(self) -> bool:
        """Whether it is a health check."""
        return self.path in ("/health", "/healthz", "/ping", "/readyz")

    @property
    def total_work(self) -> Usage:
        """The sum of the work of all models."""
        return sum(self.work.values(), Usage())

    def ignore(self, fields: Iterable[str]) -> None:
        """Record fields of the request that have no effect.

        Raises:
            InvalidRequestError: the operator wants them refused.
        """
        for name in fields:
            if self.strict_fields:
                raise InvalidRequestError(
                    f"'{name}' has no effect here, and such fields are refused ('strict_fields').",
                    name,
                )
            self.ignored.append(name)

    def begin(self, kind: Kind, model: str = "-") -> None:
        """Record the request's kind and model; other models that it uses do not count."""
        if self.kind in (None, kind) and self.model == "-":
            self.kind, self.model = kind, model

    def replace_model(self, model: str, other: str) -> None:
        """Record that another model answers instead of the recorded one."""
        if self.model == model:
            self.model = other

    def add_work(self, card: ModelCard, usage: Usage) -> None:
        """Add the work of a model."""
        key = (str(card.kind), card.id)
        self.work[key] = self.work.get(key, Usage()) + usage

    def record_first_chunk(self) -> None:
        """Record the time to the first chunk of a stream."""
        if self.first_chunk_s is None:
            self.first_chunk_s = time.monotonic() - self.started


class RequestLog:
    """Writes finished requests to the log and to Ray's metrics. One per process."""

    def __init__(self) -> None:
        labels = ("kind", "model", "status")
        self._logger = get_logger("access")
        self._requests = Counter(
            "homeport_requests_total", "Requests by kind, model and HTTP status.", labels
        )
        self._seconds = Histogram(
            "homeport_request_seconds", "Seconds from request to its last byte.", SECONDS, labels
        )
        self._first_chunk = Histogram(
            "homeport_first_chunk_seconds",
            "Seconds from request to the first chunk of a stream.",
            SECONDS,
            ("kind", "model"),
        )
        self._work = Counter(
            "homeport_work_total",
            "Work by unit: prompt_tokens, completion_tokens, images, characters, audio_seconds.",
            ("kind", "model", "unit"),
        )

    def write(self, record: RequestRecord, status: int) -> None:
        """Write the record of a request that ended with a status (499: the client disconnected)."""
        seconds = time.monotonic() - record.started
        total = record.total_work
        self._logger.log(
            # Health checks arrive every second.
            logging.DEBUG if record.is_probe and status == 200 else logging.INFO,
            "%s %s %s kind=%s model=%s ms=%.0f %serror=%s id=%s",
            status,
            record.method,
            record.path,
            record.kind or "-",
            _quote(record.model),
            seconds * 1000,
            "".join(f"{unit}={amount:g} " for unit, amount in total.units().items()),
            record.error_code or "-",
            record.request_id,
        )
        # A name that may lead to no adapter makes no series.
        is_known = status < HTTPStatus.BAD_REQUEST
        name = record.model if is_known else record.model.partition(":")[0]
        model = {"kind": record.kind or "-", "model": name}
        labels = {**model, "status": str(status)}
        self._requests.inc(1, labels)
        self._seconds.observe(seconds, labels)
        if record.first_chunk_s is not None:
            self._first_chunk.observe(record.first_chunk_s, model)
        for (kind, name), usage in record.work.items():
            for unit, amount in usage.units().items():
                self._work.inc(amount, {"kind": kind, "model": name, "unit": unit})


def _quote(value: str) -> str:
    """Return a client's value so that it cannot be read as the fields after it."""
    return json.dumps(value[:200]) if set(value) & set(' ="') else value[:200]
