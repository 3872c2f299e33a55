"""The description of a path: answers by media type, requirements and requests."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from wire.requests import RequestBody

JSON = "application/json"
FORM = "multipart/form-data"
EVENTS = "text/event-stream"
LINES = "application/x-ndjson"
TEXT = "text/plain"

Content = Mapping[str, Any]
"""Types by media type; a type is ``bytes`` for a file."""


@dataclass(frozen=True, slots=True)
class Events:
    """A stream of server-sent events."""

    data: Any
    """The type of an event's data."""
    ends_with_done: bool = False
    """Whether the last event is the word ``[DONE]``."""


@dataclass(frozen=True, slots=True)
class Lines:
    """A stream of JSON lines."""

    item: Any


@dataclass(frozen=True, slots=True)
class Form:
    """A body that the route reads by itself."""

    wire: type[RequestBody]
    files: Mapping[str, bool]
    """The names of files, and whether each is required."""
    several: frozenset[str] = frozenset()
    """Those of which there may be several."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """What FastAPI cannot know of a route, which answers with bytes that an engine wrote."""

    endpoint: Callable[..., Any]
    tag: str
    answers: Content
    calls_model: bool = False
    uses_database: bool = False
    form: Form | None = None
    json_body: type[RequestBody] | None = None
    """For routes that read it by themselves."""
    examples: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """Bodies by their names; files as ``@name``, as curl writes them."""
    parameters: Mapping[str, str] = field(default_factory=dict)
    """Examples of parameters of path and query."""
    errors: tuple[int, ...] = ()
    """Statuses of errors beyond those that follow from the rest."""
    other: Mapping[int, tuple[str, Content]] = field(default_factory=dict)
    """Answers that are neither a 200 nor an error: a description and the content."""
    name: str = ""
    """The operation's id, where the function's name would not tell."""
