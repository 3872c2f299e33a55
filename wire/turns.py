"""Turns of owners where work waits: one owner's flood delays another's work by one turn.

An owner is whose key a request has; a server without keys has one owner, for whom everything here
is first in, first out. Not thread-safe.
"""

import hashlib
from collections import Counter, deque
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from typing import Generic, TypeVar

T = TypeVar("T")

SPARE_SHARE = 8
"""One place for each eight that all share is kept for owners who hold none or few."""


def name_owner(owner: str) -> str:
    """Return the short name of an owner that processes exchange: nothing can be looked up by it."""
    digest = hashlib.blake2b(owner.encode(), digest_size=8, person=b"homeport-turns")
    return digest.hexdigest()


def count_spare(limit: int) -> int:
    """Return how many places beyond ``limit`` are for owners who hold few."""
    return -(-limit // SPARE_SHARE)


class Shares:
    """How much of a limit each owner holds, and whether one may hold more.

    All share the limit, which one owner may fill alone. Beyond it are spare places, for owners who
    hold less than their share of it: so a full limit refuses only those who fill it.
    """

    def __init__(self, limit: int, spare: int) -> None:
        self._limit = limit
        self._spare = spare
        self._held = Counter[str]()

    def count_of(self, owner: str) -> int:
        """Return how much an owner holds."""
        return self._held[owner]

    def has_room(self, owner: str, size: int = 1) -> bool:
        """Return whether an owner may hold ``size`` more."""
        held, mine = self._held.total(), self._held[owner]
        if held + size <= self._limit:
            return True
        share = self._limit // len({*self._held, owner})
        holds_few = held > mine and (not mine or mine + size <= share)
        return holds_few and held + size <= self._limit + self._spare

    def add(self, owner: str, size: int = 1) -> None:
        """Count what an owner holds from now on."""
        self._held[owner] += size

    def remove(self, owner: str, size: int = 1) -> None:
        """Count what an owner no longer holds."""
        self._held[owner] -= size
        if not self._held[owner]:
            del self._held[owner]


class TurnQueue(Generic[T]):
    """A queue in which owners take turns; the items of one owner are first in, first out.

    This is start-time fair queueing: an owner pays for what is taken, and who has paid least is
    next. One who comes anew begins where those who wait are, neither before nor after them.
    """

    def __init__(self) -> None:
        self._waiting: dict[str, deque[tuple[int, T]]] = {}
        self._paid: dict[str, float] = {}
        self._now: float = 0
        self._added = 0

    def __len__(self) -> int:
        """Return how many items wait."""
        return sum(map(len, self._waiting.values()))

    def __bool__(self) -> bool:
        """Return whether an item waits."""
        return bool(self._waiting)

    def __iter__(self) -> Iterator[T]:
        """Yield the items, owner by owner."""
        return (item for queue in self._waiting.values() for _, item in queue)

    def add(self, owner: str, item: T) -> None:
        """Add an item behind those of its owner."""
        self._added += 1
        self._waiting.setdefault(owner, deque()).append((self._added, item))

    def peek(self) -> T | None:
        """Return the item that is next, and leave it."""
        for owner in self._in_turn():
            return self._waiting[owner][0][1]
        return None

    def pop(self, wanted: Callable[[T], bool] = lambda _: True, cost: float = 1) -> T | None:
        """Remove and return the next item that is wanted; None if there is none."""
        for owner in self._in_turn():
            queue = self._waiting[owner]
            for entry in queue:
                if wanted(entry[1]):
                    self._remove(owner, entry)
                    self.pay(owner, cost)
                    return entry[1]
        return None

    def pay(self, owner: str, cost: float) -> None:
        """Charge an owner for more than :meth:`pop` did."""
        self._now = self._turn(owner)
        self._paid = {name: paid for name, paid in self._paid.items() if paid > self._now}
        self._paid[owner] = self._now + cost

    def discard(self, owner: str, unwanted: Callable[[T], bool]) -> None:
        """Remove the items that their owner no longer wants. They cost nothing."""
        for entry in list(self._waiting.get(owner, ())):
            if unwanted(entry[1]):
                self._remove(owner, entry)

    def clear(self) -> list[T]:
        """Remove and return all items."""
        items = list(self)
        self._waiting.clear()
        return items

    def _remove(self, owner: str, entry: tuple[int, T]) -> None:
        queue = self._waiting[owner]
        queue.remove(entry)
        if not queue:
            del self._waiting[owner]

    def _in_turn(self) -> list[str]:
        """Return the owners, the next first; of several who paid alike, by their oldest item."""
        turns = {owner: (self._turn(owner), queue[0][0]) for owner, queue in self._waiting.items()}
        return sorted(turns, key=turns.__getitem__)

    def _turn(self, owner: str) -> float:
        return max(self._now, self._paid.get(owner, 0))


class TurnPlaces(Generic[T]):
    """Places for work, and the queue before them. A spare place is for owners who have none.

    Work that takes several places begins as soon as one is free, so that it never waits for long.
    """

    def __init__(self, num_places: int, num_spare: int = 0) -> None:
        self._num_places = num_places
        self._num_spare = num_spare
        self._running = Counter[str]()
        self._waiting = TurnQueue[tuple[str, int, T]]()

    def __len__(self) -> int:
        """Return how many items wait."""
        return len(self._waiting)

    def add(self, owner: str, item: T, size: int = 1) -> None:
        """Let an item wait for a place; it takes ``size``."""
        self._waiting.add(owner, (owner, size, item))

    def begin(self, wanted: Callable[[T], bool] = lambda _: True) -> T | None:
        """Give a place to the next item that is wanted; None while there is none for any."""
        num_running = self._running.total()
        if num_running >= self._num_places + self._num_spare:
            return None
        is_spare = num_running >= self._num_places
        following = self._waiting.pop(
            lambda entry: not (is_spare and self._running[entry[0]]) and wanted(entry[2])
        )
        if following is None:
            return None
        owner, size, item = following
        self._running[owner] += size
        return item

    def end(self, owner: str, size: int = 1) -> None:
        """Free the places of an owner's item."""
        self._running[owner] -= size
        self._running = +self._running

    def discard(self, owner: str, item: T) -> None:
        """Remove an item that waits."""
        self._waiting.discard(owner, lambda entry: entry[2] is item)

    def clear(self) -> list[T]:
        """Remove and return what waits."""
        return [item for *_, item in self._waiting.clear()]


class TurnNumbers:
    """Numbers by which a queue of another library gives owners their turns: the lowest is next."""

    def __init__(self) -> None:
        self._now = 0
        self._taken: dict[str, list[int]] = {}

    @contextmanager
    def take(self, owner: str) -> Generator[int]:
        """Hold a number for the length of a request."""
        taken = self._taken.setdefault(owner, [])
        number = max(self._now, taken[-1] + 1 if taken else 0)
        taken.append(number)
        try:
            yield number
        finally:
            taken.remove(number)
            if not taken:
                del self._taken[owner]

    def begin(self, number: int) -> None:
        """Note that the request of a number no longer waits."""
        self._now = max(self._now, number)
