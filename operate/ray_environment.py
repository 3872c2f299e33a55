"""Environment that Ray and Serve read once, when their processes start.

``make serve``, the tests and ``cluster.yaml`` all use this module. Without these settings Homeport
works, but slower.

    eval "$(python -m operate.ray_environment)"    # in a shell, before `ray start` or `serve run`
"""

import os
import secrets
import shlex
import sys
from contextlib import suppress
from pathlib import Path

SETTINGS = {
    # No usage reports.
    "RAY_USAGE_STATS_ENABLED": "0",
    "VLLM_NO_USAGE_STATS": "1",
    "VLLM_DO_NOT_TRACK": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "DO_NOT_TRACK": "1",
    # HAProxy instead of Serve's Python proxy: about ten times as many requests per second.
    "RAY_SERVE_ENABLE_HA_PROXY": "1",
    "RAY_SERVE_HAPROXY_NBTHREAD": "1",
    # After three failed checks Serve replaces a killed HAProxy: 6 s instead of half a minute. Until
    # then another one stands in.
    "RAY_SERVE_PROXY_HEALTH_CHECK_PERIOD_S": "1",
    "HOMEPORT_HAPROXY_STANDBY": "1",
    # A request whose ingress replica is killed before it answers is sent to another one.
    # operate/haproxy.py excludes those that would have their effect twice.
    "RAY_SERVE_HAPROXY_RETRY_ON": "conn-failure empty-response",
    "RAY_SERVE_HAPROXY_RETRIES": "2",
    # One event loop in a replica instead of three threads, and handles over gRPC: half the cost of
    # a hop. gRPC's default limit of 4 MiB is less than one image.
    "RAY_SERVE_RUN_USER_CODE_IN_SEPARATE_THREAD": "0",
    "RAY_SERVE_RUN_ROUTER_IN_SEPARATE_LOOP": "0",
    "RAY_SERVE_USE_GRPC_BY_DEFAULT": "1",
    "RAY_SERVE_REPLICA_GRPC_MAX_MESSAGE_LENGTH": str(256 * 2**20),
    # Interval of Serve's control loop. With the default of 0.1 s an idle server uses 5 % of a core.
    "RAY_SERVE_CONTROL_LOOP_INTERVAL_S": "0.3",
    # Seconds after which Serve reports that a replica has found no place in the cluster.
    "RAY_SERVE_SLOW_STARTUP_WARNING_S": "10",
    # Ray's processes execute what they receive, so they accept only holders of the cluster's token.
    "RAY_AUTH_MODE": "token",
    # When a replica is killed, its engine processes are killed too.
    "RAY_process_group_cleanup_enabled": "1",
    # Ray runs workers at a low priority, which suits batch jobs. A server must not be delayed by a
    # backup or its own client on the same machine.
    "RAY_worker_niceness": "0",
    # Serve's HTTP servers must trust no X-Forwarded-For and -Proto: behind HAProxy every client
    # would be a trusted proxy. serve_app/http/addresses.py decides which are trusted.
    "FORWARDED_ALLOW_IPS": "",
    # All lines of the replicas reach the log of the driver, also those that are alike.
    "RAY_DEDUP_LOGS": "0",
    # Workers run in the current environment, not in one that `uv run` builds.
    "RAY_ENABLE_UV_RUN_RUNTIME_ENV": "0",
}


SYSTEM_LOG = "/dev/log"
"""Where the system's log receives, as in ``journalctl -t haproxy``. Nobody need listen."""


def ray_environment(
    haproxy_directory: Path | None = None, haproxy_log: str = SYSTEM_LOG
) -> dict[str, str]:
    """Return the settings for this installation.

    ``haproxy_directory`` holds HAProxy's configuration and sockets; two servers on one machine
    need two, because Serve's default is a fixed path in /tmp. ``haproxy_log`` is the socket that
    HAProxy sends its log to.
    """
    ensure_token()
    settings = SETTINGS | {"RAY_SERVE_HAPROXY_LOG_TARGET": haproxy_log}
    haproxy = Path(sys.prefix) / "bin" / "homeport-haproxy"
    if haproxy.is_file():
        settings["RAY_SERVE_HAPROXY_BINARY_PATH"] = str(haproxy)
    if haproxy_directory is not None:
        for name, file in {
            "CONFIG_FILE_LOC": "haproxy.cfg",
            "SOCKET_PATH": "admin.sock",
            "SERVER_STATE_BASE": ".",
            "SERVER_STATE_FILE": "server-state",
            "METRICS_SOCKET_PATH": "metrics.sock",
        }.items():
            settings[f"RAY_SERVE_HAPROXY_{name}"] = str(haproxy_directory / file)
    return settings


def ensure_token() -> None:
    """Create the cluster token where Ray looks for it, unless there is one.

    Ray's own commands then find it without any setting.
    """
    if os.environ.get("RAY_AUTH_TOKEN") or os.environ.get("RAY_AUTH_TOKEN_PATH"):
        return
    path = Path.home() / ".ray" / "auth_token"
    path.parent.mkdir(mode=0o700, exist_ok=True)
    if path.exists():
        return
    whole = path.with_name(f"{path.name}.{os.getpid()}")
    descriptor = os.open(whole, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(secrets.token_hex(32))
    with suppress(FileExistsError):  # another process was first; none reads half a token
        os.link(whole, path)
    whole.unlink()


if __name__ == "__main__":
    for setting, value in ray_environment().items():
        if setting not in os.environ:  # what the operator has set stays
            print(f"export {setting}={shlex.quote(value)}")
