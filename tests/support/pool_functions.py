"""What the worker processes of tests run."""

from pathlib import Path

from tests.support.waiting import wait_until


def run(task: bytes) -> bytes:
    """Do what the task's first word says."""
    word, _, rest = task.decode().partition(" ")
    match word:
        case "echo":
            return rest.encode()
        case "fail":
            raise LookupError(rest)
        case "fill":
            return bytes(bytearray(int(rest))[:1])
        case "compute":
            while True:
                pass
        case "hold":  # until the file is there
            Path(f"{rest}.begun").touch()
            wait_until(Path(rest).exists, timeout_s=120, every_s=0.01)
            return b"held"
        case _:
            raise ValueError(task)
