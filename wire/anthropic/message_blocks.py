"""Validates the content blocks of Anthropic's messages and converts them for vLLM.

vLLM silently drops blocks that it does not support; here each block is honoured or refused by name.
Documents and search results that contain text become text blocks.
"""

from collections.abc import Callable, Sequence
from typing import Any, cast

from wire.errors import InvalidRequestError, echo

Block = dict[str, Any]

IMAGE_TYPES = ("image/jpeg", "image/png", "image/gif", "image/webp")
ON_THE_WEB = ("https://", "http://")
IN_ROLE = {
    "user": ("text", "image", "document", "search_result", "tool_result"),
    "assistant": ("text", "thinking", "redacted_thinking", "tool_use"),
    "system": ("text",),
}
"""The block types allowed in a message, by role."""
IN_RESULT = ("text", "image", "document", "search_result")


def read_messages(
    messages: Sequence[tuple[str, str | list[Any]]], *, reads_images: bool
) -> list[dict[str, Any]]:
    """Convert a conversation, given as pairs of role and content, for vLLM.

    Consecutive messages of one role are merged, as by Anthropic: chat templates expect turns.

    Raises:
        InvalidRequestError: a block is not supported; the message has its path.
    """
    reader = _Reader(reads_images)
    read: list[dict[str, Any]] = []
    for m, (role, content) in enumerate(messages):
        path = f"messages[{m}].content"
        blocks = reader.blocks(content, IN_ROLE[role], path)
        if role == "user" and not blocks:
            raise InvalidRequestError(f"Invalid '{path}': must not be empty.", path)
        if read and read[-1]["role"] == role != "system":
            read[-1]["content"] += blocks
        elif blocks:  # an empty message of the assistant is dropped
            read.append({"role": role, "content": blocks})
    if not read:
        raise InvalidRequestError("Invalid 'messages': all are empty.", "messages")
    if read[-1]["role"] == "assistant":
        _check_prefill(read[-1]["content"], len(messages) - 1)
    return read


def read_system(content: str | list[Any]) -> list[Block]:
    """Convert the system prompt for vLLM.

    Raises:
        InvalidRequestError: it contains something other than text.
    """
    blocks = _Reader(reads_images=False).blocks(content, IN_ROLE["system"], "system")
    # vLLM concatenates the blocks without a separator.
    return [{**block, "text": block["text"] + "\n"} for block in blocks[:-1]] + blocks[-1:]


def _check_prefill(blocks: list[Block], m: int) -> None:
    """Check a final assistant message, which the model continues."""
    path = f"messages[{m}]"
    kinds = {block["type"] for block in blocks}
    if "tool_use" in kinds:
        raise InvalidRequestError(
            f"Invalid '{path}': after 'tool_use', a user message with its 'tool_result' is needed.",
            path,
        )
    if "text" not in kinds:
        raise InvalidRequestError(f"Invalid '{path}': there is no text to go on from.", path)


