"""Pictures and recordings in a conversation: which the model reads, and those named by URL fetched.

Fetched here, where the operator allows it, and not in the replica, which fetches nothing whatever a
request says. Nothing is decoded here.
"""

import base64
from collections.abc import Sequence
from functools import partial
from typing import Any, cast

from serve_app.concurrency import gather_limited
from serve_app.media.remote_files import RemoteFiles
from wire.card import ModelCard
from wire.errors import InvalidRequestError, echo

Part = dict[str, Any]

AT_ONCE = 4
"""Files of one request that are fetched at once."""

TEXTS_OF_CHAT = ("text", "refusal", "thinking")
"""Types of parts in chat that every model reads, each with a member of the same name."""

OF_CHAT = (
    "image_url",
    "input_audio",
    "audio_url",
    "video_url",
    "file",
    "input_image",
    "image_pil",
    "image_embeds",
    "audio_embeds",
    "video_embeds",
    "prompt_embeds",
)
"""Types of parts in chat that only some models read."""

TEXTS_OF_RESPONSES = ("input_text", "output_text", "reasoning_text", "refusal")
IMAGE_OF_RESPONSES = "input_image"

DETAILS = (None, "auto", "low", "high", "original")
"""OpenAI's values of ``detail``. They are hints; the model decides."""

AUDIO_FORMATS = ("wav", "mp3", "flac", "opus", "ogg", "aac", "m4a", "webm")

FIELDS = {
    "image_url": "image_url",
    "video_url": "video_url",
    "audio_url": "audio_url",
    "input_image": "image_url",
    "image": "source",
}
"""The field of a part of each type, in chat, in responses and in messages, that has its URL."""

ON_THE_WEB = ("http://", "https://")

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
        for p, part in enumerate(_as_list(message.get("content"))):
            path = f"messages[{m}].content[{p}]"
            kind = part.get("type")
            if not isinstance(kind, str):
                raise _invalid(f"{path}.type", f"must be a text, received {echo(kind)}")
            if "uuid" in part:
                # The engine would take it as the name of what another client has sent.
                raise _invalid(f"{path}.uuid", "send the file itself")
            if kind not in TEXTS_OF_CHAT + OF_CHAT:
                readable = ", ".join(dict.fromkeys((*TEXTS_OF_CHAT[:2], *card.input_parts)))
                raise _invalid(f"{path}.type", f"must be one of {readable}, received {echo(kind)}")
            if kind in TEXTS_OF_CHAT and not isinstance(part.get(kind), str):
                raise _invalid(f"{path}.{kind}", f"must be a text, received {echo(part.get(kind))}")
            if kind in OF_CHAT and kind not in card.input_parts:
                raise _unsupported(kind, card.input_parts, card, f"{path}.type")
            if kind in ("image_url", "audio_url"):
                _check_file(part.get(kind), f"{path}.{kind}")
            if kind == "input_audio":
                recording_of(part, f"{path}.{kind}")


def recording_of(part: Part, path: str) -> str:
    """Return the recording in a part of type ``input_audio``, in base64.

    Raises:
        InvalidRequestError: there is none, or it is of a format that is not known.
    """
    audio = part.get("input_audio")
    if not isinstance(audio, dict) or not isinstance(audio.get("data"), str):
        raise InvalidRequestError(
            f'\'{path}\': {{"data": base64, "format": …}} is needed, received {echo(audio)}.', path
        )
    if audio.get("format") not in (None, *AUDIO_FORMATS):
        raise InvalidRequestError(
            f"'{path}.format': one of {', '.join(AUDIO_FORMATS)} is allowed, "
            f"received {echo(audio['format'])}.",
            f"{path}.format",
        )
    data: str = audio["data"]
    data = data.partition(",")[2] if data.startswith("data:") else data
    if not data:
        raise InvalidRequestError(f"'{path}.data' must be audio in base64.", f"{path}.data")
    return data


