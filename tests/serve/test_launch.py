"""What `make serve` prints when something will never answer."""

import copy
import os
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support.server import LOCAL, ROOT, Server, application, free_port


@pytest.mark.timeout(150)
@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"files_url": "nosuch://bucket"}, "Protocol not known: nosuch"),
        (
            {"database_url": "postgresql://me@127.0.0.1:1/none"},
            "database postgresql://127.0.0.1:1/none: [Errno 111] Connect",
        ),
    ],
    ids=["files", "database"],
)
def test_ingress_that_cannot_start_ends_the_command_with_its_reason(
    change: dict[str, str], reason: str, tmp_path: Path
) -> None:
    args = {"database_url": f"sqlite:///{tmp_path}/homeport.db"} | change
    ingress = application(LOCAL, "ingress") | {"args": args}
    config = LOCAL | {"applications": [ingress]}
    config["http_options"] = LOCAL["http_options"] | {"port": free_port()}
    path = tmp_path / "serve.yaml"
    path.write_text(yaml.safe_dump(config))

    with tempfile.TemporaryDirectory(prefix="hp", dir="/tmp") as directory:
        result = subprocess.run(
            ["make", "--no-print-directory", "serve", f"CONFIG={path}"],
            cwd=ROOT,
            env={**os.environ, "RAY_TMPDIR": directory},
            capture_output=True,
            text=True,
            timeout=120,
        )

    assert result.returncode != 0
    assert f"the ingress could not be started: {reason}" in result.stderr


@pytest.mark.timeout(200)
def test_model_that_needs_more_than_there_is_does_not_hold_up_the_others(tmp_path: Path) -> None:
    def keep_two(config: dict[str, Any]) -> None:
        large = copy.deepcopy(application(LOCAL, "chat"))
        large["deployments"][0]["ray_actor_options"] = {"num_cpus": 1, "num_gpus": 2}
        config["applications"] = [
            application(config, "ingress"),
            application(config, "speech"),
            large,
        ]

    with tempfile.TemporaryDirectory(prefix="hp", dir="/tmp") as directory:
        server = Server(tmp_path, keep_two, environment={"RAY_TMPDIR": directory})
        server.start()
        try:
            models = {model.id: model for model in server.client.models.list()}
        finally:
            server.stop()

    (large,) = [model for model in models.values() if model.model_dump()["kind"] == "chat"]
    reason = large.model_dump()["reason"]
    assert reason == "waits for resources: needs 2 GPU, 0 free"
    assert f"{large.id}: loading ({reason})" in server.output
    banner = server.output.partition("Homeport is ready: ")[2].splitlines()[0]
    assert large.id not in banner
    log = Path(server.output.partition("Log: ")[2].split()[0])
    assert log.is_file()