class _Reader:
    """Converts blocks of all types."""

    def __init__(self, reads_images: bool) -> None:
        self._reads_images = reads_images
        self._read: dict[str, Callable[[Block, str], Block]] = {
            "text": _text,
            "image": self._image,
            "document": _document,
            "search_result": _search_result,
            "thinking": _thinking,
            "redacted_thinking": _redacted_thinking,
            "tool_use": _tool_use,
            "tool_result": self._tool_result,
        }

    def blocks(self, content: object, allowed: tuple[str, ...], path: str) -> list[Block]:
        """Convert a text or a list of blocks, without empty texts."""
        if isinstance(content, str):
            content = [{"type": "text", "text": content}]
        if not isinstance(content, list):
            raise _unsupported(path, content, "a text or a list of blocks")
        given = cast("list[object]", content)
        read = [self._block(block, allowed, f"{path}[{b}]") for b, block in enumerate(given)]
        return [block for block in read if block.get("text") != ""]

    def _block(self, given: object, allowed: tuple[str, ...], path: str) -> Block:
        if not isinstance(given, dict):
            raise _unsupported(path, given, "an object with a 'type'")
        block = cast("Block", given)
        kind = block.get("type")
        if kind not in allowed:
            raise _unsupported(f"{path}.type", kind, f"one of {', '.join(allowed)} here")
        return self._read[kind](block, path)

    def _image(self, block: Block, path: str) -> Block:
        if not self._reads_images:
            raise InvalidRequestError(
                f"Invalid '{path}.type': this model does not read images.", f"{path}.type"
            )
        source = _object(block, "source", path)
        path = f"{path}.source"
        if source.get("type") == "url":
            url = _text_of(source, "url", path)
            if not url.lower().startswith(ON_THE_WEB):
                raise _unsupported(f"{path}.url", url, "an http or https URL")
            return {"type": "image", "source": {"type": "url", "url": url}}
        if source.get("type") != "base64":
            raise _unsupported(f"{path}.type", source.get("type"), "'base64' or 'url'")
        if source.get("media_type") not in IMAGE_TYPES:
            allowed = f"one of {', '.join(IMAGE_TYPES)}"
            raise _unsupported(f"{path}.media_type", source.get("media_type"), allowed)
        _text_of(source, "data", path)
        return {"type": "image", "source": source}

    def _tool_result(self, block: Block, path: str) -> Block:
        blocks = self.blocks(block.get("content") or [], IN_RESULT, f"{path}.content")
        if block.get("is_error"):
            # Chat templates have no field for it, so it goes into the text.
            blocks.insert(0, {"type": "text", "text": "Error:"})
        return {
            "type": "tool_result",
            "tool_use_id": _text_of(block, "tool_use_id", path),
            "content": blocks,
        }


def _text(block: Block, path: str) -> Block:
    return {"type": "text", "text": _text_of(block, "text", path)}


def _document(block: Block, path: str) -> Block:
    _check_not_cited(block, path)
    source = _object(block, "source", path)
    if source.get("type") == "text":
        body = _text_of(source, "data", f"{path}.source")
    elif source.get("type") == "content":
        body = _join(source.get("content"), f"{path}.source.content")
    else:
        raise _unsupported(
            f"{path}.source.type", source.get("type"), "'text' or 'content', since text is read"
        )
    return _lines(block.get("title"), block.get("context"), body)


def _search_result(block: Block, path: str) -> Block:
    _check_not_cited(block, path)
    body = _join(block.get("content"), f"{path}.content")
    return _lines(_text_of(block, "title", path), _text_of(block, "source", path), body)


def _thinking(block: Block, path: str) -> Block:
    return {"type": "thinking", "thinking": _text_of(block, "thinking", path)}


def _redacted_thinking(_: Block, __: str) -> Block:
    return {"type": "redacted_thinking"}


def _tool_use(block: Block, path: str) -> Block:
    return {
        "type": "tool_use",
        "id": _text_of(block, "id", path),
        "name": _text_of(block, "name", path),
        "input": _object(block, "input", path),
    }


def _join(content: object, path: str) -> str:
    blocks = _Reader(reads_images=False).blocks(content, ("text",), path)
    return "\n".join(block["text"] for block in blocks)


def _lines(*parts: object) -> Block:
    return {"type": "text", "text": "\n".join(part for part in parts if isinstance(part, str))}


def _check_not_cited(block: Block, path: str) -> None:
    if block.get("citations") not in (None, {}, {"enabled": False}):
        raise InvalidRequestError(
            f"Invalid '{path}.citations': no served model cites; allowed is "
            '{"enabled": false}.',
            f"{path}.citations",
        )


def _text_of(block: Block, name: str, path: str) -> str:
    value = block.get(name)
    if not isinstance(value, str):
        raise _unsupported(f"{path}.{name}", value, "a text")
    return value


def _object(block: Block, name: str, path: str) -> dict[str, Any]:
    value: Any = block.get(name)
    if not isinstance(value, dict):
        raise _unsupported(f"{path}.{name}", value, "an object")
    return value


def _unsupported(path: str, value: object, allowed: str) -> InvalidRequestError:
    return InvalidRequestError(
        f"Invalid '{path}': allowed is {allowed}, received {echo(value)}.", path
    )
