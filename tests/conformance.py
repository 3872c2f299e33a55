"""Whether an answer is what an SDK says: each field there, of its type, and no others."""

from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel, TypeAdapter


def assert_conforms(kind: Any, body: str | bytes) -> Any:
    """Return an answer's JSON as a value of the SDK's type, which its own client never checks."""
    value = TypeAdapter(kind).validate_json(body, strict=True)
    unknown = list(_unknown(value, ""))
    assert not unknown, f"{kind} has no {', '.join(unknown)}"
    return value


def _unknown(value: Any, path: str) -> Iterator[str]:
    if isinstance(value, BaseModel):
        yield from (f"{path}.{name}" for name in value.model_extra or ())
        for name in type(value).model_fields:
            yield from _unknown(getattr(value, name), f"{path}.{name}")
    elif isinstance(value, list):
        for index, item in enumerate(value):  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
            yield from _unknown(item, f"{path}[{index}]")


def events(body: str) -> Iterator[tuple[str, str]]:
    """Yield name and data of each event of a stream."""
    for frame in body.strip().split("\n\n"):
        lines = dict(line.split(": ", 1) for line in frame.splitlines())
        yield lines.get("event", ""), lines["data"]
