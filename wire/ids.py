"""Ids of stored objects, like OpenAI's: a prefix and a random part that nobody guesses."""

import re
import secrets

RANDOM_BYTES = 24
MAX_ID_CHARS = 80

_ID = re.compile(rf"[A-Za-z0-9_-]{{1,{MAX_ID_CHARS}}}")


def new_id(prefix: str, joint: str = "_") -> str:
    """Return an id like ``resp_`` and 48 hexadecimal digits."""
    return f"{prefix}{joint}{secrets.token_hex(RANDOM_BYTES)}"


def is_id(text: str) -> bool:
    """Whether something stored can have this id; what comes in a URL may be anything."""
    return _ID.fullmatch(text) is not None
