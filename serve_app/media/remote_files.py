"""Fetches files from the web for a request, where the operator allows it.

A server that fetches what strangers name must not become their way into its own network. So only
listed hosts are requested; the address that was checked is the one that is connected to; redirects
are not followed; size and time are bounded.
"""

import ipaddress
import socket
from collections.abc import Callable, Sequence
from fnmatch import fnmatchcase
from typing import Any

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from wire.errors import InvalidRequestError

NAT64 = ipaddress.ip_network("64:ff9b::/96")
GLOBAL_UNICAST = ipaddress.ip_network("2000::/3")
"""What of IPv6 the internet uses. Outside of it are networks that Python takes for public."""

MayConnect = Callable[[str], bool]


def is_public(address: str) -> bool:
    """Return whether an address is on the internet, also one that is wrapped in another."""
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return False
    if isinstance(ip, ipaddress.IPv6Address):
        inner = ip.ipv4_mapped or ip.sixtofour or (ip.teredo[1] if ip.teredo else None)
        if inner is not None:
            return is_public(str(inner))
        if ip in NAT64:
            return is_public(str(ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)))
        if ip not in GLOBAL_UNICAST:
            return False
    return ip.is_global and not ip.is_multicast


class RemoteFiles:
    """Fetches files by URL."""

    def __init__(
        self,
        hosts: Sequence[str],
        *,
        max_bytes: int,
        timeout_s: float,
        may_connect: MayConnect = is_public,
    ) -> None:
        """Set what may be fetched.

        ``hosts`` are names with ``*`` for any part (``*.example.com``); ``may_connect`` says which
        addresses they may have.
        """
        self._hosts = tuple(host.lower() for host in hosts)
        self._max_bytes = max_bytes
        self._timeout_s = timeout_s
        self._may_connect = may_connect

    async def fetch(self, url: str, param: str) -> bytes:
        """Return the file at an http or https URL.

        Raises:
            InvalidRequestError: the operator does not allow the host, or it does not answer well.
        """
        target = self._check(url, param)
        try:
            async with (
                aiohttp.ClientSession(
                    connector=aiohttp.TCPConnector(resolver=_CheckedResolver(self._may_connect)),
                    timeout=aiohttp.ClientTimeout(total=self._timeout_s),
                    cookie_jar=aiohttp.DummyCookieJar(),
                ) as session,
                session.get(target, allow_redirects=False) as response,
            ):
                if response.status != 200:
                    raise _invalid(param, f"the host answered {response.status}, not 200")
                return await self._body(response, param)
        except (aiohttp.ClientError, OSError, TimeoutError, ValueError) as error:
            # The reason stays out of the answer: it would tell of the network behind the server.
            raise _invalid(param, "it could not be fetched") from error

    def _check(self, url: str, param: str) -> URL:
        try:
            target = URL(url)
            host = (target.host or "").rstrip(".").lower()
        except ValueError:
            raise _invalid(param, "it is no URL") from None
        if target.scheme not in ("http", "https") or not host:
            raise _invalid(param, "only http and https URLs are fetched")
        if not any(fnmatchcase(host, pattern) for pattern in self._hosts):
            raise _invalid(param, "the operator does not allow this host; send the file as base64")
        address = _read_address(host)
        if address is not None and not self._may_connect(address):
            raise _invalid(param, "its address is not public")
        return target

    async def _body(self, response: aiohttp.ClientResponse, param: str) -> bytes:
        data = bytearray()
        async for chunk in response.content.iter_chunked(2**16):
            data += chunk
            if len(data) > self._max_bytes:
                raise _invalid(param, f"the file is larger than {self._max_bytes} bytes")
        return bytes(data)


class _CheckedResolver(AbstractResolver):
    """Resolves names to addresses that may be connected to, and to no others."""

    def __init__(self, may_connect: MayConnect) -> None:
        self._resolver = aiohttp.ThreadedResolver()
        self._may_connect = may_connect

    async def resolve(
        self, host: str, port: int = 0, family: Any = socket.AF_INET
    ) -> list[ResolveResult]:
        found = await self._resolver.resolve(host, port, family)
        allowed = [item for item in found if self._may_connect(item["host"])]
        if len(allowed) < len(found) or not allowed:
            raise OSError(f"{host} has an address that is not public")
        return allowed

    async def close(self) -> None:
        await self._resolver.close()


def _read_address(host: str) -> str | None:
    """Return the address that a host is, in the usual spelling; None: it is a name.

    The system also takes an IPv4 address with fewer parts, or in octal or hexadecimal digits.
    """
    try:
        return str(ipaddress.ip_address(host))
    except ValueError:
        pass
    try:
        return str(ipaddress.IPv4Address(socket.inet_aton(host)))
    except (OSError, ValueError):
        return None


def _invalid(param: str, reason: str) -> InvalidRequestError:
    return InvalidRequestError(f"Invalid '{param}': {reason}.", param)
