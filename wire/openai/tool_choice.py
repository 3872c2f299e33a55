"""Converts tools and the choice among them for the engine: the same in chat, responses and runs."""

from collections.abc import Collection
from typing import Any, Literal

from pydantic import Field, ValidationError

from wire.errors import InvalidRequestError, echo
from wire.requests import RequestBody, type_of
from wire.validation_errors import from_validation_errors

Fields = dict[str, Any]

ALLOWED = "allowed_tools"

NO_ARGUMENTS: Fields = {"type": "object", "properties": {}, "additionalProperties": False}
"""The parameters of a function that states none."""


class AllowedTools(RequestBody):
    """OpenAI's choice among some of the tools."""

    mode: Literal["auto", "required"]
    tools: list[dict[str, Any]] = Field(min_length=1)


def prepare_tools(fields: Fields) -> Fields:
    """Return a request's fields with the tools that may be called, as the engine reads them.

    A function without parameters is one without arguments. A forced call is constrained to the
    schema of its arguments whatever ``strict`` says: models do not follow it reliably otherwise.
    Chat has a tool's fields in ``function``, Responses beside ``type``.

    Raises:
        InvalidRequestError: the choice is malformed, or names none of the tools.
    """
    chosen = _check_choice(_limit_tools(fields))
    if not (tools := chosen.get("tools")):
        return chosen
    is_forced = chosen.get("tool_choice") not in (None, "none", "auto")
    return {**chosen, "tools": [_complete(tool, is_forced=is_forced) for tool in tools]}


def _limit_tools(fields: Fields) -> Fields:
    """Replace a choice of allowed tools by these tools and the choice's mode."""
    choice = fields.get("tool_choice")
    if type_of(choice) != ALLOWED or not isinstance(choice, dict):
        return fields
    # Chat nests the choice in a member of its type's name, Responses does not. Both are taken.
    path = ("tool_choice", ALLOWED) if ALLOWED in choice else ("tool_choice",)
    try:
        allowed = AllowedTools.model_validate(choice.get(ALLOWED, choice))
    except ValidationError as error:
        errors = error.errors(include_url=False)
        raise from_validation_errors(
            [{**each, "loc": (*path, *each["loc"])} for each in errors], fields
        ) from error
    tools: list[Fields] = fields.get("tools") or []
    names = dict.fromkeys(map(_name_of, tools)).keys()
    wanted = [_name_of(tool) for tool in allowed.tools]
    for index, name in enumerate(wanted):
        _check_name(name, names, f"{'.'.join(path)}.tools[{index}]")
    may_call = set(wanted)
    chosen = [tool for tool in tools if _name_of(tool) in may_call]
    return {**fields, "tools": chosen, "tool_choice": allowed.mode}


def _check_choice(fields: Fields) -> Fields:
    """Return a request's fields with the choice of one function written as the tools are."""
    choice, tools = fields.get("tool_choice"), fields.get("tools") or []
    if not isinstance(choice, dict):
        return fields
    nests = any("function" in tool for tool in tools)
    kind = choice.get("type", "function" if nests else None)
    if kind == "custom" and any(tool.get("type") == "custom" for tool in tools):
        return fields
    if kind != "function":
        raise InvalidRequestError(
            f"Invalid 'tool_choice.type': must be 'function' or '{ALLOWED}' "
            f"(received {echo(kind)}).",
            "tool_choice.type",
        )
    is_inside = "function" in choice or (nests and "name" not in choice)
    path = "tool_choice.function" if is_inside else "tool_choice"
    named = choice.get("function") if is_inside else choice
    name = named.get("name") if isinstance(named, dict) else None
    if not isinstance(name, str):
        missing = path if is_inside and "function" not in choice else f"{path}.name"
        raise InvalidRequestError(f"Missing required parameter: '{missing}'.", missing)
    _check_name(name, dict.fromkeys(map(_name_of, tools)).keys(), f"{path}.name")
    spelled: Fields = {"function": {"name": name}} if nests else {"name": name}
    return {**fields, "tool_choice": {"type": "function", **spelled}}


def _check_name(name: str, names: Collection[str], param: str) -> None:
    if name not in names:
        known = ", ".join(names) or "none"
        raise InvalidRequestError(
            f"Invalid '{param}': {echo(name)} is none of the 'tools': {known}.", param
        )


def _name_of(tool: Fields) -> str:
    """Return the name of a function, or the type of a tool that has no name."""
    function = tool.get("function")
    named = function if isinstance(function, dict) else tool
    return str(named.get("name") or tool.get("type"))


def _complete(tool: Fields, *, is_forced: bool) -> Fields:
    if isinstance(function := tool.get("function"), dict):
        return {**tool, "function": _complete_function(function, is_forced=is_forced)}
    if tool.get("type") == "function":
        return _complete_function(tool, is_forced=is_forced)
    return tool


def _complete_function(function: Fields, *, is_forced: bool) -> Fields:
    strict = {"strict": True} if is_forced else {}
    return {**function, "parameters": function.get("parameters") or NO_ARGUMENTS, **strict}
