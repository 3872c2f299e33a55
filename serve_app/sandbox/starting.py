"""Makes the sandbox that an operator has configured, and tries it out before anybody uses it."""

import asyncio
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from serve_app.config import CodeInterpreterConfig
from serve_app.sandbox.bubblewrap import Limits, Sandbox, SandboxError


def new_sandbox(config: CodeInterpreterConfig) -> Sandbox:
    """Return the sandbox.

    Raises:
        SandboxError: its programs are not there.
    """
    limits = Limits(
        config.timeout_s, config.memory_bytes, config.disk_bytes, processes=config.processes
    )
    return Sandbox(config.bwrap, config.python, limits)


def check_at_start(config: CodeInterpreterConfig) -> None:
    """Try the sandbox out, where no event loop can be awaited.

    Raises:
        SandboxError: says what is wrong, in one line.
    """
    try:
        sandbox = new_sandbox(config)
        with (
            tempfile.TemporaryDirectory(prefix="homeport-code-") as folder,
            ThreadPoolExecutor(1) as thread,  # this one may have a running loop
        ):
            thread.submit(asyncio.run, sandbox.check(Path(folder))).result()
    except SandboxError as error:
        raise SandboxError(f"code_interpreter: {error}") from error
