"""The address by which a client reached this server, which is the base of URLs in answers.

Headers of proxies are used only from proxies that the operator trusts. Behind our HAProxy every
connection comes from HAProxy, so it sends the peer's address in a header, with a proof that only
processes of this cluster can make; the header is ignored without it.
"""

import hashlib
import hmac
import ipaddress
import os
import re
from collections.abc import Sequence
from pathlib import Path

from fastapi import Request

from wire.errors import InvalidRequestError

PEER_HEADER = "x-homeport-peer"
HOST = re.compile(r"(\[[0-9A-Fa-f:.]{2,45}\]|[A-Za-z0-9._-]{1,253})(:[0-9]{1,5})?")
PREFIX = re.compile(r"(/[A-Za-z0-9._~-]+)+/?")
MAX_PREFIX_CHARS = 200

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def peer_proof() -> str | None:
    """Return the proof that a header comes from this cluster's HAProxy.

    A digest of Ray's cluster token, which every node has. None: Ray runs without a token.
    """
    token = os.environ.get("RAY_AUTH_TOKEN", "")
    if not token:
        default = Path.home() / ".ray" / "auth_token"
        path = Path(os.environ.get("RAY_AUTH_TOKEN_PATH", "") or default)
        if not path.is_file():
            return None
        token = path.read_text(encoding="utf-8").strip()
    return hmac.new(token.encode(), b"homeport peer", hashlib.sha256).hexdigest() or None


class Addresses:
    """Derives the server's address from a request."""

    def __init__(
        self,
        public_url: str | None = None,
        trusted_proxies: Sequence[Network] = (),
        proof: str | None = None,
    ) -> None:
        """Set the trusted sources.

        ``public_url`` is the address of every request, if set; ``proof`` is that of our HAProxy.
        """
        self.public_url = public_url.rstrip("/") if public_url else None
        self._trusted = tuple(trusted_proxies)
        self._proof = proof

    def base(self, request: Request) -> str:
        """Return the address without a slash at its end.

        Raises:
            InvalidRequestError: the request's ``Host`` is not a host name.
        """
        if self.public_url:
            return self.public_url
        scheme, host, prefix = _scheme(request), request.headers.get("host", ""), ""
        if self._is_from_trusted_proxy(request):
            scheme = _last(request, "x-forwarded-proto", re.compile(r"https?")) or scheme
            host = _last(request, "x-forwarded-host", HOST) or host
            prefix = _safe_prefix(_last(request, "x-forwarded-prefix", PREFIX) or "")
        if not HOST.fullmatch(host):
            raise InvalidRequestError("Invalid 'Host' header: it is no host name.", "Host")
        return f"{scheme}://{host}{prefix}"

    def _is_from_trusted_proxy(self, request: Request) -> bool:
        claims = request.headers.getlist(PEER_HEADER)
        if not self._trusted or not self._proof or len(claims) != 1:
            return False
        address, _, proof = claims[0].partition(" ")
        if not hmac.compare_digest(proof.encode(), self._proof.encode()):
            return False
        try:
            peer = ipaddress.ip_address(address)
        except ValueError:
            return False
        peer = getattr(peer, "ipv4_mapped", None) or peer
        return any(peer in network for network in self._trusted)


def _scheme(request: Request) -> str:
    """Return the scheme of the connection, unless a client may have forged it.

    Unless FORWARDED_ALLOW_IPS is empty (``ray_environment.py``), the HTTP server trusts HAProxy's
    connections as those of a proxy, and takes the scheme from the client's header.
    """
    return "http" if "x-forwarded-proto" in request.headers else request.url.scheme


def _last(request: Request, name: str, allowed: re.Pattern[str]) -> str | None:
    """Return the header's last value, which the nearest proxy wrote, if it is valid."""
    value = ",".join(request.headers.getlist(name)).rpartition(",")[2].strip()
    return value if allowed.fullmatch(value) else None


def _safe_prefix(prefix: str) -> str:
    """Return the prefix, or none if it could lead to another host or path."""
    if len(prefix) > MAX_PREFIX_CHARS or {".", ".."} & set(prefix.split("/")):
        return ""
    return prefix.rstrip("/")
