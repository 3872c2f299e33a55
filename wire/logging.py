"""Loggers of all processes, and what every line of a process is like.

A line may hold what a client has sent. It cannot pass for another line, hide one, or be of any
length, and it has no secret that can be recognized as one.
"""

import logging
import re
from contextvars import ContextVar
from typing import Any

OWN = "ray.serve.homeport"

REQUEST_ID: ContextVar[str] = ContextVar("homeport_request_id", default="")
"""The id of the request or job that is being worked on."""

MAX_CHARACTERS = 8_000
"""Of a message. vLLM's longest, its whole configuration, has 4,000."""
MAX_LINE = 1_000
"""Characters of a line of a traceback: an exception's text may quote its input."""

SECRETS = [
    (mark, re.compile(pattern, re.IGNORECASE), replacement)
    for mark, pattern, replacement in (
        ("://", r"(://)[^\s/@]+@", r"\1…@"),  # a password
        ("://", r"(://[^\s?'\"<>]+\?)[^\s'\"<>]+", r"\1…"),  # a signature
        ("bearer", r"\b(bearer) +[^\s'\",]+", r"\1 …"),
        ("authorization", r"(authorization['\"]?[:=,] *b?['\"]?)[^\s'\",]+", r"\1…"),
        ("api-key", r"(api-key['\"]?[:=,] *b?['\"]?)[^\s'\",]+", r"\1…"),
        ("sk-", r"\b(sk-)[\w-]{8,}", r"\1…"),
        ("hf_", r"\b(hf_)\w{8,}", r"\1…"),
        ("", r"[\w+/-]{200,}={0,2}", "…"),  # base64
    )
]
"""Patterns of secrets. Each is only tried on a text that has its mark, which is cheaper."""


def get_logger(name: str) -> logging.Logger:
    """Return a child of Serve's logger, whose handlers add the ids of replica and request."""
    logger = logging.getLogger(f"{OWN}.{name}")
    if _add_request_id not in logger.filters:
        logger.addFilter(_add_request_id)
    return logger


def configure_logging() -> None:
    """Make every record of this process a ``SafeRecord``, whichever library logs it.

    Warnings that go to no handler of their library's are written with time, level and request.
    """
    logging.setLogRecordFactory(SafeRecord)
    logging.captureWarnings(True)
    root = logging.getLogger()
    if not root.handlers:
        handler = logging.StreamHandler()
        handler.setLevel(logging.WARNING)
        handler.addFilter(_add_request_id)
        handler.setFormatter(
            logging.Formatter(
                "%(levelname)s %(asctime)s %(name)s %(request_id)s -- %(message)s",
                defaults={"request_id": "-"},
            )
        )
        root.addHandler(handler)


class SafeRecord(logging.LogRecord):
    """A record whose lines cannot be taken for those of another.

    A message of Homeport's is one line. Further lines, of tracebacks and of other libraries'
    messages, begin with the request's id and a bar.
    """

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        if self.exc_info and self.exc_info[0] is not None:
            lines = logging.Formatter().formatException(self.exc_info).split("\n")
            self.exc_text = self._begin + self._join(line[:MAX_LINE] for line in lines)
        if self.stack_info:
            self.stack_info = self._begin + self._join(self.stack_info.split("\n"))

    @property
    def _begin(self) -> str:
        """What further lines begin with."""
        return f"  {REQUEST_ID.get()}| "

    def getMessage(self) -> str:
        """Return the message with its arguments."""
        message = super().getMessage()
        if len(message) > MAX_CHARACTERS:
            message = f"{message[:MAX_CHARACTERS]}… ({len(message)} characters)"
        if self.name.startswith(OWN):
            return escape(message)
        return self._join(message.split("\n"))

    def _join(self, lines: Any) -> str:
        return f"\n{self._begin}".join(escape(line) for line in lines)


def escape(text: str) -> str:
    """Return a text as one line of printable characters, without secrets."""
    lower = text.lower()
    for mark, pattern, replacement in SECRETS:
        if mark in lower:
            text = pattern.sub(replacement, text)
    if text.isprintable():
        return text
    return "".join(
        each if each.isprintable() else each.encode("unicode_escape").decode() for each in text
    )


def _add_request_id(record: logging.LogRecord) -> bool:
    if (request_id := REQUEST_ID.get()) and "request_id" not in record.__dict__:
        record.request_id = request_id
    return True
