"""The soak finds what grows, and only that."""

import os
import random

import pytest

from bench.soak.drift import find_drifts
from bench.soak.samples import read_processes, read_tasks

HOUR = [float(second) for second in range(0, 3600, 15)]


def make_series(start: float, change: float, noise: float) -> list[tuple[float, float]]:
    """Return samples of an hour in which a measure changes by so much."""
    generator = random.Random(1)
    return [(at, start + change * at / HOUR[-1] + generator.uniform(-noise, noise)) for at in HOUR]


@pytest.mark.parametrize(
    ("measure", "start", "change", "noise", "drifts"),
    [
        ("memory", 300, 200, 10, True),  # an ingress whose calls did not return
        ("memory", 300, 5, 25, False),
        ("memory", 300, -80, 10, False),
        ("rate", 520, -330, 40, True),
        ("cost", 1.9, 1.1, 0.2, True),
        ("cost", 1.9, 0.3, 0.3, False),
        ("rate", 520, 100, 40, False),
        ("rate", 520, -20, 60, False),
        ("sockets", 50, 120, 5, True),
        ("threads", 40, 3, 1, False),
    ],
)
def test_only_what_goes_beyond_its_bound_drifts(
    measure: str, start: float, change: float, noise: float, drifts: bool
) -> None:
    (drift,) = find_drifts({("ingress", measure): make_series(start, change, noise)})

    assert drift.is_too_far == drifts
    assert drift.change == pytest.approx(change, abs=2 * noise)


def test_a_few_outliers_are_no_drift() -> None:
    samples = make_series(300, 0, 2)
    samples[-3:] = [(at, 900.0) for at, _ in samples[-3:]]

    (drift,) = find_drifts({("ingress", "memory"): samples})

    assert not drift.is_too_far


def test_process_that_has_just_started_is_not_compared() -> None:
    whole = make_series(300, 0, 2)
    starting = make_series(1, 500, 0)[-20:]

    (drift,) = find_drifts({("old", "memory"): whole, ("new", "memory"): starting})

    assert drift.name == "old"


def test_processes_are_measured() -> None:
    values = read_processes([os.getpid()])

    (name,) = {name for name, _ in values}
    assert f"({os.getpid()})" in name
    assert values[name, "memory"] > 1
    assert values[name, "files"] >= values[name, "sockets"]


def test_tasks_are_read_from_rays_metrics() -> None:
    text = (
        "# HELP ray_serve_event_loop_tasks Number of pending asyncio tasks on the event loop.\n"
        'ray_serve_event_loop_tasks{actor_id="a1",component="replica",loop_type="main"} 12.0\n'
    )

    assert read_tasks(text) == {("loop of replica main a1", "tasks"): 12.0}
