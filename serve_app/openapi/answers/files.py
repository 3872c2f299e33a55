"""Answers of files and uploads."""

from typing import Literal

from serve_app.openapi.answers.common import Answer


class KeptFile(Answer):
    """A file. Times are Unix times."""

    id: str
    object: Literal["file"]
    bytes: int
    created_at: int
    expires_at: int | None
    """From when on it is gone; null: it stays."""
    filename: str
    purpose: str
    status: Literal["processed"]
    status_details: None


class FileList(Answer):
    """A page of files."""

    object: Literal["list"]
    data: list[KeptFile]
    first_id: str | None
    last_id: str | None
    has_more: bool


class DeletedFile(Answer):
    """What is left of a file."""

    id: str
    object: Literal["file"]
    deleted: Literal[True]


class FileUpload(Answer):
    """A file that comes in parts. Times are Unix times."""

    id: str
    object: Literal["upload"]
    bytes: int
    """What all parts have together."""
    created_at: int
    expires_at: int
    """Until when it may be completed."""
    filename: str
    purpose: str
    status: Literal["pending", "completed", "cancelled"]
    file: KeptFile | None
    """Of a completed upload."""


class FileUploadPart(Answer):
    """A part of a file."""

    id: str
    object: Literal["upload.part"]
    created_at: int
    upload_id: str
