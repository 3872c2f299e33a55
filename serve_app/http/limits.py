"""Limits of request bodies: one for all, and larger ones for uploaded files."""

import re
from dataclasses import dataclass

FILES = re.compile(r"(/v1)?/files")
PARTS = re.compile(r"(/v1)?/uploads/[^/]+/parts")

MAX_FILE_BYTES = 512 * 2**20
MAX_UPLOAD_BYTES = 8 * 2**30
"""OpenAI's limits."""
MAX_PART_BYTES = 64 * 2**20
"""OpenAI's limit for a part of an upload."""
FORM_BYTES = 2**20
"""Allowance for the other fields of a form."""


@dataclass(frozen=True, slots=True)
class BodyLimits:
    """Limits in bytes."""

    body: int
    """For bodies that are held in memory."""
    file: int = MAX_FILE_BYTES
    """For a file, which is not."""
    upload: int = MAX_UPLOAD_BYTES
    """For a file that is uploaded in parts."""

    def of(self, method: str, path: str) -> int:
        """Return the limit of a request."""
        if method == "POST" and FILES.fullmatch(path):
            return max(self.body, self.file + FORM_BYTES)
        if method == "POST" and PARTS.fullmatch(path):
            return max(self.body, MAX_PART_BYTES + FORM_BYTES)
        return self.body
