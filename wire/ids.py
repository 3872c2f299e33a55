"""Ids of stored objects, like OpenAI's: a prefix and an unguessable random part."""

import re
import secrets

RANDOM_BYTES = 24
MAX_ID_CHARS = 80

_ID = re.compile(rf"[A-Za-z0-9_-]{{1,{MAX_ID_CHARS}}}")


def new_id(prefix: str, joint: str = "_") -> str:
    """Return an id like ``resp_`` and 48 hexadecimal digits."""
    return f"{prefix}{joint}{secrets.token_hex(RANDOM_BYTES)}"


def is_id(text: str) -> bool:
    """Return whether a text from a URL has the form of an id."""
    return _ID.fullmatch(text) is not None
