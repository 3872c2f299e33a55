"""Decodes the bodies of requests that have a ``Content-Encoding``, in pieces of limited size.

However little a client sends, a piece is all that a decoded body holds in memory here.
"""

import asyncio
import zlib
from collections.abc import Callable, Iterator
from typing import Protocol

import brotli
from backports import zstd
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import Message, Receive, Scope

from wire.errors import InvalidRequestError, UnsupportedMediaError, echo

HEADER = "Content-Encoding"
MAX_PIECE_BYTES = 2**16
MAX_ZSTD_WINDOW_LOG = 23
"""8 MiB, which RFC 8878 recommends as the limit; a frame may request gigabytes."""

_ZSTD_OPTIONS: dict[int, int] = {zstd.DecompressionParameter.window_log_max: MAX_ZSTD_WINDOW_LOG}


class Decoder(Protocol):
    """Decodes one body."""

    def decode(self, data: bytes) -> Iterator[bytes]:
        """Yield what the next bytes decode to, in pieces."""
        ...

    @property
    def is_complete(self) -> bool:
        """Whether the body may end here."""
        ...


class ZlibDecoder:
    """Decodes gzip, of one or more members, or deflate, with zlib's header or without."""

    def __init__(self, window_bits: int) -> None:
        self._window_bits = window_bits
        self._stream = zlib.decompressobj(window_bits)
        self._is_empty = True

    @property
    def is_complete(self) -> bool:
        """Whether the body may end here."""
        return self._is_empty or self._stream.eof

    def decode(self, data: bytes) -> Iterator[bytes]:
        """Yield what the next bytes decode to, in pieces."""
        if data and self._is_empty:
            self._is_empty = False
            if self._window_bits == zlib.MAX_WBITS and data[0] & 0x0F != zlib.DEFLATED:
                self._stream = zlib.decompressobj(-zlib.MAX_WBITS)
        while data:
            if self._stream.eof:
                self._stream = zlib.decompressobj(self._window_bits)
            piece = self._stream.decompress(data, MAX_PIECE_BYTES)
            yield piece
            while not self._stream.eof and (piece or self._stream.unconsumed_tail):
                piece = self._stream.decompress(self._stream.unconsumed_tail, MAX_PIECE_BYTES)
                yield piece
            data = self._stream.unused_data


class ZstdDecoder:
    """Decodes Zstandard, of one or more frames."""

    def __init__(self) -> None:
        self._stream = zstd.ZstdDecompressor(options=_ZSTD_OPTIONS)
        self._is_empty = True

    @property
    def is_complete(self) -> bool:
        """Whether the body may end here."""
        return self._is_empty or self._stream.eof

    def decode(self, data: bytes) -> Iterator[bytes]:
        """Yield what the next bytes decode to, in pieces."""
        while data:
            self._is_empty = False
            if self._stream.eof:
                self._stream = zstd.ZstdDecompressor(options=_ZSTD_OPTIONS)
            yield self._stream.decompress(data, MAX_PIECE_BYTES)
            while not (self._stream.needs_input or self._stream.eof):
                yield self._stream.decompress(b"", MAX_PIECE_BYTES)
            data = self._stream.unused_data


class BrotliDecoder:
    """Decodes Brotli."""

    def __init__(self) -> None:
        self._stream = brotli.Decompressor()
        self._is_empty = True

    @property
    def is_complete(self) -> bool:
        """Whether the body may end here."""
        return self._is_empty or self._stream.is_finished()

    def decode(self, data: bytes) -> Iterator[bytes]:
        """Yield what the next bytes decode to, in pieces."""
        if not data:
            return
        self._is_empty = False
        piece = self._stream.process(data, output_buffer_limit=MAX_PIECE_BYTES)
        while piece or not self._stream.can_accept_more_data():
            yield piece
            piece = self._stream.process(b"", output_buffer_limit=MAX_PIECE_BYTES)


def _gzip() -> Decoder:
    return ZlibDecoder(zlib.MAX_WBITS | 16)


def _deflate() -> Decoder:
    return ZlibDecoder(zlib.MAX_WBITS)


DECODERS: dict[str, Callable[[], Decoder]] = {
    "br": BrotliDecoder,
    "deflate": _deflate,
    "gzip": _gzip,
    "x-gzip": _gzip,
    "zstd": ZstdDecoder,
}


def read_encoding(headers: Headers) -> str | None:
    """Return the encoding of a request's body; None: it has none.

    Raises:
        UnsupportedMediaError: it is unknown, or there are several.
    """
    value = ",".join(headers.getlist(HEADER))
    names = [name.strip().lower() for name in value.split(",")]
    encodings = [name for name in names if name not in ("", "identity")]
    if not encodings:
        return None
    if len(encodings) > 1 or encodings[0] not in DECODERS:
        raise UnsupportedMediaError(
            f"'{HEADER}' must be one of {', '.join(sorted(DECODERS))}; received {echo(value)}.",
            HEADER,
        )
    return encodings[0]


def without_encoding(scope: Scope) -> Scope:
    """Return the scope of a request whose body is decoded, so that its length is unknown."""
    scope = {**scope, "headers": list(scope["headers"])}
    headers = MutableHeaders(scope=scope)
    del headers[HEADER]
    del headers["Content-Length"]
    return scope


class DecodedBody:
    """Receives the messages of a request, and decodes the body in them."""

    def __init__(self, receive: Receive, encoding: str) -> None:
        self._receive = receive
        self._encoding = encoding
        self._decoder = DECODERS[encoding]()
        self._pieces: Iterator[bytes] = iter(())
        self._has_arrived = False
        self._has_ended = False

    async def receive(self) -> Message:
        """Return the next message, with about ``MAX_PIECE_BYTES`` at most.

        Raises:
            InvalidRequestError: the body is not of this encoding, or ends early.
        """
        while not self._has_ended:
            if (piece := self._decode_next()) is not None:
                await asyncio.sleep(0)  # a small message may have thousands of pieces
                return {"type": "http.request", "body": piece, "more_body": True}
            if self._has_arrived:
                self._has_ended = True
                if not self._decoder.is_complete:
                    raise InvalidRequestError(
                        f"The request body ends before its {self._encoding} does.", HEADER
                    )
                return {"type": "http.request", "body": b"", "more_body": False}
            message = await self._receive()
            if message["type"] != "http.request":
                return message
            self._has_arrived = not message.get("more_body", False)
            self._pieces = self._decoder.decode(message.get("body", b""))
        return await self._receive()

    def _decode_next(self) -> bytes | None:
        try:
            return next(self._pieces, None)
        except (zlib.error, zstd.ZstdError, brotli.error) as error:
            raise InvalidRequestError(
                f"The request body is not valid {self._encoding}, which '{HEADER}' names: {error}.",
                HEADER,
            ) from None
