"""What `make serve` says when nothing will ever answer."""

import os
import subprocess
import tempfile
from pathlib import Path

import pytest
import yaml

from tests.serve.server import LOCAL, ROOT, application, free_port


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
