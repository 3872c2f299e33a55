"""Pictures and recordings that a conversation names by URL, fetched where the operator allows it.

Here and not in the replica: it fetches nothing, whatever a request says.
"""

import base64
from functools import partial
from typing import Any

from serve_app.card import ModelCard
from serve_app.composition.together import together
from serve_app.errors import InvalidRequestError
from serve_app.remote_files import RemoteFiles

Part = dict[str, Any]

AT_ONCE = 4
"""Files of one request that are fetched at once."""

OF_CHAT = ("image_url", "video_url", "audio_url", "image_embeds", "file")
"""Types of parts in chat that only some models read."""

FIELDS = {
    "image_url": "image_url",
    "video_url": "video_url",
    "audio_url": "audio_url",
    "input_image": "image_url",
    "image": "source",
}
"""The field of a part of each type, in chat, in responses and in messages, that has its URL."""

SIGNATURES = {
    b"\x89PNG": "image/png",
    b"\xff\xd8\xff": "image/jpeg",
    b"GIF8": "image/gif",
    b"RIFF": "image/webp",
}
"""How files of these types begin."""


def check_parts(messages: list[Part], card: ModelCard) -> None:
    """Refuse what a chat model does not read.

    Raises:
        InvalidRequestError: names the part.
    """
    for m, message in enumerate(messages):
        content = message.get("content")
        for p, part in enumerate(content if isinstance(content, list) else ()):
            kind = part.get("type")
            if kind in OF_CHAT and kind not in card.input_parts:
                path = f"messages[{m}].content[{p}].type"
                raise InvalidRequestError(
                    f"Invalid '{path}': model '{card.id}' does not read parts of type '{kind}'; it "
                    f"reads {', '.join(card.input_parts)}.",
                    path,
                )


async def with_files(messages: list[Part], remote: RemoteFiles, param: str) -> list[Part]:
    """Return the conversation with the files themselves in place of their URLs on the web.

    Raises:
        InvalidRequestError: one may not be fetched, or cannot.
    """
    if not _named(messages, param):
        return messages
    copied = [_copied(message) for message in messages]  # the client's words stay as they were
    jobs = [partial(_fetch, part, path, remote) for part, path in _named(copied, param)]
    await together(jobs, AT_ONCE)
    return copied


def _named(parts: Any, path: str) -> list[tuple[Part, str]]:
    """Return what names a file on the web, at any depth: results of tools have parts too."""
    found: list[tuple[Part, str]] = []
    listed: list[Any] = parts if isinstance(parts, list) else []
    for index, part in enumerate(listed):
        if isinstance(part, dict):
            here = f"{path}[{index}]"
            found += [(part, here)] if _url(part) is not None else []
            found += _named(part.get("content"), f"{here}.content")
    return found


def _url(part: Part) -> str | None:
    kind = part.get("type")
    value = part.get(FIELDS[kind]) if isinstance(kind, str) and kind in FIELDS else None
    url = value.get("url") if isinstance(value, dict) else value
    if not isinstance(url, str) or not url.strip()[:8].lower().startswith(("http://", "https://")):
        return None
    return url.strip()


def _copied(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _copied(each) for name, each in value.items()}
    return [_copied(each) for each in value] if isinstance(value, list) else value


async def _fetch(part: Part, path: str, remote: RemoteFiles) -> None:
    kind, url = part["type"], _url(part)
    assert url is not None
    field = FIELDS[kind]
    data = await remote.fetch(url, f"{path}.{field}")
    media_type = next((t for start, t in SIGNATURES.items() if data.startswith(start)), None)
    encoded = base64.b64encode(data).decode()
    if kind == "image":
        part["source"] = {
            "type": "base64",
            "media_type": media_type or "image/jpeg",
            "data": encoded,
        }
        return
    here = f"data:{media_type or 'application/octet-stream'};base64,{encoded}"
    part[field] = {**part[field], "url": here} if isinstance(part[field], dict) else here
