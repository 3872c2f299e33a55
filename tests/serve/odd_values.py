"""Values of every JSON type, sent in any field."""

from typing import Any

VALUES: list[Any] = [
    None, True, 0, -1, 3.5, 1e308, 2**70, "", "x", "\0", [], [1], [None], {}, {"a": 1}, [[]], [{}],
]  # fmt: skip
