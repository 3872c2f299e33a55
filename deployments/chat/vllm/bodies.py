# pyright: standard
"""Reads the bodies of calls in vLLM's types.

pydantic holds the interpreter's lock while it validates, for 60 µs an item of a response. So the
list that a body consists of is validated in parts: between them, other threads run.
"""

from collections.abc import Mapping
from typing import Any

from pydantic import TypeAdapter, ValidationError
from pydantic_core import from_json
from vllm.exceptions import VLLMError

from deployments.chat.error_fields import field_of_error, number_from_turn
from deployments.chat.vllm.causes import clean_message
from deployments.chat.vllm.errors import SHAPE_ERRORS, find_misshapen
from wire.calls import Call, Operation
from wire.errors import InvalidRequestError
from wire.operations import decode_body
from wire.validation_errors import from_validation_errors

LARGE_BYTES = 2**16
"""A longer body is read in a thread."""
ITEMS_AT_ONCE = 200
LISTS: Mapping[Operation, tuple[str, ...]] = {
    Operation.CHAT_COMPLETION: ("messages",),
    Operation.MESSAGE: ("messages",),
    Operation.MESSAGE_TOKENS: ("messages",),
    Operation.RESPONSE: ("input", "items"),
    Operation.RESPONSE_INPUT_TOKENS: ("input", "items"),
}
"""The list that a body consists of, and what the type has besides for each of its items."""
NEEDED = ("model", "max_tokens", "truncation")
"""Fields without which no part of a list is valid, or is read otherwise."""


def read_body(call: Call, reader: TypeAdapter[Any]) -> Any:
    """Return the body in vLLM's type.

    Its validators look into the fields before their types are checked, so a field of an
    unexpected shape fails in any way.

    Raises:
        InvalidRequestError: a field is wrong.
    """
    try:
        if len(call.body) <= LARGE_BYTES:
            return decode_body(call, reader)
        return _read_in_parts(call, reader)
    except InvalidRequestError as error:
        raise number_from_turn(error, call.body) from error
    except VLLMError as error:
        param = getattr(error, "parameter", None)
        message = clean_message(str(error))
        raise InvalidRequestError(message, param or field_of_error(message, call.body)) from error
    except SHAPE_ERRORS as error:
        name = find_misshapen(call.body, reader)
        where = f"Invalid '{name}': it" if name else "Invalid request body: a field"
        raise InvalidRequestError(f"{where} has an unexpected shape.", name) from error


def _read_in_parts(call: Call, reader: TypeAdapter[Any]) -> Any:
    fields = from_json(call.body)
    lists = LISTS.get(call.operation, ("",))
    name = lists[0]
    items = fields.get(name) if isinstance(fields, dict) else None
    body: Any = None
    begin = 0
    try:
        if not isinstance(items, list):
            return reader.validate_python(fields)
        needed = {each: fields[each] for each in NEEDED if each in fields}
        for begin in range(0, max(len(items), 1), ITEMS_AT_ONCE):
            part = {name: items[begin : begin + ITEMS_AT_ONCE]}
            read = reader.validate_python((needed if begin else fields) | part)
            if begin:
                for each in lists:
                    getattr(body, each).extend(getattr(read, each))
            else:
                body = read
    except ValidationError as error:
        errors = error.errors(include_url=False)
        for each in errors:
            each["loc"] = _move(each["loc"], begin)
        raise from_validation_errors(errors, fields) from error
    return body


def _move(loc: tuple[int | str, ...], begin: int) -> tuple[int | str, ...]:
    """Return the place of an error in the whole list for that in a part of it."""
    index = next((i for i, each in enumerate(loc) if isinstance(each, int)), None)
    if index is None:
        return loc
    return (*loc[:index], int(loc[index]) + begin, *loc[index + 1 :])
