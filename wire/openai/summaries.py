"""Summaries as the content of compactions, which clients return unread."""

from base64 import urlsafe_b64decode, urlsafe_b64encode

MARK = b"summary:"
"""The beginning of what the content encodes."""


def encode_summary(summary: str) -> str:
    """Return a summary as the content of a compaction, which clients do not read."""
    return urlsafe_b64encode(MARK + summary.encode()).decode()


def decode_summary(content: str) -> str | None:
    """Return the summary, or None if the content is of another server."""
    try:
        decoded = urlsafe_b64decode(content)
        return decoded.removeprefix(MARK).decode() if decoded.startswith(MARK) else None
    except ValueError:
        return None
