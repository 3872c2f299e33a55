"""Environment that Ray and Serve read once, when their processes start.

The one place that holds it: ``make serve``, the tests and ``cluster.yaml`` take it from here.
Nothing depends on it; without it everything works, only slower.

    eval "$(python -m serve_app.ray_environment)"    # in a shell, before `ray start` or `serve run`
"""

import shlex
import sys
from pathlib import Path

SETTINGS = {
    # Nothing is reported to anyone.
    "RAY_USAGE_STATS_ENABLED": "0",
    "VLLM_NO_USAGE_STATS": "1",
    "VLLM_DO_NOT_TRACK": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "DO_NOT_TRACK": "1",
    # HAProxy in place of Serve's Python proxy: about ten times as many requests a second.
    "RAY_SERVE_ENABLE_HA_PROXY": "1",
    "RAY_SERVE_HAPROXY_NBTHREAD": "1",
    # One event loop in a replica instead of three threads, and handles over gRPC: half the cost of
    # a hop. gRPC's default limit of 4 MiB is less than one image.
    "RAY_SERVE_RUN_USER_CODE_IN_SEPARATE_THREAD": "0",
    "RAY_SERVE_RUN_ROUTER_IN_SEPARATE_LOOP": "0",
    "RAY_SERVE_USE_GRPC_BY_DEFAULT": "1",
    "RAY_SERVE_REPLICA_GRPC_MAX_MESSAGE_LENGTH": str(256 * 2**20),
    # Workers run in the environment they are started from, not in one that `uv run` builds.
    "RAY_ENABLE_UV_RUN_RUNTIME_ENV": "0",
}


def ray_environment(haproxy_directory: Path | None = None) -> dict[str, str]:
    """Return the settings for this installation.

    ``haproxy_directory`` holds HAProxy's configuration and sockets; two servers on one machine
    need two, because Serve's default is a fixed path in /tmp.
    """
    settings = dict(SETTINGS)
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


if __name__ == "__main__":
    for setting, value in ray_environment().items():
        print(f"export {setting}={shlex.quote(value)}")
