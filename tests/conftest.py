"""Environment of the whole test run, set before anything imports Ray."""

import gc
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from operate.ray_environment import ray_environment
from tests.support.error_rules import watch_answers

ROOT = Path(__file__).parent

for name in [name for name in os.environ if name.startswith("RAY_")]:
    del os.environ[name]  # a Ray of the developer's must not reach into the tests
# What a client of the tests' Ray needs; the rest is for the server, which sets it itself.
settings = ray_environment()
os.environ |= {name: settings[name] for name in settings if name.startswith("RAY_AUTH")}


@pytest.fixture(autouse=True)
def answers_keep_to_the_rules_of_errors() -> Iterator[None]:
    """Fail a test in which a 4xx has an internal name, or a path that is not in the request."""
    with watch_answers():
        yield


SHARED = {
    "thinker": "served engines",
    "omni": "served engines",
}
"""Fixtures that take long to start, and the group of the tests that share each."""


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Choose which tests run on the same worker: those of a module, or of a shared fixture."""
    for item in items:
        names = getattr(item, "fixturenames", ())
        groups = {SHARED[name] for name in names if name in SHARED}
        group = min(groups, default=item.path.relative_to(ROOT).as_posix())
        item.add_marker(pytest.mark.xdist_group(group))


def pytest_collection_finish() -> None:
    """Keep the collector from what the imports left, which stays for good.

    To look through it took up to 5 s at a time, in which no test went on.
    """
    gc.collect()
    gc.freeze()
