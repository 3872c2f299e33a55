"""Errors of documents, by OpenAI's codes."""

from typing import Literal

Code = Literal["server_error", "unsupported_file", "invalid_file"]


class DocumentError(Exception):
    """A document cannot be read."""

    def __init__(self, code: Code, message: str) -> None:
        super().__init__(message)
        self.code: Code = code
        self.message = message


def invalid_file(message: str) -> DocumentError:
    """Return the error of a damaged or unusable file."""
    return DocumentError("invalid_file", message)


def unsupported_file(message: str) -> DocumentError:
    """Return the error of a file in an unsupported format."""
    return DocumentError("unsupported_file", message)
