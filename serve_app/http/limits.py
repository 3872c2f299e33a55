"""How large a request's body may be: one limit for all, and larger ones where files arrive."""

import re
from dataclasses import dataclass

FILES = re.compile(r"(/v1)?/files")
PARTS = re.compile(r"(/v1)?/uploads/[^/]+/parts")

MAX_FILE_BYTES = 512 * 2**20
MAX_UPLOAD_BYTES = 8 * 2**30
"""OpenAI's limits."""
MAX_PART_BYTES = 64 * 2**20
"""OpenAI's limit of a part of an upload."""
FORM_BYTES = 2**20
"""For what a form has besides its file."""


@dataclass(frozen=True, slots=True)
class BodyLimits:
    """The limits, in bytes."""

    body: int
    """Of what is held in memory."""
    file: int = MAX_FILE_BYTES
    """Of a file, which is not."""
    upload: int = MAX_UPLOAD_BYTES
    """Of a file that comes in parts."""

    def of(self, method: str, path: str) -> int:
        """Return the limit of a request."""
        if method == "POST" and FILES.fullmatch(path):
            return max(self.body, self.file + FORM_BYTES)
        if method == "POST" and PARTS.fullmatch(path):
            return max(self.body, MAX_PART_BYTES + FORM_BYTES)
        return self.body
