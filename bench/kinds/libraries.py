"""Starts a process with a bare library and requests measurements from it."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.support.server import LOCAL


class Library:
    """A bare library in a process of its own, with the settings of the server's replica."""

    def __init__(self, kind: str) -> None:
        application = next(a for a in LOCAL["applications"] if a["args"].get("kind") == kind)
        (deployment,) = application["deployments"]
        runtime = deployment["ray_actor_options"].get("runtime_env", {})
        self._process = subprocess.Popen(
            [sys.executable, "-m", "bench.kinds.bare", kind],
            env={**os.environ, **runtime.get("env_vars", {})},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._request(application["args"])

    def throughput(self, callers: int, seconds: float, recording: Path | None = None) -> float:
        """Return units of work per second."""
        path = str(recording or "")
        return self._request({"callers": callers, "seconds": seconds, "recording": path})

    def close(self) -> None:
        """End the process."""
        assert self._process.stdin
        self._process.stdin.close()
        self._process.wait(60)

    def _request(self, question: dict[str, Any]) -> float:
        assert self._process.stdin
        assert self._process.stdout
        print(json.dumps(question), file=self._process.stdin, flush=True)
        for line in self._process.stdout:
            if line.startswith("answer "):  # libraries print, too
                return float(line.split()[1])
        raise RuntimeError("The bare library's process has ended.")
