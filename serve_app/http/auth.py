"""API keys: which requests have a valid one.

Every path needs a key but those of health, the server's page, and generated images, whose names
are secret.
"""

import asyncio
import hashlib
import hmac
import re
from collections.abc import Callable

from starlette.datastructures import Headers

from wire.errors import AuthenticationError
from wire.logging import get_logger

logger = get_logger(__name__)

PUBLIC_PATHS = frozenset({"/", "/health", "/healthz", "/ping", "/readyz"})
GENERATED_IMAGE = re.compile(r"/generated-images/[^/]+")


KEYS_POLL_S = 1.0
"""Interval at which the file with keys is read: a revoked key is refused within two seconds."""

EVERYONE = "everyone"
"""The owner of all objects on a server without keys."""


def hash_owner(key: str | None) -> str:
    """Return the owner of the objects that a key creates: a digest of the key."""
    return _digest(key).hex() if key else EVERYONE


def is_public(path: str) -> bool:
    """Return whether a path needs no key."""
    return path in PUBLIC_PATHS or GENERATED_IMAGE.fullmatch(path) is not None


class Authenticator:
    """Checks the key of a request. Without configured keys, every request passes."""

    def __init__(
        self, keys: frozenset[str], read_keys: Callable[[], frozenset[str]] | None = None
    ) -> None:
        """Accept ``keys``, and while :meth:`follow` runs those that ``read_keys`` returns."""
        self._read_keys = read_keys
        self._accept(keys)

    def _accept(self, keys: frozenset[str]) -> None:
        self._keys = keys
        # Digests have one length, so the time of a comparison does not reveal a key's length.
        self._digests = [_digest(key) for key in sorted(keys)]

    async def follow(self) -> None:
        """Read the keys anew until cancelled. While they cannot be read, the last ones hold."""
        failure = ""
        while self._read_keys is not None:
            await asyncio.sleep(KEYS_POLL_S)
            try:
                keys = await asyncio.to_thread(self._read_keys)
            except (OSError, ValueError) as error:
                if str(error) != failure:
                    logger.error("The API keys cannot be read, the last ones hold: %s", error)
                failure = str(error)
                continue
            failure = ""
            if keys != self._keys:
                logger.info("The API keys have changed: %d", len(keys))
                self._accept(keys)

    def check(self, path: str, headers: Headers) -> None:
        """Check the key of a request.

        Raises:
            AuthenticationError: there is none, or it is not a configured one.
        """
        if not self._digests or is_public(path):
            return
        key = read_key(headers)
        if key is None:
            raise AuthenticationError(
                "No API key. Send it as 'Authorization: Bearer KEY', 'x-api-key' or 'xi-api-key'."
            )
        digest = _digest(key)
        # Every comparison is made, so the time does not reveal which key is similar.
        if not sum(hmac.compare_digest(digest, ours) for ours in self._digests):
            raise AuthenticationError("Incorrect API key.")

    def owner(self, headers: Headers) -> str:
        """Return the owner of the objects that a request may use.

        Without configured keys, the key that a client may send is ignored.
        """
        return hash_owner(read_key(headers)) if self._digests else EVERYONE


def read_key(headers: Headers) -> str | None:
    """Return the key in OpenAI's header, Anthropic's or ElevenLabs'."""
    authorization = headers.get("authorization", "")
    scheme, _, token = authorization.partition(" ")
    if scheme.lower() == "bearer" and token.strip():
        return token.strip()
    return headers.get("x-api-key") or headers.get("xi-api-key")


def _digest(key: str) -> bytes:
    return hashlib.sha256(key.encode("utf-8", "surrogateescape")).digest()
