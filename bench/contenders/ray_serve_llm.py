"""`ray.serve.llm`, Ray's own OpenAI application: with its defaults, and tuned.

It needs packages that Homeport does not have. They are in a directory below .tools that is only on
this contender's path, so the environment of the others is unchanged.
"""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from bench.accounting import ENGINE, role_on_serve
from bench.contenders import MODEL, Contender, Launch, chat_engine
from bench.contenders.vllm_serve import QUIET, alias_vllm
from bench.priority import bind_engine
from operate.launch import _for_one_machine
from operate.ray_environment import ray_environment
from tests.support.server import LOCAL, ROOT, free_port

PACKAGES = ("pyarrow==26.0.1", "jsonref==1.1.0", "pandas==3.1.1", "hf-transfer==0.1.9")
"""Requirements of `ray[llm]` that it imports and our lock lacks. Not its vLLM, which is older."""
PLACE = ROOT / ".tools" / "bench-ray-llm"
INSTALLED = PLACE / "installed"

TUNED = {
    # Recommended by Ray's documentation for high request rates.
    "RAY_SERVE_ENABLE_HA_PROXY": "1",
    "RAY_SERVE_THROUGHPUT_OPTIMIZED": "1",
    # Also set by Homeport: normal priority of Serve's processes.
    "RAY_worker_niceness": "0",
}
STREAMED_DIRECTLY = {"RAY_SERVE_LLM_ENABLE_DIRECT_STREAMING": "1"}
"""Without an ingress, for one model only; experimental."""


class RayServeLLM(Contender):
    """Ray's server of language models."""

    def __init__(
        self,
        name: str,
        settings: dict[str, str] | None = None,
        config: dict[str, Any] = LOCAL,
    ) -> None:
        self.name = name
        self._engine = chat_engine(config)
        self._settings = settings or {}

    def prepare(self) -> None:
        """Install its packages, once."""
        wanted = "\n".join(PACKAGES)
        if INSTALLED.is_file() and INSTALLED.read_text() == wanted:
            return
        (uv,) = sorted((ROOT / ".tools").glob("uv-*/bin/uv"))[-1:]
        options = ["--no-deps", "--quiet", "--python", sys.executable, "--target", str(PLACE)]
        subprocess.run([uv, "pip", "install", *options, *PACKAGES], check=True)
        INSTALLED.write_text(wanted)

    def launch(self, directory: Path) -> Launch:
        """Return the program that runs `build_openai_app`."""
        port = free_port()
        settings = directory / "ray-serve-llm.json"
        settings.write_text(json.dumps({"port": port, "config": self._config()}))
        path = [str(alias_vllm(directory)), str(PLACE), str(ROOT)]
        return Launch(
            [sys.executable, "-m", "bench.contenders.ray_serve_llm_app", str(settings)],
            f"http://127.0.0.1:{port}",
            {
                **QUIET,
                **self._engine.environment,
                **_isolate(directory),
                **self._settings,
                "PYTHONPATH": os.pathsep.join(path),
            },
        )

    def role(self, title: str) -> str:
        """Return which role a process has."""
        return role_on_serve(title, "OpenAiIngress")

    def settle(self, processes: dict[int, str]) -> None:
        """Bind the engine core to its worker's cores, as Homeport does, if that is wanted."""
        if self._settings:
            bind_engine(pid for pid, role in processes.items() if role == ENGINE)

    def _config(self) -> dict[str, Any]:
        engine = self._engine
        quiet = {"logging_config": {"enable_access_log": False}} if self._settings else {}
        model = {
            "model_loading_config": {"model_id": MODEL, "model_source": engine.path},
            "engine_kwargs": engine.options,
            **({} if engine.needs_gpu else {"accelerator_config": {"kind": "cpu"}}),
            "runtime_env": {"env_vars": engine.environment},
            "deployment_config": quiet,
        }
        direct = STREAMED_DIRECTLY.keys() <= self._settings.keys()
        ingress = {} if direct else {"ingress_deployment_config": quiet}
        return {"llm_configs": [model], **ingress}


def _isolate(directory: Path) -> dict[str, str]:
    """Return ports and files that do not conflict with another Ray on this machine."""
    ours = ray_environment(directory)
    files = {name: value for name, value in ours.items() if value.startswith(str(directory))}
    return {"RAY_USAGE_STATS_ENABLED": "0", **files, **_for_one_machine()}
