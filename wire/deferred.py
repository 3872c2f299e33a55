"""Checks that may take long: computed elsewhere where somebody can wait, and kept.

The code that needs a result calls a function that :func:`deferrable` has wrapped, and stays plain.
Within :func:`collect` such a call does not compute what is not kept: it is noted, and gets a result
of no use. Whoever collects computes what was noted, keeps it, and runs the code again.
"""

import hashlib
from collections import OrderedDict
from collections.abc import Callable, Generator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import wraps
from typing import Any

from pydantic_core import from_json, to_json

MAX_KEPT_BYTES = 2**24
"""Of results. Clients send the same schema again and again."""

Check = Callable[[str], Any]
"""Takes a text, and returns what JSON can write."""


@dataclass(frozen=True, slots=True)
class Task:
    """A check of a text."""

    name: str
    text: str

    def encode(self) -> bytes:
        """Return the task for another process."""
        return to_json((self.name, self.text))

    @property
    def key(self) -> bytes:
        """What its result is kept by."""
        digest = hashlib.blake2b(self.text.encode(errors="surrogatepass"), digest_size=16)
        return self.name.encode() + digest.digest()


Tasks = dict[Task, str]
"""Tasks, and which parameter of the request each is about."""

_CHECKS: dict[str, Check] = {}
_COLLECTED = ContextVar[Tasks | None]("_COLLECTED", default=None)


class Results:
    """Results, by the keys of their tasks; those not used for longest are dropped."""

    def __init__(self) -> None:
        self._results: OrderedDict[bytes, bytes] = OrderedDict()
        self._size = 0

    def get(self, key: bytes) -> bytes | None:
        """Return a result that is kept."""
        result = self._results.get(key)
        if result is not None:
            self._results.move_to_end(key)
        return result

    def put(self, key: bytes, result: bytes) -> None:
        """Keep a result."""
        self._size += len(key) + len(result) - len(self._results.pop(key, b""))
        self._results[key] = result
        while self._size > MAX_KEPT_BYTES:
            old, dropped = self._results.popitem(last=False)
            self._size -= len(old) + len(dropped)


_RESULTS = Results()


def deferrable(
    placeholder: Any, is_cheap: Callable[[str], bool] = lambda _: False
) -> Callable[[Check], Callable[[str, str], Any]]:
    """Make a check one that can be computed elsewhere.

    Args:
        placeholder: The result that stands for one which is not there yet.
        is_cheap: Whether a text takes less time to check than another process does to answer.
    """

    def wrap(check: Check) -> Callable[[str, str], Any]:
        _CHECKS[check.__name__] = check

        @wraps(check)
        def find(text: str, param: str) -> Any:
            task = Task(check.__name__, text)
            key = task.key
            result = _RESULTS.get(key)
            if result is None:
                collected = _COLLECTED.get()
                if collected is not None and not is_cheap(text):
                    collected.setdefault(task, param)
                    return placeholder
                result = to_json(check(text))
                _RESULTS.put(key, result)
            return from_json(result)

        return find

    return wrap


@contextmanager
def collect() -> Generator[Tasks]:
    """Note which checks the code within needs, instead of computing them."""
    tasks: Tasks = {}
    token = _COLLECTED.set(tasks)
    try:
        yield tasks
    finally:
        _COLLECTED.reset(token)


def keep(task: Task, result: bytes) -> None:
    """Keep a result that was computed elsewhere."""
    _RESULTS.put(task.key, result)


def compute(task: bytes) -> bytes:
    """Return the result of an encoded task."""
    name, text = from_json(task)
    return to_json(_CHECKS[name](text))
