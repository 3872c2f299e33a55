"""Items of a conversation in OpenAI's Responses: messages, tool calls and their results.

They are stored in the format in which clients receive them, each with an id.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from wire.errors import InvalidRequestError, echo
from wire.ids import new_id

Item = dict[str, Any]

PREFIXES = {
    "message": "msg",
    "function_call": "fc",
    "function_call_output": "fco",
    "custom_tool_call": "ctc",
    "custom_tool_call_output": "ctco",
    "reasoning": "rs",
}
"""Types of items, and the prefixes of their ids."""

NEEDED = {
    "message": ("role", "content"),
    "function_call": ("call_id", "name", "arguments"),
    "function_call_output": ("call_id", "output"),
    "custom_tool_call": ("call_id", "name", "input"),
    "custom_tool_call_output": ("call_id", "output"),
    "reasoning": ("summary",),
}
"""Required fields of each type of item."""

ROLES = ("user", "system", "developer", "assistant")
TEXT_PARTS = ("input_text", "output_text", "refusal")

REFERENCE = "item_reference"
"""Type of an item that refers to another by its id."""


def new_items(given: str | Sequence[Item] | None, param: str = "input") -> list[Item]:
    """Validate a client's input and return it as items with ids.

    Raises:
        InvalidRequestError: an item's type is not supported, or a field is missing.
    """
    if given is None:
        return []
    if isinstance(given, str):
        given = [{"role": "user", "content": given}]
    return [_item(item, f"{param}[{index}]") for index, item in enumerate(given)]


def resolve_references(items: Sequence[Item], said_before: Iterable[Item]) -> list[Item]:
    """Replace references by the items that they refer to.

    Raises:
        InvalidRequestError: a referenced item is not in the conversation.
    """
    known = {item["id"]: item for item in said_before}
    for index, item in enumerate(items):
        if item["type"] == REFERENCE and item["id"] not in known:
            raise InvalidRequestError(
                f"Item with id {echo(item['id'])} not found in this conversation.",
                f"input[{index}].id",
            )
    return [known[item["id"]] if item["type"] == REFERENCE else item for item in items]


def as_engine_items(items: Iterable[Item]) -> list[Item]:
    """Convert the items for vLLM, which accepts ids only on a model's output."""
    return [_for_engine(item) for item in items]


def _for_engine(item: Item) -> Item:
    if item["type"] == "message" and item["role"] == "assistant":
        parts = [{"annotations": [], **part} for part in item["content"]]
        return {**item, "content": parts}
    if item["type"] in ("message", "function_call_output", "custom_tool_call_output"):
        if isinstance(item.get("output"), list):
            item = {**item, "output": [_with_detail(part) for part in item["output"]]}
        return {name: value for name, value in item.items() if name not in ("id", "status")}
    return item


def _with_detail(part: Item) -> Item:
    """Return a part of a tool's result; an image gets the required ``detail``."""
    return {"detail": "auto", **part} if part.get("type") == "input_image" else part


def _item(given: Item, param: str) -> Item:
    kind = given.get("type") or ("message" if "role" in given else None)
    if kind == REFERENCE or (kind is None and set(given) == {"id"}):
        if not isinstance(given.get("id"), str):
            raise InvalidRequestError(f"Missing required parameter: '{param}.id'.", f"{param}.id")
        return {"type": REFERENCE, "id": given["id"]}
    if not isinstance(kind, str) or kind not in PREFIXES:
        raise InvalidRequestError(
            f"Invalid '{param}.type': {echo(kind)} is not known here; allowed are "
            f"{', '.join(PREFIXES)} and {REFERENCE}.",
            f"{param}.type",
        )
    for name in NEEDED[kind]:
        if given.get(name) is None:
            raise InvalidRequestError(
                f"Missing required parameter: '{param}.{name}'.", f"{param}.{name}"
            )
    item = {
        "id": new_id(PREFIXES[kind]),
        **{k: v for k, v in given.items() if v is not None},
        "type": kind,
    }
    if kind == "message":
        item = {"status": "completed", **item, "content": _content(item, param)}
    if not isinstance(item["id"], str):
        raise InvalidRequestError(f"Invalid '{param}.id': must be a text.", f"{param}.id")
    return item


def _content(item: Item, param: str) -> list[dict[str, Any]]:
    if item["role"] not in ROLES:
        raise InvalidRequestError(
            f"Invalid '{param}.role': {echo(item['role'])} is none of {', '.join(ROLES)}.",
            f"{param}.role",
        )
    content = item["content"]
    is_output = item["role"] == "assistant"
    if isinstance(content, str):
        return [{"type": "output_text" if is_output else "input_text", "text": content}]
    if not isinstance(content, list) or not all(isinstance(part, dict) for part in content):
        raise InvalidRequestError(
            f"Invalid '{param}.content': must be a text or a list of parts.", f"{param}.content"
        )
    for index, part in enumerate(content):
        where = f"{param}.content[{index}]"
        if not isinstance(part.get("type"), str):
            raise InvalidRequestError(f"Missing required parameter: '{where}.type'.", where)
        if part["type"] in TEXT_PARTS[:2] and not isinstance(part.get("text"), str):
            raise InvalidRequestError(f"Missing required parameter: '{where}.text'.", where)
    return content
