"""The directory of a run's logs: whole, within a size, kept after the run."""

import os
import re
import signal
import socket
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from operate import logs as logs_module
from operate.logs import KEPT_RUNS, OLD_FILES, RunLogs, create_run
from tests.support.waiting import wait_until


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    return tmp_path / "homeport" / "logs"


def make_old_runs(folder: Path, number: int, size: int = 0) -> list[Path]:
    runs = [folder / f"202601{day:02}-000000-1" for day in range(1, number + 1)]
    for run in runs:
        (run / "session_1" / "logs").mkdir(parents=True)
        (run / "session_1" / "logs" / "gcs_server.out").write_bytes(b"x" * size)
    return runs


def write(logs: RunLogs, text: bytes) -> None:
    program = "import os, sys; os.write(1, sys.stdin.buffer.read())"
    process = subprocess.Popen(
        [sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert process.stdin
    assert process.stdout
    writing = logs.keep(process.stdout)
    process.stdin.write(text)
    process.stdin.close()
    writing.join(20)
    process.stdout.close()
    assert process.wait(20) == 0


def test_runs_stay_and_the_oldest_go(folder: Path) -> None:
    old = make_old_runs(folder, 15)

    logs = create_run()

    assert re.fullmatch(rf"\d{{8}}-\d{{6}}-{os.getpid()}", logs.folder.name)
    assert (folder / "latest").resolve() == logs.folder
    assert stat.S_IMODE(logs.folder.stat().st_mode) == 0o700
    assert stat.S_IMODE(logs.serve_log.stat().st_mode) == 0o600
    left = sorted(run for run in folder.iterdir() if not run.is_symlink())
    assert left == [*old[-(KEPT_RUNS - 1) :], logs.folder]


def test_runs_that_have_ended_are_kept_within_a_size(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logs_module, "KEPT_BYTES", 200_000)
    old = make_old_runs(folder, 5, size=60_000)

    create_run()

    assert [run.is_dir() for run in old] == [False, False, True, True, True]


def test_run_that_goes_on_is_removed_by_no_other(folder: Path) -> None:
    (old, *_) = make_old_runs(folder, 12)
    holder = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import sys, time; from pathlib import Path; from operate.logs import RunLogs\n"
            "logs = RunLogs(Path(sys.argv[1])); print('held', flush=True); time.sleep(60)",
            folder / "20250101-000000-1",
        ],
        stdout=subprocess.PIPE,
    )
    assert holder.stdout
    assert holder.stdout.readline() == b"held\n"

    create_run()
    assert (folder / "20250101-000000-1").is_dir()
    assert not old.is_dir()
    holder.send_signal(signal.SIGKILL)
    holder.wait(20)
    holder.stdout.close()
    create_run_again = RunLogs(folder / "29990101-000000-1")
    logs_module._remove_oldest(folder)  # pyright: ignore[reportPrivateUsage]

    assert create_run_again.folder.is_dir()
    assert not (folder / "20250101-000000-1").is_dir()


def test_output_is_kept_whole_within_a_size(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logs_module, "FILE_BYTES", 20_000)
    logs = create_run()
    lines = [f"line {number} \N{SNOWMAN}".encode() for number in range(10_000)]

    write(logs, b"\n".join(lines) + b"\nunfinished")
    written = logs.read().splitlines()

    assert written[-1] == "unfinished"
    assert written[-1000:-1] == [line.decode() for line in lines[-999:]]
    files = sorted(logs.folder.glob("serve.log*"))
    assert len(files) == OLD_FILES + 1
    assert all(file.stat().st_size <= 20_000 for file in files)


def test_line_without_an_end_and_bytes_that_are_no_text_end_nothing(folder: Path) -> None:
    logs = create_run()

    write(logs, b"a" * 3 * logs_module.MAX_LINE + b"\n\xff\x00\nlast\n")

    assert logs.serve_log.read_text().splitlines()[-1] == "last"


def test_haproxy_writes_to_its_log_by_a_socket(folder: Path, tmp_path: Path) -> None:
    logs = create_run()
    logs.receive(tmp_path / "log")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
        for number in range(3):
            sender.sendto(b"<134>haproxy[1]: event %d" % number, str(tmp_path / "log"))

    wait_until(lambda: "event 2" in (logs.folder / "haproxy.log").read_text(), 20)
    assert (logs.folder / "haproxy.log").read_text().splitlines()[0] == "haproxy[1]: event 0"
