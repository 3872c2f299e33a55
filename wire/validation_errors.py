"""Converts pydantic's errors: a parameter by its path in the request, what came, what is allowed.

For a field of several types pydantic reports the errors of each type, under names that only the
code has. Here one type is chosen, the likeliest, or what all of them allow is joined.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, cast

from wire.errors import (
    MAX_ECHOED_VALUE_CHARS,
    UNKNOWN_PARAMETER,
    InvalidRequestError,
    UnknownParameterError,
    echo,
    parameter_path,
)

Part = str | int
ValidationDetails = Mapping[str, Any]
"""One of ``ValidationError.errors()``."""

MISSING = "missing"
TAGS = ("type", "role")
"""Members by which an object states which of several types it has."""
UNKNOWN: Any = object()
"""In place of a request that is not at hand."""

_WORDING = (
    (r"^(Input|String|List|Dictionary|Tuple|Set|Value|Iterable|Number|Data|URL) should ", "must "),
    (r", (unable to|got a number|not ).*", ""),
    (r" after validation$", ""),
    (r"a valid (dictionary|mapping|object).*", "an object"),
    (r"(a valid|an) (list|tuple|set|frozenset|iterable)", "a list"),
    (r"a valid integer", "an integer"),
    (r"a valid ", "a "),
    (r"^must be None$", "must be null"),
    (r"^Unable to parse input string as an integer.*", "must be an integer of fewer digits"),
    (r"^Extra inputs are not permitted$", "is unknown"),
    (r"^Field required$", "an object is needed"),
    (r"^(Value error|Assertion failed), ", ""),
)
"""Pydantic's words and ours."""

MUST_BE = "must be "

MAX_ERRORS = 1000
"""Of a list with many wrong values there are as many errors; the first ones are enough."""


@dataclass(frozen=True, slots=True)
class _Problem:
    """An error with its path in the request, apart from the names of types on the way."""

    details: ValidationDetails
    path: tuple[Part, ...]
    types: tuple[tuple[int, str], ...]
    """The types that were tried, each with its position in the path."""

    @property
    def kind(self) -> str:
        return self.details["type"]

    @property
    def is_of_another_type(self) -> bool:
        """Whether the value has another JSON type, or is another constant."""
        return self.kind.endswith(("_type", "_parsing")) or self.kind in (
            "literal_error",
            "none_required",
            "enum",
        )


def from_validation_errors(
    errors: Sequence[ValidationDetails], sent: Any = UNKNOWN
) -> InvalidRequestError:
    """Convert pydantic's errors into one that names the parameter, its value and what is allowed.

    ``sent`` is the request's body, which distinguishes its members from the names of types.
    """
    problems = _select([_locate(error, sent) for error in errors[:MAX_ERRORS]])
    first = problems[0]
    if first.kind == UNKNOWN_PARAMETER:
        return _unknown_parameter(first.path, first.details["ctx"])
    param = parameter_path(first.path) or None
    text = _join([_describe(problem) for problem in problems])
    if param is None:
        return InvalidRequestError(f"Invalid request body: {text}.")
    if first.kind == MISSING or (first.kind == "union_tag_not_found"):
        return InvalidRequestError(f"Missing required parameter: '{param}'.", param)
    has_value = first.kind not in ("value_error", "assertion_error")
    received = f" (received {echo(first.details['input'])})" if has_value else ""
    return InvalidRequestError(f"Invalid '{param}': {text}{received}.", param)


def _select(problems: list[_Problem]) -> list[_Problem]:
    """Return the problems at one place: one, or one of each type that is allowed there."""
    first = problems[0]
    if not first.types:
        return [first]
    position = first.types[0][0]
    place = first.path[:position]
    by_type: dict[str, list[_Problem]] = {}
    for problem in problems:
        if (
            problem.path[:position] == place
            and problem.types[:1]
            and (problem.types[0][0] == position)
        ):
            inner = replace(problem, types=problem.types[1:])
            by_type.setdefault(problem.types[0][1], []).append(inner)
    members = list(by_type.values())
    alike = [each for each in members if not _at(each, place)]
    if not alike:
        return [problem for each in members for problem in _at(each, place)]
    tagged = [each for each in alike if not _tags(each, place)]
    if not tagged:
        tags = [tag for each in alike for tag in _tags(each, place)]
        return [tag for tag in tags if tag.path == tags[0].path]
    return _select(min(tagged, key=len))


def _at(problems: Sequence[_Problem], place: tuple[Part, ...]) -> list[_Problem]:
    """Return those by which the value itself is of another type."""
    return [each for each in problems if each.path == place and each.is_of_another_type]


def _tags(problems: Sequence[_Problem], place: tuple[Part, ...]) -> list[_Problem]:
    """Return those by which the value states that it has another type."""
    return [
        each
        for each in problems
        if each.path[:-1] == place and each.path[-1:] and each.path[-1] in TAGS
        if each.kind in ("literal_error", MISSING)
    ]


def _locate(error: ValidationDetails, sent: Any) -> _Problem:
    """Tell the request's members in a location from the names of types."""
    location: tuple[Part, ...] = error["loc"]
    if location[:1] in (("query",), ("path",), ("body",)):
        sent = sent if location[0] == "body" else UNKNOWN
        location = location[1:]
    path: list[Part] = []
    types: list[tuple[int, str]] = []
    value = sent
    for index, part in enumerate(location):
        is_last = index == len(location) - 1
        is_absent = is_last and error["type"] == MISSING
        is_unclear = is_last or value is UNKNOWN
        if value is not UNKNOWN and _has(value, part):
            value = value[part]
        elif not is_absent and (_is_type(part) or not is_unclear):
            types.append((len(path), str(part)))
            continue
        path.append(part.removesuffix("[]") if isinstance(part, str) else part)
    if error["type"].startswith("union_tag"):
        path.append(str(error["ctx"]["discriminator"]).strip("'"))
    return _Problem(error, tuple(path), tuple(types))


def _has(value: Any, part: Part) -> bool:
    if isinstance(value, dict):
        return part in cast("dict[Any, Any]", value)
    return isinstance(value, list) and isinstance(part, int)


def _is_type(part: Part) -> bool:
    """Return whether a part that is no member of the request is a type's name, by its form."""
    if not isinstance(part, str) or part.endswith("[]"):
        return False
    return part in _TYPES or part[:1].isupper() or any(mark in part for mark in "[](){}-")


_TYPES = frozenset({"str", "int", "float", "bool", "dict", "list", "none"})


def _describe(problem: _Problem) -> str:
    if problem.kind == "union_tag_invalid":
        return f"{MUST_BE}{problem.details['ctx']['expected_tags'].replace(', ', ' or ')}"
    text = str(problem.details["msg"])
    for pattern, words in _WORDING:
        text = re.sub(pattern, words, text)
    return text


def _join(texts: Sequence[str]) -> str:
    """Return what all types allow in one sentence."""
    if not all(text.startswith(MUST_BE) for text in texts):
        return texts[0]
    allowed = dict.fromkeys(text.removeprefix(MUST_BE) for text in texts)
    return MUST_BE + " or ".join(allowed)


def _unknown_parameter(
    location: Sequence[Part], context: Mapping[str, Any]
) -> UnknownParameterError:
    param = parameter_path((*location, context["name"][:MAX_ECHOED_VALUE_CHARS]))
    message = f"Unknown parameter: '{param}'."
    if context["close"] is not None:
        message += f" Did you mean '{parameter_path((*location, context['close']))}'?"
    return UnknownParameterError(message, param)
