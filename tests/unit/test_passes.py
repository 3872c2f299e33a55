import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest

from deployments.owner import OWNER
from deployments.transcriptions.passes import SharedPasses
from tests.support.waiting import wait_until


class Doubling:
    """Doubles numbers, holds its first pass until told, and keeps what each pass was given."""

    def __init__(self) -> None:
        self.passes: list[list[int]] = []
        self.begun = threading.Event()
        self.go_on = threading.Event()

    def __call__(self, items: Sequence[int]) -> list[int]:
        self.passes.append(list(items))
        self.begun.set()
        if len(self.passes) == 1:
            assert self.go_on.wait(30)
        if min(items) < 0:
            raise ValueError("negative")
        return [2 * item for item in items]


def run_behind_a_held_pass(
    items: Sequence[int], groups: Sequence[str], max_size: int
) -> tuple[Doubling, Sequence[object]]:
    """Run 0 alone, and the items together once it has begun."""
    work = Doubling()
    passes = SharedPasses[int, int](work, num_passes=1, max_size=max_size)
    with ThreadPoolExecutor(len(items) + 1) as pool:
        first = pool.submit(passes.run, 0)
        assert work.begun.wait(30)
        others = [pool.submit(passes.run, *pair) for pair in zip(items, groups, strict=True)]
        wait_until(lambda: passes.num_waiting() >= len(items), 30, every_s=0.001)
        work.go_on.set()
        results = [other.exception() or other.result() for other in others]
        assert first.result() == 0
    return work, results


def test_items_that_wait_go_into_one_pass() -> None:
    work, results = run_behind_a_held_pass([1, 2, 3], ["a"] * 3, max_size=8)

    assert results == [2, 4, 6]
    assert [sorted(items) for items in work.passes] == [[0], [1, 2, 3]]


def test_pass_is_never_larger_than_allowed() -> None:
    work, results = run_behind_a_held_pass([1, 2, 3, 4, 5], ["a"] * 5, max_size=2)

    assert results == [2, 4, 6, 8, 10]
    assert max(len(items) for items in work.passes) == 2


def test_items_of_other_groups_go_into_other_passes() -> None:
    work, results = run_behind_a_held_pass([1, 2, 3], ["a", "b", "a"], max_size=8)

    assert results == [2, 4, 6]
    assert sorted(sorted(items) for items in work.passes) == [[0], [1, 3], [2]]


def test_failed_pass_fails_its_own_items_only() -> None:
    _, results = run_behind_a_held_pass([-1, 2], ["a", "b"], max_size=8)

    assert isinstance(results[0], ValueError)
    assert results[1] == 4


def test_item_alone_is_worked_on_at_once() -> None:
    passes = SharedPasses[int, int](
        lambda items: [item + 1 for item in items], num_passes=1, max_size=8
    )

    assert passes.run(1) == 2


def test_number_of_results_must_fit() -> None:
    passes = SharedPasses[int, int](lambda _: [], num_passes=1, max_size=8)

    with pytest.raises(ValueError):
        passes.run(1)


def test_owners_take_turns_in_passes() -> None:
    work = Doubling()
    passes = SharedPasses[int, int](work, num_passes=1, max_size=1)

    def run(owner: str, item: int) -> int:
        OWNER.set(owner)
        return passes.run(item)

    with ThreadPoolExecutor(6) as pool:
        futures = [pool.submit(run, "a", 0)]
        assert work.begun.wait(30)
        for count, (owner, item) in enumerate([("a", 1), ("a", 2), ("a", 3), ("b", 10), ("c", 20)]):
            futures.append(pool.submit(run, owner, item))
            wait_until(lambda: passes.num_waiting() > count, 30, every_s=0.001)  # noqa: B023
        work.go_on.set()
        assert [future.result() for future in futures] == [0, 2, 4, 6, 20, 40]

    assert work.passes == [[0], [10], [20], [1], [2], [3]]
