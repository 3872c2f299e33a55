"""Starts the load generator's process, sends it jobs and receives when windows open."""

import json
import subprocess
import sys
from collections.abc import Callable
from typing import Any

from bench.client.job import Job


class Generator:
    """A running load generator."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "bench.client"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.pid = self._process.pid

    def run(self, job: Job, when: Callable[[], None] = lambda: None) -> dict[str, Any]:
        """Run a job and return its result; ``when`` is called as its window opens and closes.

        Raises:
            RuntimeError: the generator refuses the job, or has ended.
        """
        assert self._process.stdin
        assert self._process.stdout
        print(job.to_line(), file=self._process.stdin, flush=True)
        for line in self._process.stdout:
            message = json.loads(line)
            if "result" in message:
                return message["result"]
            if "refused" in message:
                raise RuntimeError(f"The load generator refuses: {message['refused']}")
            when()
        raise RuntimeError("The load generator has ended.")

    def close(self) -> None:
        """End the process."""
        assert self._process.stdin
        self._process.stdin.close()
        self._process.wait(10)
