"""What is left of an engine whose replica is killed."""

import os
import signal
import subprocess
import sys
from pathlib import Path

from tests.support.tiny_model import make_tiny_llama
from tests.support.waiting import wait_until

REPLICA = """
import asyncio, sys
from deployments.chat.config import ChatConfig
from deployments.chat.vllm.engine import VLLMEngine

OPTIONS = {"enforce_eager": True, "max_model_len": 64, "kv_cache_memory_bytes": 2**22}

async def main():
    await VLLMEngine.load(ChatConfig(model_id="m", model=sys.argv[1], engine_kwargs=OPTIONS))
    print("loaded", flush=True)
    await asyncio.Event().wait()

if __name__ == "__main__":
    asyncio.run(main())
"""


def find_processes(mark: str) -> set[int]:
    """Return the processes that have a mark in their environment."""
    found: set[int] = set()
    for entry in Path("/proc").iterdir():
        try:
            if entry.name.isdigit() and mark.encode() in (entry / "environ").read_bytes():
                found.add(int(entry.name))
        except OSError:  # it has ended, or is another user's
            continue
    return found


def test_killed_replica_leaves_no_process_of_its_engine(tmp_path: Path) -> None:
    model = make_tiny_llama(tmp_path / "tiny")
    script = tmp_path / "replica.py"
    script.write_text(REPLICA)
    mark = f"HOMEPORT_TEST={tmp_path}"
    replica = subprocess.Popen(
        [sys.executable, script, model],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=os.environ | dict([mark.split("=", 1)]) | {"PYTHONPATH": os.getcwd()},
    )
    with replica:
        assert replica.stdout is not None
        assert any(line == b"loaded\n" for line in replica.stdout)
        assert find_processes(mark) > {replica.pid}
        replica.send_signal(signal.SIGKILL)

    wait_until(lambda: not find_processes(mark), 30, "processes of the engine are left")
