"""API keys: which requests carry one that is allowed.

Deny by default on every path but health and generated images, whose names are their keys.
"""

import hashlib
import hmac
import re

from starlette.datastructures import Headers

from wire.errors import AuthenticationError

PUBLIC_PATHS = frozenset({"/healthz", "/readyz"})
GENERATED_IMAGE = re.compile(r"/generated-images/[^/]+")


EVERYONE = "everyone"
"""The owner of what is stored on a server without keys."""


def owner_of(key: str | None) -> str:
    """Return whose the objects are that a key makes. The key cannot be found out from it."""
    return _digest(key).hex() if key else EVERYONE


def is_public(path: str) -> bool:
    """Whether a path needs no key."""
    return path in PUBLIC_PATHS or GENERATED_IMAGE.fullmatch(path) is not None


class Authenticator:
    """Checks the key of a request against the configured ones. Without keys, everyone may pass."""

    def __init__(self, keys: frozenset[str]) -> None:
        # Digests have one length, so comparing them tells nothing of a key's length.
        self._digests = [_digest(key) for key in sorted(keys)]

    def check(self, path: str, headers: Headers) -> None:
        """Pass a request that may be answered.

        Raises:
            AuthenticationError: it carries no key or none of ours.
        """
        if not self._digests or is_public(path):
            return
        key = presented_key(headers)
        if key is None:
            raise AuthenticationError(
                "No API key. Send it as 'Authorization: Bearer KEY', 'x-api-key' or 'xi-api-key'."
            )
        digest = _digest(key)
        # Every comparison is made, so the time does not tell which key came close.
        if not sum(hmac.compare_digest(digest, ours) for ours in self._digests):
            raise AuthenticationError("Incorrect API key.")

    def owner(self, headers: Headers) -> str:
        """Return whose objects a request sees that has passed.

        Where no keys are configured, those that clients send all the same mean nothing.
        """
        return owner_of(presented_key(headers)) if self._digests else EVERYONE


def presented_key(headers: Headers) -> str | None:
    """Return the key of a request: OpenAI's header, Anthropic's or ElevenLabs'."""
    authorization = headers.get("authorization", "")
    scheme, _, token = authorization.partition(" ")
    if scheme.lower() == "bearer" and token.strip():
        return token.strip()
    return headers.get("x-api-key") or headers.get("xi-api-key")


def _digest(key: str) -> bytes:
    return hashlib.sha256(key.encode("utf-8", "surrogateescape")).digest()
