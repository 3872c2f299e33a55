"""Why a document cannot be read, in OpenAI's words for it."""

from typing import Literal

Code = Literal["server_error", "unsupported_file", "invalid_file"]


class DocumentError(Exception):
    """A document cannot be read."""

    def __init__(self, code: Code, message: str) -> None:
        super().__init__(message)
        self.code: Code = code
        self.message = message


def invalid(message: str) -> DocumentError:
    """Return the error of a file that is not what it should be."""
    return DocumentError("invalid_file", message)


def unsupported(message: str) -> DocumentError:
    """Return the error of a file of a kind that is not read."""
    return DocumentError("unsupported_file", message)
