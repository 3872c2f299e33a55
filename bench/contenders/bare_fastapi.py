"""A bare FastAPI application around vLLM: the minimum that serves chat over HTTP."""

import sys
from pathlib import Path
from typing import Any

from bench.accounting import ENGINE, role_of_vllm
from bench.contenders import Contender, Launch, chat_engine
from bench.contenders.vllm_serve import QUIET, alias_vllm, engine_flags
from bench.priority import bind_engine
from tests.support.server import LOCAL, free_port


class BareFastAPI(Contender):
    """One process with one route, and the engine below it."""

    name = "bare FastAPI"

    def __init__(self, config: dict[str, Any] = LOCAL) -> None:
        self._engine = chat_engine(config)

    def launch(self, directory: Path) -> Launch:
        """Return the program."""
        engine, port = self._engine, free_port()
        command = [sys.executable, "-m", "bench.contenders.bare_fastapi_app", str(port)]
        environment = {**engine.environment, **QUIET, "PYTHONPATH": str(alias_vllm(directory))}
        return Launch(
            [*command, engine.path, *engine_flags(engine.options)],
            f"http://127.0.0.1:{port}",
            environment,
        )

    def role(self, title: str) -> str:
        """Return which role a process has."""
        return role_of_vllm(title)

    def settle(self, processes: dict[int, str]) -> None:
        """Bind the engine core to its worker's cores, as Homeport does."""
        bind_engine(pid for pid, role in processes.items() if role == ENGINE)
