"""Loads the models of a list of ``args``, and prints for each its error or ``loaded``.

A program of its own, because the hub's client reads its environment when it is imported.
"""

import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from deployments.app import kind_types
from wire.errors import ModelLoadError

ROOT = Path(__file__).resolve().parents[2]


def load_models(models: list[dict[str, Any]], environment: dict[str, str]) -> list[str]:
    """Load the models in a process with this environment; return the results."""
    result = subprocess.run(
        [sys.executable, "-m", "tests.support.load_models"],
        cwd=ROOT,
        env={**os.environ, **environment},
        input=json.dumps(models),
        capture_output=True,
        text=True,
        timeout=280,
    )
    assert result.returncode == 0, result.stderr[-3000:]
    return json.loads(result.stdout.splitlines()[-1])


async def _load(arguments: dict[str, Any]) -> str:
    config_type, deployment_type = kind_types(arguments["kind"])
    deployment = object.__new__(deployment_type)
    try:
        engine = await deployment.build_engine(config_type.model_validate(arguments))
    except ModelLoadError as error:
        return str(error)
    await engine.close()
    return "loaded"


async def _load_all(models: list[dict[str, Any]]) -> list[str]:
    return [await _load(each) for each in models]


if __name__ == "__main__":
    results = asyncio.run(_load_all(json.loads(sys.stdin.read())))
    sys.stdout.write("\n" + json.dumps(results) + "\n")
