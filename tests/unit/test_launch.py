import os
import shutil
import socket
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import uvicorn
import yaml

from operate import launch as launch_module
from operate.haproxy import mend
from operate.launch import choose_metrics_port
from operate.ray_environment import SETTINGS, ensure_token, ray_environment
from operate.target import Target, lock_database
from serve_app.http.addresses import peer_proof
from tests.support.haproxy import free_port

ROOT = Path(__file__).resolve().parents[2]


def outside_make() -> dict[str, str]:
    """Return the environment without the settings of a make that runs these tests."""
    return {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}


def launch(config: Path) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "operate.launch", config],
        capture_output=True,
        text=True,
        timeout=30,
        cwd=ROOT,
    )


def test_taken_port_is_one_readable_line(tmp_path: Path) -> None:
    config = tmp_path / "serve.yaml"
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        config.write_text(
            yaml.safe_dump(
                {"applications": [], "http_options": {"host": "127.0.0.1", "port": port}}
            )
        )

        result = launch(config)

    assert result.returncode == 1
    assert f"Port {port} is taken" in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1


@pytest.mark.parametrize(
    ("config", "says"),
    [
        ("", "it lists no applications"),
        ("a: [", "expected"),
        ("applications: [{import_path: 'serve_app.app:build', args: {api_key: x}}]", "api_key"),
        ("applications: [{import_path: 'serve_app.app:build'}]", "without any API key"),
        (
            "applications: [{import_path: 'serve_app.app:build', args: {api_keys_file: /none}}]",
            "/none: No such file",
        ),
        ("applications: 5", "applications: Input should be a valid list (received 5)"),
        ("applications: [chat]", "applications.0: "),
        ("applications: [{name: chat}]", "applications.0.import_path: Field required"),
        ("{applications: [], http_options: {port: 70000}}", "http_options.port: "),
        ("{applications: [], http_options: {port: 70000}}", "(received 70000)"),
        (
            "applications: [{name: a, import_path: x:y}, {name: a, import_path: x:y}]",
            "applications: two have the name 'a'",
        ),
        (
            "applications: [{name: a, import_path: 'deployments.app:build', args: {model_id: m}},"
            " {name: b, import_path: 'deployments.app:build', args: {model_id: m}}]",
            "args.model_id: two models have the name 'm'",
        ),
    ],
)
def test_config_that_cannot_be_served_is_one_readable_line(
    tmp_path: Path, config: str, says: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("HOMEPORT_API_KEYS", raising=False)
    path = tmp_path / "serve.yaml"
    path.write_text(config)

    result = launch(path)

    assert result.returncode == 1
    assert says in result.stderr
    assert result.stderr.startswith(f"homeport: {path}: ")
    assert len(result.stderr.strip().splitlines()) == 1


def test_missing_config_is_one_readable_line(tmp_path: Path) -> None:
    result = launch(tmp_path / "none.yaml")

    assert result.returncode == 1
    assert result.stderr.strip() == f"homeport: {tmp_path}/none.yaml: No such file or directory"


@pytest.mark.parametrize(
    ("stub", "says"),
    [
        ("#!/bin/sh\necho Python 3.9.1; exit 1\n", "Python 3.11 or 3.12 is needed"),
        ("#!/bin/sh\ncase $* in *pip*) exit 1;; esac; exit 0\n", "has no pip"),
    ],
)
def test_make_with_a_wrong_python_says_so_in_one_line(tmp_path: Path, stub: str, says: str) -> None:
    python = tmp_path / "python3"
    python.write_text(stub)
    python.chmod(python.stat().st_mode | stat.S_IXUSR)
    for name in ("python3.11", "python3.12"):
        (tmp_path / name).symlink_to(python)
    for name in ("Makefile", "pyproject.toml", "uv.lock"):
        shutil.copy(ROOT / name, tmp_path)
    (tmp_path / "serve.yaml").touch()

    result = subprocess.run(
        ["make", "--no-print-directory", "-C", str(tmp_path), "serve", "CONFIG=serve.yaml"],
        capture_output=True,
        text=True,
        timeout=30,
        env=outside_make() | {"PATH": f"{tmp_path}:{os.environ['PATH']}"},
    )

    assert result.returncode != 0
    assert says in result.stderr
    assert "Traceback" not in result.stderr


def test_make_reports_a_missing_config_before_it_installs(tmp_path: Path) -> None:
    for name in ("Makefile", "pyproject.toml", "uv.lock"):
        shutil.copy(ROOT / name, tmp_path)

    result = subprocess.run(
        ["make", "--no-print-directory", "-C", str(tmp_path), "serve", "CONFIG=none.yaml"],
        capture_output=True,
        text=True,
        timeout=30,
        env=outside_make(),
    )

    assert result.returncode != 0
    assert "homeport: none.yaml: No such file or directory" in result.stderr
    assert sorted(file.name for file in tmp_path.iterdir()) == [
        "Makefile",
        "pyproject.toml",
        "uv.lock",
    ]


def test_make_help_lists_every_target() -> None:
    result = subprocess.run(["make", "help"], capture_output=True, text=True, cwd=ROOT, check=True)

    listed = {line.split()[0] for line in result.stdout.splitlines()}
    assert {"serve", "test", "check", "format", "help"} <= listed


def test_haproxys_statistics_are_closed_and_the_frontend_keeps_its_address(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    without_token(tmp_path, monkeypatch)
    config = tmp_path / "haproxy.cfg"
    config.write_text(
        "frontend prometheus\n    bind :9101\nfrontend http_frontend\n    bind *:8000\n"
        "listen stats\n  bind *:8404\n"
    )

    mend(config)
    mend(config)

    binds = [line.strip() for line in config.read_text().splitlines() if "bind " in line]
    assert binds == ["bind 127.0.0.1:9101", "bind *:8000", "bind 127.0.0.1:8404"]


def test_haproxy_tells_who_the_client_is_with_the_clusters_proof(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    without_token(tmp_path, monkeypatch)
    assert peer_proof() is None
    monkeypatch.setenv("RAY_AUTH_TOKEN", "secret")
    config = tmp_path / "haproxy.cfg"
    config.write_text("frontend http_frontend\n    bind *:8000\n")

    mend(config)
    mend(config)

    text = config.read_text()
    proof = peer_proof()
    assert text.count("x-homeport-peer") == 2
    # The client's own goes first.
    assert text.index("del-header x-homeport-peer") < text.index("set-header x-homeport-peer")
    assert f'set-header x-homeport-peer "%[src] {proof}"' in text
    assert proof
    assert "secret" not in text


def without_token(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave Ray without a cluster token."""
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.delenv("RAY_AUTH_TOKEN", raising=False)
    monkeypatch.delenv("RAY_AUTH_TOKEN_PATH", raising=False)


def test_environment_reports_nothing_to_anyone() -> None:
    assert SETTINGS["RAY_USAGE_STATS_ENABLED"] == "0"
    assert SETTINGS["VLLM_NO_USAGE_STATS"] == "1"
    assert SETTINGS["HF_HUB_DISABLE_TELEMETRY"] == "1"


async def test_http_server_takes_no_scheme_from_a_header(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str] = []

    async def app(scope: Any, _receive: Any, _send: Any) -> None:
        seen.append(scope["scheme"])

    async def unused(*_: Any) -> Any:
        raise AssertionError

    monkeypatch.setenv("FORWARDED_ALLOW_IPS", SETTINGS.get("FORWARDED_ALLOW_IPS", "127.0.0.1"))
    # As Serve makes its own, in the replica's process.
    config = uvicorn.Config(lambda: app, factory=True, lifespan="off", log_config=None)
    config.load()
    scope: Any = {
        "type": "http",
        "scheme": "http",
        "client": ("127.0.0.1", 1),
        "headers": [(b"x-forwarded-proto", b"https")],
    }
    await config.loaded_app(scope, unused, unused)

    assert seen == ["http"]


def test_cluster_token_is_made_once_where_rays_commands_find_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    without_token(tmp_path, monkeypatch)

    ensure_token()
    token = (tmp_path / ".ray" / "auth_token").read_text()
    ensure_token()

    printed = subprocess.run(
        [Path(sys.executable).with_name("ray"), "get-auth-token", "--generate"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert len(token) >= 32
    assert printed.stdout == token
    assert stat.S_IMODE((tmp_path / ".ray" / "auth_token").stat().st_mode) == 0o600


@pytest.mark.parametrize("variable", ["RAY_AUTH_TOKEN", "RAY_AUTH_TOKEN_PATH"])
def test_no_token_is_made_where_the_operator_names_one(
    variable: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    without_token(tmp_path, monkeypatch)
    monkeypatch.setenv(variable, "/the/operators")

    ensure_token()

    assert not (tmp_path / ".ray").exists()


def test_environment_leaves_what_the_operator_has_set() -> None:
    command = f"{sys.executable} -m operate.ray_environment"

    result = subprocess.run(
        command.split(),
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=True,
        env=os.environ | {"RAY_SERVE_HAPROXY_NBTHREAD": "4"},
    )

    assert "NBTHREAD" not in result.stdout


def test_second_server_on_a_database_is_refused(tmp_path: Path) -> None:
    database = tmp_path / "data" / "homeport.db"
    first = Target(tmp_path / "first.yaml", "127.0.0.1", 8000, database=database)
    second = Target(tmp_path / "second.yaml", "127.0.0.1", 8001, database=database)

    held = lock_database(first)
    assert held is not None
    with pytest.raises(ValueError, match=rf"process {os.getpid()}, .*first.yaml.*uses {database}"):
        lock_database(second)
    held.close()

    after = lock_database(second)
    assert after is not None
    after.close()


def test_metrics_have_a_fixed_port_and_another_server_gets_a_free_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with socket.socket() as probe:
        probe.bind(("0.0.0.0", 0))
        port = probe.getsockname()[1]
    monkeypatch.setattr(launch_module, "METRICS_PORT", port)

    assert choose_metrics_port(None) == port
    assert choose_metrics_port(port) == port
    with socket.socket() as other:
        other.bind(("0.0.0.0", port))
        other.listen()
        assert choose_metrics_port(None) not in (port, 0)
        with pytest.raises(ValueError, match=f"Port {port} for metrics is taken"):
            choose_metrics_port(port)


def test_environment_is_what_a_shell_can_read() -> None:
    command = f'eval "$({sys.executable} -m operate.ray_environment)"; echo $RAY_AUTH_MODE'

    result = subprocess.run(
        ["bash", "-c", command], capture_output=True, text=True, cwd=ROOT, check=True
    )

    assert result.stdout.strip() == "token"


def test_lines_that_are_alike_and_haproxys_are_kept() -> None:
    assert SETTINGS["RAY_DEDUP_LOGS"] == "0"
    assert ray_environment()["RAY_SERVE_HAPROXY_LOG_TARGET"] == "/dev/log"


@pytest.mark.parametrize("port", [-1, 0, 70000])
def test_port_of_metrics_that_is_none_is_refused(port: int) -> None:
    with pytest.raises(ValueError, match=f"--metrics-port must be .* \\(received {port}\\)"):
        choose_metrics_port(port)


def test_logs_that_cannot_be_kept_are_one_readable_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    (tmp_path / "homeport").write_text("a file, not a directory")
    config = tmp_path / "serve.yaml"
    config.write_text(yaml.safe_dump({"applications": [], "http_options": {"port": free_port()}}))

    result = launch(config)

    assert result.returncode == 1
    assert str(tmp_path / "homeport") in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1
