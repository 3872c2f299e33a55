"""Types of files and uploads. Reference: https://platform.openai.com/docs/api-reference/files."""

import unicodedata
from typing import Annotated, Literal

from pydantic import Field

from wire.answers import Answer
from wire.errors import InvalidRequestError, echo
from wire.limits import MAX_FILENAME_CHARS, MAX_UPLOAD_PARTS
from wire.openai.objects import Deleted, ListPage
from wire.requests import Matching, StoredBody

Purpose = Literal["assistants", "batch", "fine-tune", "vision", "user_data", "evals"]
"""Purposes that clients may set."""

BATCH_LIVES_S = 30 * 24 * 3600
"""Default lifetime of batch input, as in OpenAI; other files stay until they are deleted."""


class FileExpiry(StoredBody):
    """When a file expires."""

    anchor: Literal["created_at"]
    seconds: int = Field(ge=3600, le=30 * 24 * 3600)


class FileRequest(StoredBody):
    """Form fields of ``POST /v1/files``, without the file."""

    purpose: Purpose
    expires_after: FileExpiry | None = None


class UploadRequest(StoredBody):
    """Body of ``POST /v1/uploads``."""

    filename: str
    purpose: Purpose
    bytes: int = Field(ge=1)
    mime_type: str = Field(min_length=1, max_length=255)
    expires_after: FileExpiry | None = None


class PartRequest(StoredBody):
    """Form fields of ``POST /v1/uploads/{id}/parts``, without the data: none."""


class CompleteRequest(StoredBody):
    """Body of ``POST /v1/uploads/{id}/complete``."""

    part_ids: list[str] = Field(min_length=1, max_length=MAX_UPLOAD_PARTS)
    md5: Annotated[str, Matching("[0-9A-Fa-f]{32}", "32 hexadecimal digits")] | None = None


class FileObject(Answer):
    """A file. Times are Unix times."""

    id: str
    object: Literal["file"] = "file"
    bytes: int
    created_at: int
    expires_at: int | None
    """When the file is removed; null: never."""
    filename: str
    purpose: str
    status: Literal["processed"] = "processed"
    status_details: None


class FileList(ListPage[FileObject]):
    """A page of files."""


class FileDeleted(Deleted[Literal["file"]]):
    """The file is deleted."""

    object: Literal["file"] = "file"


class Upload(Answer):
    """A file that is sent in parts. Times are Unix times."""

    id: str
    object: Literal["upload"] = "upload"
    bytes: int
    """The size of all parts together."""
    created_at: int
    expires_at: int
    """Until when the upload may be completed."""
    filename: str
    purpose: str
    status: Literal["pending", "completed", "cancelled"] = "pending"
    file: FileObject | None
    """Of a completed upload."""


class UploadPart(Answer):
    """A part of a file."""

    id: str
    object: Literal["upload.part"] = "upload.part"
    created_at: int
    upload_id: str


def check_filename(name: str, param: str) -> str:
    """Validate a file's name and remove folders from it.

    Raises:
        InvalidRequestError: it is empty, too long or has control characters.
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


def file_lifetime_s(purpose: str, expires_after: FileExpiry | None) -> int | None:
    """Return a file's lifetime in seconds; None: it does not expire."""
    if expires_after is not None:
        return expires_after.seconds
    return BATCH_LIVES_S if purpose == "batch" else None
