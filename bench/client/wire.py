"""The part of HTTP/1.1 and server-sent events that a load generator needs."""

import re
from urllib.parse import urlsplit

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_CHUNKED = re.compile(rb"\r\ntransfer-encoding: *chunked", re.IGNORECASE)
_CLOSE = re.compile(rb"\r\nconnection: *close", re.IGNORECASE)
_CONTENT = re.compile(rb'"(?:content|reasoning_content|text)": ?"(?!")')
"""A non-empty piece of text. Text cannot contain this, since its quotation marks are escaped."""


def request(url: str, body: bytes, content_type: str, key: str = "") -> bytes:
    """Return the bytes of a POST on a connection that stays open."""
    parts = urlsplit(url)
    authorization = f"Authorization: Bearer {key}\r\n" if key else ""
    head = (
        f"POST {parts.path} HTTP/1.1\r\nHost: {parts.netloc}\r\nContent-Type: {content_type}\r\n"
        f"{authorization}Content-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


class Answer:
    """One answer, read piece by piece as it arrives."""

    __slots__ = ("_chunked", "_left", "_rest", "_skip", "_trailer", "done", "is_last", "status")

    def __init__(self) -> None:
        self.status = 0
        """Unknown until the head has arrived."""
        self.done = False
        self.is_last = False
        """Whether the server closes the connection after it."""
        self._chunked = False
        self._left = 0
        self._skip = 0
        self._trailer = False
        self._rest = b""

    def feed(self, data: bytes) -> bytes:
        """Feed received bytes; return the part that belongs to the body.

        Raises:
            ValueError: the answer cannot be read on a connection that stays open.
        """
        if not self.status:
            data = self._rest + data
            head, end, data = data.partition(b"\r\n\r\n")
            if not end:
                self._rest = head
                return b""
            self._rest = b""
            self._read_head(head)
        if self._chunked:
            return self._chunks(data)
        self._left -= len(data)
        self.done = self._left <= 0
        return data

    def _read_head(self, head: bytes) -> None:
        self.status = int(head.split(b" ", 2)[1])
        self.is_last = _CLOSE.search(head) is not None
        self._chunked = _CHUNKED.search(head) is not None
        if not self._chunked:
            length = _LENGTH.search(head)
            if length is None:
                raise ValueError("The answer has no length.")
            self._left = int(length[1])

    def _chunks(self, data: bytes) -> bytes:
        if self._rest:
            data, self._rest = self._rest + data, b""
        pieces: list[bytes] = []
        at, end = 0, len(data)
        while at < end and not self.done:
            if self._skip:  # the line break after a chunk
                step = min(self._skip, end - at)
                self._skip -= step
                at += step
            elif self._left:
                piece = data[at : at + self._left]
                pieces.append(piece)
                at += len(piece)
                self._left -= len(piece)
                self._skip = 0 if self._left else 2
            else:
                line, found, _ = data[at:].partition(b"\r\n")
                if not found:
                    self._rest = line
                    break
                at += len(line) + 2
                self._read_line(line)
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    def _read_line(self, line: bytes) -> None:
        if self._trailer:
            self.done = not line
            return
        self._left = int(line.partition(b";")[0], 16)
        self._trailer = self._left == 0


class Events:
    """Counts the events of one stream, also those split across reads."""

    __slots__ = ("_rest", "contents", "finished")

    def __init__(self) -> None:
        self.contents = 0
        """Events that have text."""
        self.finished = False
        """The last event was [DONE]."""
        self._rest = b""

    def feed(self, data: bytes) -> int:
        """Return the number of newly completed events with text."""
        if self._rest:
            data = self._rest + data
        end = data.rfind(b"\n\n") + 2
        if end == 1:
            self._rest = data
            return 0
        self._rest = data[end:]
        if self._rest:
            data = data[:end]
        found = len(_CONTENT.findall(data))
        self.contents += found
        self.finished = data.endswith(b"data: [DONE]\n\n")
        return found
