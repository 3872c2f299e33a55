"""Base classes of all request bodies."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, ClassVar, cast

from pydantic import (
    BaseModel,
    ConfigDict,
    Discriminator,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    ValidationError,
    model_validator,
)
from pydantic_core import CoreSchema, InitErrorDetails, PydanticCustomError
from pydantic_core.core_schema import no_info_after_validator_function

from wire.booleans import find_boolean, numeric_members
from wire.errors import UNKNOWN_PARAMETER
from wire.hints import Hints

MAX_NAME_CHARS = 100
"""Of an unknown member that is compared with the known ones, which are all shorter."""


class RequestBody(BaseModel):
    """Base of request bodies. Declared fields are validated; others are kept for the engine."""

    model_config = ConfigDict(extra="allow", allow_inf_nan=False)

    hints: ClassVar[Hints] = {}
    """Fields that are accepted without effect."""

    @model_validator(mode="before")
    @classmethod
    def _refuse_booleans(cls, value: Any) -> Any:
        if isinstance(value, dict):
            members = cast("dict[str, Any]", value)
            if (place := find_boolean(numeric_members(cls), members)) is not None:
                raise _not_a_number(place, members)
        return value

    @model_validator(mode="before")
    @classmethod
    def _drop_nulls(cls, value: Any) -> Any:
        """Treat null as absent where a member has another default."""
        if not isinstance(value, dict):
            return value
        members = cast("dict[str, Any]", value)
        if None not in members.values():
            return members
        has_default = {
            field.alias or name
            for name, field in cls.model_fields.items()
            if not field.is_required() and field.default is not None
        }
        return {
            name: member
            for name, member in members.items()
            if member is not None or name not in has_default
        }


def _not_a_number(place: tuple[str | int, ...], members: dict[str, Any]) -> ValidationError:
    received: Any = members
    for part in place:
        received = received[part]
    kind = PydanticCustomError("number_type", "must be a number")
    details = InitErrorDetails(type=kind, loc=place, input=received)
    return ValidationError.from_exception_data("body", [details])


class StoredBody(RequestBody):
    """Base of the bodies that create, change or search stored objects, and of their parts.

    An unknown member is refused: a misspelled restriction would otherwise restrict nothing. A
    member without a value is absent.
    """

    model_config = ConfigDict(extra="forbid")

    read_elsewhere: ClassVar[frozenset[str]] = frozenset()
    """Members that are not declared because the request type refuses or reads them itself."""

    @model_validator(mode="before")
    @classmethod
    def _check_members(cls, value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        members = cast("dict[str, Any]", value)
        declared = {field.alias or name for name, field in cls.model_fields.items()}
        known = declared | cls.read_elsewhere
        for name, member in members.items():
            if name not in known and member is not None:
                close = get_close_matches(name[:MAX_NAME_CHARS], sorted(declared), n=1)
                context = {"name": name, "close": close[0] if close else None}
                raise PydanticCustomError(UNKNOWN_PARAMETER, "is unknown", context)
        return {name: member for name, member in members.items() if name in known}


@dataclass(frozen=True)
class Matching:
    """Accepts only texts that match a pattern, which messages describe in words."""

    pattern: str
    what: str

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        """Validate after the type."""
        return no_info_after_validator_function(self._check, handler(source))

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        """Describe the pattern."""
        return {**handler(schema), "pattern": f"^{self.pattern}$"}

    def _check(self, text: str) -> str:
        if not re.fullmatch(self.pattern, text):
            raise PydanticCustomError("string_form", "must be {what}", {"what": self.what})
        return text


def by_type(tags: Mapping[str, str]) -> Discriminator:
    """Choose the member of a union of objects by ``type``, which has one of these tags.

    A tag is in brackets, so that paths of parameters leave it out.
    """

    def find_tag(value: Any) -> str | None:
        kind = value.get("type") if isinstance(value, dict) else getattr(value, "type", None)
        return tags.get(kind) if isinstance(kind, str) else None

    message = f"must be an object with a 'type' of {', '.join(tags)}"
    return Discriminator(find_tag, custom_error_type="type", custom_error_message=message)


def text_or(other: str) -> Discriminator:
    """Choose between a text and a list or an object, with the tags ``[text]`` and ``[object]``."""

    def find_tag(value: Any) -> str | None:
        if isinstance(value, str):
            return "[text]"
        return "[object]" if isinstance(value, dict | list | BaseModel) else None

    message = f"must be a string or {other}"
    return Discriminator(find_tag, custom_error_type="text_type", custom_error_message=message)


class ModelRequest(RequestBody):
    """The fields with which every request selects a model."""

    model: str | None = None
    """An id or an alias; None: the first model of the kind."""
    backend: str | None = None
    """LocalAI's field: the library that must serve the model."""


def type_of(value: object) -> object:
    """Return the type of an object such as ``{"type": "url"}``; other values are returned as is."""
    return cast("dict[str, Any]", value).get("type") if isinstance(value, dict) else value
