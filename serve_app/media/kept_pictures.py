"""Pictures that a conversation names by the file in which its client keeps them.

They reach the replica as data. Knows nothing of how a file is kept.
"""

import base64
from collections.abc import Sequence
from typing import Any

from serve_app.media.parts import IMAGE_OF_RESPONSES, SIGNATURES
from serve_app.storage.files import FileMissingError
from serve_app.storage.kept_files import KeptFiles
from serve_app.storage.object_rows import StoredObject
from wire.errors import InvalidRequestError, NotFoundError, echo

Part = dict[str, Any]

SIGNATURE_BYTES = 16
MAX_BYTES = 32 * 2**20
"""Of the pictures of one conversation, which are in memory together: what a body may have."""


async def with_kept_pictures(
    items: Sequence[Part], owner: str, files: KeptFiles, param: str
) -> list[Part]:
    """Return the items with the pictures themselves in place of their files.

    Raises:
        InvalidRequestError: there is no such file, it is no picture, or they are too large.
    """
    shown, left = list[Part](), MAX_BYTES
    for i, item in enumerate(items):
        copied = dict(item)
        for field in ("content", "output"):
            parts = item.get(field)
            if not isinstance(parts, list) or not any("file_id" in part for part in parts):
                continue
            copied[field] = list[Part]()
            for p, part in enumerate(parts):
                if part.get("type") == IMAGE_OF_RESPONSES and part.get("file_id") is not None:
                    path = f"{param}[{i}].{field}[{p}].file_id"
                    url, size = await picture(part["file_id"], owner, files, path, left)
                    left -= size
                    kept = {name: value for name, value in part.items() if name != "file_id"}
                    part = {**kept, "image_url": url}
                copied[field].append(part)
        shown.append(copied)
    return shown


async def check_picture(
    file_id: str, owner: str, files: KeptFiles, path: str, max_bytes: int = MAX_BYTES
) -> int:
    """Refuse what is no picture, from its first bytes; return the size of one.

    Raises:
        InvalidRequestError: there is no such file, or it is no picture, or too large.
    """
    stored, beginning = await _open(file_id, owner, files, path, max_bytes, end=SIGNATURE_BYTES)
    _detect_type(beginning, file_id, path)
    return stored.body["bytes"]


async def picture(
    file_id: str, owner: str, files: KeptFiles, path: str, max_bytes: int = MAX_BYTES
) -> tuple[str, int]:
    """Return a picture as a data URL, and how many bytes it has; ``path`` names it in errors.

    Raises:
        InvalidRequestError: there is no such file, or it is no picture, or too large.
    """
    stored, data = await _open(file_id, owner, files, path, max_bytes)
    media_type = _detect_type(data, file_id, path)
    encoded = base64.b64encode(data).decode()
    return f"data:{media_type};base64,{encoded}", stored.body["bytes"]


async def _open(
    file_id: str, owner: str, files: KeptFiles, path: str, max_bytes: int, end: int | None = None
) -> tuple[StoredObject, bytes]:
    """Return a file and its content up to ``end``."""
    try:
        stored = await files.get(owner, file_id)
        size: int = stored.body["bytes"]
        if size > max_bytes:
            raise InvalidRequestError(
                f"Invalid '{path}': the pictures of a conversation may have {MAX_BYTES} bytes "
                f"together; this one has {size}, and {max_bytes} are left.",
                path,
            )
        return stored, b"".join([block async for block in files.content(stored, end=end)])
    except (NotFoundError, FileMissingError):
        raise InvalidRequestError(
            f"Invalid '{path}': no file found with id {echo(file_id)}.", path
        ) from None


def _detect_type(data: bytes, file_id: str, path: str) -> str:
    for start, media_type in SIGNATURES.items():
        if data.startswith(start):
            return media_type
    raise InvalidRequestError(
        f"Invalid '{path}': file {echo(file_id)} is no picture; PNG, JPEG, WebP and GIF are read.",
        path,
    )
