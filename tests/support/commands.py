"""The commands of the documentation, and how a reader would run them on the test's server."""

import re
import shlex
import subprocess
from collections.abc import Sequence
from pathlib import Path

from tests.support.server import ROOT, Server

README = ROOT / "README.md"
DOCUMENTS = (
    README,
    ROOT / "CONTRIBUTING.md",
    *sorted((ROOT / "docs").rglob("*.md")),
)


def blocks(language: str, documents: Sequence[Path] = DOCUMENTS) -> list[str]:
    """Return the blocks of a language, in the order of the documents."""
    pattern = re.compile(rf"^```{language}\n(.*?)^```", re.MULTILINE | re.DOTALL)
    return [block for path in documents for block in pattern.findall(path.read_text())]


def commands(documents: Sequence[Path] = DOCUMENTS) -> list[str]:
    """Return the commands of all shell blocks, continued lines joined."""
    complete: list[str] = []
    for block in blocks("bash", documents):
        command = ""
        for line in block.splitlines():
            command += line + "\n"
            try:
                shlex.split(command)
            except ValueError:  # a quotation continues on the next line
                continue
            if not line.endswith("\\"):
                complete.append(command.strip())
                command = ""
        assert not command, command
    return complete


def run(command: str, server: Server) -> "subprocess.CompletedProcess[str]":
    """Run a command of a document as its reader would, on the test's server."""
    local = command.replace("http://localhost:8000", server.url).replace(
        "configs/local.yaml", str(server.config_path)
    )
    local = local.replace("http://localhost:9464/metrics", server.metrics)
    local = local.replace("serve deploy", f"serve deploy -a {server.dashboard}")
    local = local.replace("serve status", f"serve status -a {server.dashboard}")
    local = local.replace("curl ", "curl --fail-with-body --silent ")
    local = local.replace("~/.local/state/homeport/logs", str(server.logs.parent))
    return subprocess.run(
        ["bash", "-euc", local], cwd=ROOT, capture_output=True, text=True, timeout=60
    )
