"""Records of a flow while it runs, and the figures computed from them."""

import base64
import math
from array import array
from collections import Counter
from collections.abc import Sequence
from typing import Any


def percentile(values: Sequence[float], share: float) -> float:
    """Return the smallest value that this share of all values does not exceed."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


def spread_ms(seconds: Sequence[float]) -> dict[str, float] | None:
    """Return median and 99th percentile in milliseconds, if there are values."""
    if not seconds:
        return None
    return {"p50": 1000 * percentile(seconds, 0.5), "p99": 1000 * percentile(seconds, 0.99)}


class Seen:
    """Events in the window, each counted when it happened."""

    def __init__(self) -> None:
        self.firsts = array("d")
        self.gaps = array("d")
        self.latencies = array("d")
        self.units = 0.0
        self.requests = 0
        self.answered = 0
        """Successful answers, also those outside of the window."""
        self.contents = 0
        self.errors: Counter[str] = Counter()
        self.kept: list[bytes] = []

    def result(self, seconds: float) -> dict[str, Any]:
        """Return the figures, for JSON."""
        return {
            "requests": self.requests,
            "answered": self.answered,
            "errors": dict(self.errors),
            "units": self.units,
            "units_per_s": self.units / seconds if seconds else 0.0,
            "first_ms": spread_ms(self.firsts),
            "gap_ms": spread_ms(self.gaps),
            "latency_ms": spread_ms(self.latencies),
            "reads": len(self.gaps),
            "contents": self.contents,
            "kept": [base64.b64encode(body).decode() for body in self.kept],
        }
