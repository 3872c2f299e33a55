"""Serve's log goes on after vLLM is imported and an engine is configured. No engine is started."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.tiny_model import make_tiny_llama

ROOT = Path(__file__).resolve().parents[2]

PROGRAM = """
import logging, logging.handlers, sys
from deployments.chat.config import ChatConfig
from deployments.chat.vllm.logs import import_logger, leave_logging_to_serve

serve = logging.getLogger("ray.serve")
serve.setLevel("INFO")
serve.addHandler(
    logging.handlers.MemoryHandler(1, target=logging.StreamHandler(sys.stdout))  # as Serve's
)
serve.info("before")
import_logger()
from deployments.chat.vllm.options import engine_arguments

arguments, _ = engine_arguments(
    ChatConfig(model_id="m", model=sys.argv[1], engine_kwargs={"log_level": sys.argv[2]})
)
leave_logging_to_serve(arguments)
arguments.create_engine_config()
logging.getLogger("vllm.engine").info("from vLLM")
serve.info("after")
"""
"""A process of its own: vLLM is imported once."""


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_tiny_llama(tmp_path_factory.mktemp("tiny"))


@pytest.mark.parametrize(
    ("level", "configured", "lines"),
    [
        ("INFO", False, ["before", "from vLLM", "after"]),
        ("WARNING", True, ["before", "after"]),
    ],
)
def test_serves_log_goes_on_and_has_vllms_lines(
    tiny: Path, tmp_path: Path, level: str, configured: bool, lines: list[str]
) -> None:
    environment = dict(os.environ)
    if configured:  # for vLLM's own processes
        own = tmp_path / "logging.json"
        own.write_text('{"version": 1}')
        environment["VLLM_LOGGING_CONFIG_PATH"] = str(own)

    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, tiny, level],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    assert [
        line for line in done.stdout.splitlines() if line in ("before", "from vLLM", "after")
    ] == lines
