"""Items of a conversation in OpenAI's Responses: messages, tool calls and their results.

They are stored in the format in which clients receive them, each with an id.
"""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Any

from wire.errors import InvalidRequestError, echo
from wire.ids import new_id
from wire.openai.summaries import decode_summary
from wire.requests import type_of

Item = dict[str, Any]

PREFIXES = {
    "message": "msg",
    "function_call": "fc",
    "function_call_output": "fco",
    "custom_tool_call": "ctc",
    "custom_tool_call_output": "ctco",
    "reasoning": "rs",
    "compaction": "cmp",
}
"""Types of items, and the prefixes of their ids."""

TEXT, LIST, EITHER = (str,), (list,), (str, list)
TYPE_NAMES = {TEXT: "a text", LIST: "a list", EITHER: "a text or a list of parts"}

NEEDED = {
    "message": {"role": TEXT, "content": EITHER},
    "function_call": {"call_id": TEXT, "name": TEXT, "arguments": TEXT},
    "function_call_output": {"call_id": TEXT, "output": EITHER},
    "custom_tool_call": {"call_id": TEXT, "name": TEXT, "input": TEXT},
    "custom_tool_call_output": {"call_id": TEXT, "output": EITHER},
    "reasoning": {"summary": LIST},
    "compaction": {"encrypted_content": TEXT},
}
"""Required fields of each type of item, and their types."""

STATUSES = ("in_progress", "completed", "incomplete")

PART_DEFAULTS: dict[str, Item] = {
    "output_text": {"annotations": [], "logprobs": []},
    "input_image": {"detail": "auto"},
}
"""Fields of parts that are optional in requests and present in stored items."""

PARTS = ("content", "output")
"""Fields that may hold parts."""

ROLES = ("user", "system", "developer", "assistant")
TEXT_PARTS = {
    "input_text": "text",
    "output_text": "text",
    "reasoning_text": "text",
    "refusal": "refusal",
}
"""Types of parts that are a text, and the field that holds it."""

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


FindItem = Callable[[str], Awaitable[Item | None]]


async def resolve_references(
    items: Sequence[Item], find: FindItem, earlier: Iterable[Item] = (), param: str = "input"
) -> list[Item]:
    """Replace references by the items that they refer to, of this conversation or of another.

    Raises:
        InvalidRequestError: a referenced item is not found.
    """
    known = {item["id"]: item for item in earlier}
    resolved: list[Item] = []
    for index, item in enumerate(items):
        if item["type"] == REFERENCE:
            found = known.get(item["id"]) or await find(item["id"])
            if found is None:
                raise InvalidRequestError(
                    f"Item with id {echo(item['id'])} not found.", f"{param}[{index}].id"
                )
            item = known[item["id"]] = found
        resolved.append(item)
    return resolved


def as_engine_items(items: Iterable[Item]) -> list[Item]:
    """Convert the items for vLLM, which accepts ids only on a model's output."""
    return [_for_engine(item) for item in items]


def _for_engine(item: Item) -> Item:
    if item["type"] == "compaction":
        summary = decode_summary(item["encrypted_content"]) or ""
        part = {"type": "output_text", "text": f"Summary of what was said before: {summary}"}
        given = {"id": item["id"], "status": "completed", "type": "message", "role": "assistant"}
        item = {**given, "content": [part]}
    item = _complete_parts(item)
    if item["type"] == "message" and item["role"] == "assistant":
        return {**item, "content": _as_one_text(item["content"], "output_text")}
    if item["type"] == "reasoning" and isinstance(item.get("content"), list):
        return {**item, "content": _as_one_text(item["content"], "reasoning_text")}
    if item["type"] in ("message", "function_call_output", "custom_tool_call_output"):
        return {name: value for name, value in item.items() if name not in ("id", "status")}
    return item


def _as_one_text(parts: list[Any], kind: str) -> list[Any]:
    """Return the texts of the model's own parts as one part: vLLM reads only the first.

    They are joined as vLLM joins those of a chat's message.
    """
    fields = [TEXT_PARTS.get(str(type_of(part))) for part in parts]
    texts = [part[field] for part, field in zip(parts, fields, strict=True) if field]
    if len(texts) < len(parts):
        return parts  # a part that is no text is refused where the model is known
    return [_complete_part({"type": kind, "text": "\n".join(texts)})]


def _complete_parts(item: Item) -> Item:
    """Return an item whose parts have all the fields of stored ones."""
    lists = {name: item[name] for name in PARTS if isinstance(item.get(name), list)}
    return {**item, **{name: [_complete_part(p) for p in parts] for name, parts in lists.items()}}


def _complete_part(part: Any) -> Any:
    if not isinstance(part, dict):
        return part  # refused where the model is known
    given: Item = {name: value for name, value in part.items() if value is not None}
    return {**PART_DEFAULTS.get(str(part.get("type")), {}), **given}


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
    _check_required(given, kind, param)
    item = {
        "id": new_id(PREFIXES[kind]),
        **({} if kind in ("reasoning", "compaction") else {"status": "completed"}),
        **{k: v for k, v in given.items() if v is not None},
        "type": kind,
    }
    if kind == "message":
        item["content"] = _content(item, param)
    if not isinstance(item["id"], str):
        raise InvalidRequestError(f"Invalid '{param}.id': must be a text.", f"{param}.id")
    if item.get("status", "completed") not in STATUSES:
        raise InvalidRequestError(
            f"Invalid '{param}.status': {echo(item['status'])} is none of {', '.join(STATUSES)}.",
            f"{param}.status",
        )
    return _complete_parts(item)


def _check_required(given: Item, kind: str, param: str) -> None:
    for name, types in NEEDED[kind].items():
        where, value = f"{param}.{name}", given.get(name)
        if value is None:
            raise InvalidRequestError(f"Missing required parameter: '{where}'.", where)
        if not isinstance(value, types):
            raise InvalidRequestError(
                f"Invalid '{where}': must be {TYPE_NAMES[types]} (received {echo(value)}).", where
            )
    if kind == "compaction" and decode_summary(given["encrypted_content"]) is None:
        raise InvalidRequestError(
            f"Invalid '{param}.encrypted_content': it is not from this server.",
            f"{param}.encrypted_content",
        )


def _content(item: Item, param: str) -> list[dict[str, Any]]:
    if item["role"] not in ROLES:
        raise InvalidRequestError(
            f"Invalid '{param}.role': {echo(item['role'])} is none of {', '.join(ROLES)}.",
            f"{param}.role",
        )
    content = item["content"]
    if isinstance(content, str):
        kind = "output_text" if item["role"] == "assistant" else "input_text"
        return [{"type": kind, "text": content}]
    for index, part in enumerate(content):
        where = f"{param}.content[{index}]"
        if not isinstance(part, dict) or not isinstance(part.get("type"), str):
            raise InvalidRequestError(f"Missing required parameter: '{where}.type'.", where)
        field = TEXT_PARTS.get(part["type"])
        if field and not isinstance(part.get(field), str):
            raise InvalidRequestError(f"Missing required parameter: '{where}.{field}'.", where)
    return content
