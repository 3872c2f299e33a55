"""Request types of files and uploads. Reference: https://platform.openai.com/docs/api-reference/files."""

import unicodedata
from typing import Any, Literal

from pydantic import ConfigDict, Field

from wire.errors import InvalidRequestError, echo
from wire.requests import RequestBody

Purpose = Literal["assistants", "batch", "fine-tune", "vision", "user_data", "evals"]
"""Of what clients may upload."""

MAX_FILENAME_CHARS = 255
BATCH_LIVES_S = 30 * 24 * 3600
"""Input of batches, as with OpenAI; other files stay until someone deletes them."""


class FileExpiry(RequestBody):
    """When a file is removed."""

    model_config = ConfigDict(extra="forbid")

    anchor: Literal["created_at"]
    seconds: int = Field(ge=3600, le=30 * 24 * 3600)


class FileRequest(RequestBody):
    """Fields of the form of ``POST /v1/files`` beside the file."""

    model_config = ConfigDict(extra="forbid")

    purpose: Purpose
    expires_after: FileExpiry | None = None


class UploadRequest(RequestBody):
    """Body of ``POST /v1/uploads``."""

    model_config = ConfigDict(extra="forbid")

    filename: str
    purpose: Purpose
    bytes: int = Field(ge=1)
    mime_type: str = Field(min_length=1, max_length=255)
    expires_after: FileExpiry | None = None


class PartRequest(RequestBody):
    """Fields of the form of ``POST /v1/uploads/{id}/parts`` beside the data: none."""

    model_config = ConfigDict(extra="forbid")


class CompleteRequest(RequestBody):
    """Body of ``POST /v1/uploads/{id}/complete``."""

    model_config = ConfigDict(extra="forbid")

    part_ids: list[str] = Field(min_length=1, max_length=10_000)
    md5: str | None = Field(default=None, pattern=r"^[0-9A-Fa-f]{32}$")


def checked_filename(name: str, param: str) -> str:
    """Return the name without the folders that some clients send with it.

    Raises:
        InvalidRequestError: it is none.
    """
    last = name.replace("\\", "/").rpartition("/")[2].strip()
    if not last.strip(".") or len(last) > MAX_FILENAME_CHARS:
        raise InvalidRequestError(
            f"Invalid '{param}': a file's name has 1 to {MAX_FILENAME_CHARS} characters, received "
            f"{echo(name)}.",
            param,
        )
    if any(unicodedata.category(each) in ("Cc", "Cs") for each in last):
        raise InvalidRequestError(
            f"Invalid '{param}': a file's name has no control characters, received {echo(name)}.",
            param,
        )
    return last


def lifetime(purpose: str, expires_after: FileExpiry | None) -> int | None:
    """Return after how many seconds a file is gone; None: it stays."""
    if expires_after is not None:
        return expires_after.seconds
    return BATCH_LIVES_S if purpose == "batch" else None


def deleted(file_id: str) -> dict[str, Any]:
    """Return the answer that a file is gone."""
    return {"id": file_id, "object": "file", "deleted": True}
