"""Whether a series of samples drifts: the slope of its medians, and a bound for each measure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from statistics import fmean, median

Samples = Sequence[tuple[float, float]]
"""A measure over time: seconds and value."""

MOST_POINTS = 60
"""More samples are joined to so many means: the number of pairs is its square."""


@dataclass(frozen=True, slots=True)
class Bound:
    """How far a measure may drift within the samples: a part of its mean, or an amount if more."""

    part: float
    amount: float
    unit: str = ""
    falls: bool = False
    """Whether it must not fall, where others must not rise."""


BOUNDS: Mapping[str, Bound] = {
    "memory": Bound(0, 40, " MiB"),
    "processes": Bound(0, 8),
    "threads": Bound(0, 8),
    "files": Bound(0, 16),
    "sockets": Bound(0, 16),
    "tasks": Bound(0.5, 100),
    "cost": Bound(0.3, 0, " ms"),
    "rate": Bound(0.5, 0, "/s", falls=True),
}
"""About twice of what was seen in minutes on a busy machine. Allocators return pages late, so the
memory of the ingress rose by 24 MiB. The tasks of chat are those of its requests. The rate falls
when other work of the machine begins; the CPU time of the ingress for an answer does not rise then.
"""


@dataclass(frozen=True, slots=True)
class Drift:
    """A series and how far it went."""

    name: str
    measure: str
    mean: float
    change: float

    @property
    def share(self) -> float:
        """Return the change as a part of its bound."""
        bound = BOUNDS[self.measure]
        change = -self.change if bound.falls else self.change
        return change / max(bound.part * self.mean, bound.amount)

    @property
    def is_too_far(self) -> bool:
        """Whether the change is beyond its bound."""
        return self.share > 1

    def __str__(self) -> str:
        """Return a line of the report."""
        unit = BOUNDS[self.measure].unit
        mark = "DRIFTS " if self.is_too_far else ""
        return f"{mark}{self.name}: {self.measure} {self.mean:.4g}{unit}, {self.change:+.2g}{unit}"


def find_drifts(series: Mapping[tuple[str, str], Samples]) -> list[Drift]:
    """Return how far each series of a name and a measure went that lasted most of the time."""
    longest = max(map(len, series.values()), default=0)
    drifts: list[Drift] = []
    for (name, measure), samples in series.items():
        points = join(samples)
        if len(samples) > longest / 2 and len(points) > 1:
            change = slope(points) * (points[-1][0] - points[0][0])
            drifts.append(Drift(name, measure, fmean(value for _, value in points), change))
    return drifts


def slope(points: Samples) -> float:
    """Return the median of the slopes of all pairs: a few outliers do not change it (Theil-Sen)."""
    return median(
        (after - before) / (end - begin)
        for (begin, before), (end, after) in combinations(points, 2)
        if end > begin
    )


def join(samples: Samples) -> Samples:
    """Return at most ``MOST_POINTS`` samples, each the mean of its neighbours."""
    size = -(-len(samples) // MOST_POINTS) or 1
    return [_mean(samples[at : at + size]) for at in range(0, len(samples), size)]


def _mean(samples: Iterable[tuple[float, float]]) -> tuple[float, float]:
    times, values = zip(*samples, strict=True)
    return fmean(times), fmean(values)
