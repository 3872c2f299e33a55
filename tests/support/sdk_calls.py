"""Calls each method of an SDK with each of its parameters, and records how the server answers."""

import inspect
import re
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel

from tests.support.openai_conformance import find_unknown_fields

TRANSPORT = frozenset({"extra_headers", "extra_query", "extra_body", "timeout", "request_options"})
"""Parameters of every method, which are the SDK's own."""
ANSWERED = "answered"
IGNORED = "without effect"

Parameters = frozenset[str]


def find_methods(client: Any, package: str) -> dict[str, Parameters]:
    """Return the methods of a client's resources by their paths, with their parameters."""
    return dict(_walk(client, package, ""))


def _walk(resource: Any, package: str, path: str) -> Iterator[tuple[str, Parameters]]:
    for name in sorted(dir(type(resource))):
        if name.startswith(("_", "with_")):
            continue
        value = getattr(resource, name, None)
        if inspect.ismethod(value):
            if path:
                yield path + name, frozenset(inspect.signature(value).parameters) - TRANSPORT
        elif value is not None and type(value).__module__.startswith(package):
            yield from _walk(value, package, f"{path}{name}.")


@dataclass(frozen=True)
class Fresh:
    """A value that is made anew for each call."""

    make: Callable[[], Any]


@dataclass(frozen=True)
class With:
    """A parameter's value, and the others without which it has no meaning."""

    value: Any
    others: Mapping[str, Any]


def beside(value: Any, **others: Any) -> With:
    """Return a parameter's value that needs others."""
    return With(value, others)


@dataclass
class Calls:
    """The calls of an SDK's methods and their outcomes."""

    client: Any
    refusal: type[Exception]
    """The SDK's error of a status that is none of an answer."""
    read_ignored: Callable[[], str]
    """Returns which parameters of the last request had no effect, as its answer names them."""
    outcomes: dict[str, dict[str, str]] = field(default_factory=dict)
    """By method and parameter (the empty one: of the method itself): one of the two outcomes
    above, or why it was refused."""
    faults: list[str] = field(default_factory=list)
    """Answers that the SDK could not read, or that have fields that it does not have."""

    def __call__(
        self, method: str, each: Mapping[str, Any] | None = None, /, **arguments: Any
    ) -> Any:
        """Call a method, and again with each further parameter alone; return the first result."""
        outcomes = self.outcomes.setdefault(method, {})
        result, refused = self._call(method, arguments)
        for name in ("", *arguments):
            outcomes.setdefault(name, refused or self._find_effect(name))
        for name, value in (each or {}).items():
            others: Mapping[str, Any] = {}
            if isinstance(value, With):
                value, others = value.value, value.others
            refused = self._call(method, {**arguments, **others, name: value})[1]
            outcomes[name] = refused or self._find_effect(name)
        return result

    def _call(self, method: str, arguments: Mapping[str, Any]) -> tuple[Any, str | None]:
        values = {
            name: value.make() if isinstance(value, Fresh) else value
            for name, value in arguments.items()
        }
        function = self.client
        for name in method.split("."):
            function = getattr(function, name)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", DeprecationWarning)
                result = function(**values)
            check_result(result)
        except self.refusal as error:
            return None, read_refusal(error)
        except Exception as error:  # noqa: BLE001 - all faults are reported together
            self.faults.append(f"{method}({values}): {error!r} {error.__cause__ or ''}")
            return None, None
        return result, None

    def _find_effect(self, name: str) -> str:
        return IGNORED if name and name in self.read_ignored().split(", ") else ANSWERED


def check_result(result: Any) -> None:
    """Read a result to its end, and check that no part of it has fields that the SDK has not.

    The SDK itself has checked the others, if it is strict.
    """
    if type(result).__module__.endswith(".pagination"):
        for item in result.data:
            check_result(item)
    elif isinstance(result, BaseModel):
        if ".lib." in type(result).__module__ or type(result).__name__.startswith("Parsed"):
            return  # made by the SDK of what the server sent
        unknown = list(find_unknown_fields(result, ""))
        assert not unknown, f"{type(result)} has no {', '.join(unknown)}"
    elif isinstance(result, AbstractContextManager):
        with result as events:
            for event in events:
                check_result(event)
    elif isinstance(result, Iterator):
        for item in result:
            check_result(item)


def read_refusal(error: Any) -> str:
    """Return status and message of a refusal; a failure of the server is none."""
    status = error.status_code
    assert 400 <= status < 500, error
    body: Any = error.body
    while "message" not in body:
        body = body.get("error") or body["detail"]
    message = re.sub(r"\s+", " ", body["message"])
    return f"{status}: {message}"
