"""Every command of the documentation runs on a server, or as far as possible without a cloud."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.support.commands import blocks, commands, run
from tests.support.server import ROOT, Server
from tests.support.waiting import wait_until

NEEDS_A_CLOUD = (".venv/bin/ray up", ".venv/bin/ray dashboard", ".venv/bin/ray get-auth-token")
PROD = "serve deploy configs/prod.yaml"


def check(command: str, server: Server) -> None:
    result = run(command, server)
    assert result.returncode == 0, f"{command}\n{result.stdout}\n{result.stderr}"


@pytest.mark.parametrize("command", [c for c in commands() if not c.startswith("make ")])
def test_command_of_a_document_runs(command: str, server: Server) -> None:
    if command.startswith(NEEDS_A_CLOUD):
        tool, _, arguments = command.removeprefix(".venv/bin/").partition(" ")
        subcommand = arguments.split()[0]
        check(f".venv/bin/{tool} {subcommand} --help", server)
    elif PROD in command:
        assert (ROOT / "configs/prod.yaml").is_file()  # tests/unit/test_configs.py builds it
    elif command.startswith("grep "):  # a line reaches the log a moment after the answer
        wait_until(lambda: run(command, server).returncode == 0, 30, command)
    else:
        check(command, server)


@pytest.mark.parametrize("command", [c for c in commands() if c.startswith("make ")])
def test_make_target_of_a_document_exists(command: str) -> None:
    subprocess.run(
        f"{command} --dry-run", shell=True, check=True, cwd=ROOT, capture_output=True, timeout=30
    )


def test_readmes_first_curl_answers_the_sum(server: Server) -> None:
    first = next(command for command in commands() if command.startswith("curl"))

    assert "4" in run(first, server).stdout


@pytest.mark.parametrize("block", blocks("python"))
def test_python_of_a_document_runs(block: str, server: Server) -> None:
    code = block.replace("http://localhost:8000", server.url)

    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True
    )

    assert "Paris" in result.stdout


@pytest.mark.parametrize("block", blocks("yaml"))
def test_yaml_of_a_document_builds(block: str) -> None:
    from deployments.app import build

    (application,) = yaml.safe_load(block)

    assert application["import_path"] == "deployments.app:build"
    assert build(application["args"])


def test_paths_in_the_readmes_tree_exist() -> None:
    text = (ROOT / "README.md").read_text()
    linked = re.findall(r"\]\((?!http)([^)#]+)\)", text)
    in_table = re.findall(r"`(configs/[\w.]+|embedded/\w+)`", text)

    assert all(Path(ROOT, path).exists() for path in linked + in_table)
