"""Who is next where owners wait, and who may hold more where a limit is full."""

import pytest

from wire.turns import Shares, TurnNumbers, TurnQueue, name_owner


def fill(queue: TurnQueue[str], *items: str) -> None:
    """Add items whose first character is their owner."""
    for item in items:
        queue.add(item[0], item)


def pop_all(queue: TurnQueue[str]) -> list[str | None]:
    return [queue.pop() for _ in range(len(queue))]


def test_items_of_one_owner_are_first_in_first_out() -> None:
    queue = TurnQueue[str]()
    fill(queue, "a1", "a2", "a3")

    assert pop_all(queue) == ["a1", "a2", "a3"]
    assert queue.pop() is None
    assert not queue


def test_owner_waits_for_one_item_of_another_however_many_there_are() -> None:
    queue = TurnQueue[str]()
    fill(queue, *(f"a{number}" for number in range(100)))
    assert [queue.pop(), queue.pop()] == ["a0", "a1"]

    fill(queue, "b0", "b1", "c0")

    assert [queue.pop() for _ in range(6)] == ["b0", "c0", "a2", "b1", "a3", "a4"]


def test_owner_who_comes_back_after_each_answer_has_every_other_turn() -> None:
    queue = TurnQueue[str]()
    fill(queue, *(f"a{number}" for number in range(10)))
    taken = [queue.pop()]
    for number in range(3):
        fill(queue, f"b{number}")
        taken += [queue.pop(), queue.pop()]

    assert taken == ["a0", "b0", "a1", "b1", "a2", "b2", "a3"]


def test_owner_who_was_away_has_saved_no_turns() -> None:
    queue = TurnQueue[str]()
    fill(queue, *(f"a{number}" for number in range(50)))
    for _ in range(40):
        queue.pop()
    fill(queue, *(f"b{number}" for number in range(50)))

    taken = [queue.pop() for _ in range(8)]

    assert sorted(str(item)[0] for item in taken) == ["a"] * 4 + ["b"] * 4


def test_owner_pays_for_the_size_of_what_is_taken() -> None:
    queue = TurnQueue[str]()
    fill(queue, "a1", "a2", "b1", "b2", "b3", "b4")

    assert queue.pop(cost=3) == "a1"
    assert [queue.pop() for _ in range(5)] == ["b1", "b2", "b3", "a2", "b4"]


def test_item_that_is_not_wanted_keeps_its_place_and_a_discarded_one_costs_nothing() -> None:
    queue = TurnQueue[str]()
    fill(queue, "a1", "a2", "b1")

    assert queue.pop(lambda item: item.endswith("2")) == "a2"
    fill(queue, "a3")
    assert queue.peek() == "b1"
    assert list(queue) == ["a1", "a3", "b1"]
    for _ in range(2):
        queue.discard("b", lambda item: item == "b1")

    assert queue.clear() == ["a1", "a3"]
    assert queue.peek() is None


def test_numbers_of_an_owner_who_comes_later_are_before_those_of_a_flood() -> None:
    numbers = TurnNumbers()
    flood = [numbers.take("a") for _ in range(6)]
    taken = [number.__enter__() for number in flood]
    assert taken == [0, 1, 2, 3, 4, 5]
    numbers.begin(1)

    with numbers.take("b") as first, numbers.take("b") as second, numbers.take("c") as other:
        assert (first, second, other) == (1, 2, 1)
    for number in flood:
        number.__exit__(None, None, None)
    with numbers.take("a") as again:
        assert again == 1  # what its client has left does not count


def test_limit_is_for_all_and_the_spare_places_for_those_who_hold_few() -> None:
    shares = Shares(8, spare=2)
    shares.add("a", 8)
    assert not shares.has_room("a")

    for _ in range(2):
        assert shares.has_room("b")
        shares.add("b")
    assert not shares.has_room("b")
    assert not shares.has_room("c")
    shares.remove("a", 2)

    assert not shares.has_room("a")  # b has the places that become free, up to its share
    assert shares.has_room("b", 2)
    assert shares.has_room("c", 2)
    assert shares.count_of("b") == 2


def test_owner_who_holds_its_share_gets_no_spare_place() -> None:
    shares = Shares(4, spare=2)
    shares.add("a", 2)
    shares.add("b", 2)

    assert not shares.has_room("a")
    assert not shares.has_room("b")
    assert shares.has_room("c", 2)
    assert not shares.has_room("c", 3)


@pytest.mark.parametrize("owner", ["", "a"])
def test_owner_alone_has_the_limit_and_no_more(owner: str) -> None:
    shares = Shares(2, spare=1)
    shares.add(owner, 2)

    assert not shares.has_room(owner)
    shares.remove(owner)
    assert shares.has_room(owner)


def test_name_of_an_owner_is_short_and_has_nothing_of_the_owner() -> None:
    owner = "0123456789abcdef" * 4

    assert name_owner(owner) == name_owner(owner) != name_owner(owner[::-1])
    assert len(name_owner(owner)) == 16
    assert name_owner(owner)[:8] not in owner
