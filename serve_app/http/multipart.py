"""Parses ``multipart/form-data`` as it arrives: the headers of a part, then its bytes.

As lenient as clients need: text before the first boundary and after the last, folded headers, lines
that end with LF only, and all spellings of names that are not ASCII.
"""

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass
from email.errors import HeaderParseError
from email.header import decode_header
from email.message import Message
from enum import Enum, auto
from urllib.parse import unquote_to_bytes

from wire.errors import InvalidRequestError, echo
from wire.limits import MAX_HEADER_PARAMETERS, MAX_PART_HEADERS_BYTES

MAX_PADDING_BYTES = 64
"""Of white space after a boundary, which RFC 2046 allows."""
UNENCODED = frozenset({"", "7bit", "8bit", "binary"})
"""Values of ``Content-Transfer-Encoding`` that change nothing."""

NO_CHARSETS = frozenset({"idna", "punycode", "raw-unicode-escape", "unicode-escape"})
"""Python's codecs that no client means; some take quadratic time."""

_HEADERS_END = re.compile(rb"\A\r?\n|\r?\n\r?\n")
_FOLD = re.compile(rb"\r?\n[ \t]+")
_LINE_BREAK = re.compile(rb"[\r\n]")
_BROWSER_ESCAPES = re.compile(rb"%(?:22|0A|0D)", re.IGNORECASE)
_ENTIRELY_ESCAPED = re.compile(rb"(?:[A-Za-z0-9_.~-]|%[0-9A-Fa-f]{2})+")

Parameter = bytes | str
"""A parameter of a header: as it was sent, or text if the header has its charset."""


@dataclass(frozen=True, slots=True)
class Part:
    """The beginning of a part, whose bytes follow."""

    name: Parameter
    filename: Parameter | None
    media_type: str
    """Empty: the part has no ``Content-Type``."""
    charset: str | None

    @property
    def is_file(self) -> bool:
        """Whether it is a file: it has a name, or a type that no field has."""
        is_binary = not self.media_type.startswith("text/") and "json" not in self.media_type
        return self.filename is not None or (is_binary and bool(self.media_type))


@dataclass(frozen=True, slots=True)
class PartData:
    """Some bytes of a part."""

    data: bytes
    is_last: bool


class _State(Enum):
    PREAMBLE = auto()
    HEADERS = auto()
    DATA = auto()
    EPILOGUE = auto()


class MultipartParser:
    """Turns the chunks of a body into parts."""

    def __init__(self, boundary: bytes) -> None:
        self._delimiter = re.compile(
            rb"\r?\n--%s(?:(--)|[ \t]{0,%d}\r?\n)" % (re.escape(boundary), MAX_PADDING_BYTES)
        )
        self._max_delimiter_bytes = len(boundary) + MAX_PADDING_BYTES + len(b"\r\n--\r\n")
        # The line break that the first boundary may lack.
        self._buffer = bytearray(b"\r\n")
        self._state = _State.PREAMBLE

    @property
    def has_ended(self) -> bool:
        """Whether the last boundary has arrived."""
        return self._state is _State.EPILOGUE

    def feed(self, chunk: bytes) -> Iterator[Part | PartData]:
        """Yield what is complete with this chunk.

        Raises:
            InvalidRequestError: the form is broken.
        """
        self._buffer += chunk
        while (event := self._next()) is not None:
            if isinstance(event, Part) or event.data or event.is_last:
                yield event

    def _next(self) -> Part | PartData | None:
        if self._state is _State.EPILOGUE:
            self._buffer.clear()
            return None
        if self._state is _State.HEADERS:
            return self._read_headers()
        is_preamble = self._state is _State.PREAMBLE
        found = self._delimiter.search(self._buffer)
        if found is None:
            data = self._take(self._count_plain())
            return PartData(data, is_last=False) if data and not is_preamble else None
        self._state = _State.EPILOGUE if found[1] else _State.HEADERS
        data = self._take(found.start(), found.end())
        return PartData(b"" if is_preamble else data, is_last=not is_preamble)

    def _read_headers(self) -> Part | None:
        found = _HEADERS_END.search(self._buffer)
        if (found.start() if found else len(self._buffer)) > MAX_PART_HEADERS_BYTES:
            raise InvalidRequestError(
                f"The form cannot be read: a part has more than {MAX_PART_HEADERS_BYTES} bytes of "
                "headers."
            )
        if found is None:
            return None
        self._state = _State.DATA
        return _parse_headers(self._take(found.start(), found.end()))

    def _count_plain(self) -> int:
        """Return how many bytes at the beginning of the buffer cannot belong to a delimiter."""
        start = max(0, len(self._buffer) - self._max_delimiter_bytes)
        found = _LINE_BREAK.search(self._buffer, start)
        return found.start() if found else len(self._buffer)

    def _take(self, length: int, end: int | None = None) -> bytes:
        """Return the first bytes of the buffer, and remove those up to ``end``."""
        data = bytes(self._buffer[:length])
        del self._buffer[: length if end is None else end]
        return data