def check_items(items: Sequence[Part], card: ModelCard) -> None:
    """Refuse what a chat model does not read of the items of a response.

    Raises:
        InvalidRequestError: names the part.
    """
    reads_images = "image_url" in card.input_parts
    reads = ("input_text", IMAGE_OF_RESPONSES) if reads_images else ("input_text",)
    for i, item in enumerate(items):
        for field in ("content", "output"):
            for p, part in enumerate(_as_list(item.get(field))):
                path = f"input[{i}].{field}[{p}]"
                kind = part.get("type") if isinstance(part, dict) else None
                if kind == IMAGE_OF_RESPONSES and kind in reads:
                    _check_picture(part, path)
                elif kind not in TEXTS_OF_RESPONSES:
                    raise _unsupported(kind, reads, card, f"{path}.type")


def _check_picture(part: Part, path: str) -> None:
    file_id = part.get("file_id")
    if file_id is None:
        _check_url(part.get("image_url"), f"{path}.image_url")
    elif not isinstance(file_id, str) or part.get("image_url") is not None:
        raise _invalid(f"{path}.file_id", "the id of a file is needed, and no 'image_url' with it")
    _check_detail(part, path)


def _check_file(value: object, path: str) -> None:
    if not isinstance(value, dict):
        raise _invalid(path, f'{{"url": …}} is needed, received {echo(value)}')
    named = cast("Part", value)
    _check_url(named.get("url"), path)
    _check_detail(named, path)


def _check_detail(part: Part, path: str) -> None:
    if part.get("detail") not in DETAILS:
        allowed = ", ".join(detail for detail in DETAILS if detail)
        reason = f"one of {allowed} is allowed, received {echo(part['detail'])}"
        raise _invalid(f"{path}.detail", reason)


def _check_url(url: object, path: str) -> None:
    start = url.strip()[:8].lower() if isinstance(url, str) else ""
    if not start.startswith(("data:", *ON_THE_WEB)):
        raise _invalid(path, f"a data URL in base64, or an http(s) URL, is needed: {echo(url)}")


def _unsupported(
    kind: object, reads: Sequence[str], card: ModelCard, path: str
) -> InvalidRequestError:
    return _invalid(
        path,
        f"model '{card.id}' does not read parts of type {echo(kind)}; it reads {', '.join(reads)}",
    )


def _invalid(path: str, reason: str) -> InvalidRequestError:
    return InvalidRequestError(f"Invalid '{path}': {reason}.", path)


async def with_files(messages: list[Part], remote: RemoteFiles, param: str) -> list[Part]:
    """Return the conversation with the files themselves in place of their URLs on the web.

    Raises:
        InvalidRequestError: one may not be fetched, or cannot.
    """
    if not _find_urls(messages, param):
        return messages
    copied = [_copy(message) for message in messages]  # the client's words stay as they were
    jobs = [partial(_fetch, part, path, remote) for part, path in _find_urls(copied, param)]
    await gather_limited(jobs, AT_ONCE)
    return copied


def _find_urls(parts: list[Any], path: str) -> list[tuple[Part, str]]:
    """Return what names a file on the web, at any depth: results of tools have parts too."""
    found: list[tuple[Part, str]] = []
    for index, part in enumerate(parts):
        if isinstance(part, dict):
            if _url(part) is not None:
                found.append((part, f"{path}[{index}]"))
            if isinstance(content := part.get("content"), list):
                found += _find_urls(content, f"{path}[{index}].content")
    return found


def _as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _url(part: Part) -> str | None:
    kind = part.get("type")
    value = part.get(FIELDS[kind]) if isinstance(kind, str) and kind in FIELDS else None
    url = value.get("url") if isinstance(value, dict) else value
    if not isinstance(url, str) or not url.strip()[:8].lower().startswith(ON_THE_WEB):
        return None
    return url.strip()


def _copy(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _copy(each) for name, each in value.items()}
    return [_copy(each) for each in value] if isinstance(value, list) else value


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