def parse_header(value: str) -> tuple[str, dict[str, Parameter]]:
    """Return the value of a header such as ``Content-Type`` in lower case, and its parameters.

    ``value`` is Latin-1, as HTTP servers decode headers. A parameter in the spelling of RFC 5987
    (``filename*=utf-8''Z%C3%BCrich``) takes precedence over its plain one.
    """
    message = Message()
    message["content-type"] = value
    try:
        if value.count(";") > MAX_HEADER_PARAMETERS:
            raise ValueError("too many parameters")
        (first, _), *rest = message.get_params([("", "")])
    except (TypeError, ValueError):  # also numbers of continuations that cannot be sorted or read
        raise InvalidRequestError(f"A header cannot be read: {echo(value)}.") from None
    parameters: dict[str, Parameter] = {}
    for name, parameter in rest:
        key = name.lower()
        if isinstance(parameter, tuple):
            charset, _, text = parameter
            raw = text.encode("latin-1")
            if (decoded := decode_text(raw, charset or "ascii")) is not None:
                parameters[key] = decoded
            else:  # the plain one, if there is one
                parameters.setdefault(key, raw)
        elif not isinstance(parameters.get(key), str):
            parameters[key] = parameter.encode("latin-1")
    return first.strip().lower(), parameters


def decode_parameter(parameter: Parameter, charset: str) -> str | None:
    """Return the text of a name; None: it is not of this charset.

    Besides plain text it may have the escapes of browsers (``%22``) or be an encoded word of mail
    (``=?utf-8?B?…?=``).
    """
    if isinstance(parameter, str):
        return parameter
    plain = _BROWSER_ESCAPES.sub(lambda escape: unquote_to_bytes(escape[0]), parameter)
    text = decode_text(plain, charset)
    if text is None or "=?" not in text:
        return text
    try:
        words = decode_header(text)
    except HeaderParseError:
        return text
    decoded = [
        word if isinstance(word, str) else decode_text(word, encoding or "ascii")
        for word, encoding in words
    ]
    return text if None in decoded else "".join(word or "" for word in decoded) or text


def decode_filename(parameter: Parameter, charset: str) -> str:
    """Return a file's name, whatever its charset: that is no reason to refuse the file."""
    if isinstance(parameter, bytes) and _ENTIRELY_ESCAPED.fullmatch(parameter):
        parameter = unquote_to_bytes(parameter)  # as aiohttp sends it
    text = decode_parameter(parameter, charset)
    if text is None:
        assert isinstance(parameter, bytes)
        return decode_text(parameter, "utf-8") or parameter.decode("cp1252", "replace")
    return text


def _parse_headers(block: bytes) -> Part:
    headers: dict[str, str] = {}
    for line in _FOLD.sub(b" ", block).splitlines():
        name, _, value = line.decode("latin-1").partition(":")
        headers[name.strip().lower()] = value.strip()
    _, disposition = parse_header(headers.get("content-disposition", ""))
    media_type, parameters = parse_header(headers.get("content-type", ""))
    encoding = headers.get("content-transfer-encoding", "")
    if encoding.lower() not in UNENCODED:
        raise InvalidRequestError(
            f"The form cannot be read: a part has the Content-Transfer-Encoding {encoding[:40]}, "
            "allowed is binary."
        )
    charset = parameters.get("charset")
    return Part(
        disposition.get("name", b""),
        disposition.get("filename"),
        media_type,
        charset.decode("latin-1") if isinstance(charset, bytes) else charset,
    )


def decode_text(data: bytes, charset: str) -> str | None:
    """Return the text of some bytes; None: they are not of this charset, or there is none."""
    try:
        if codecs.lookup(charset).name in NO_CHARSETS:
            return None
        return data.decode(charset)
    except (ValueError, LookupError):
        return None
