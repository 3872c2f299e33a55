"""What code in the sandbox may use up, and that nothing of it goes on afterwards."""

import asyncio
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from serve_app.sandbox import bubblewrap
from serve_app.sandbox.bubblewrap import Limits, ProgramResult, Sandbox
from tests.support.sandbox import BWRAP
from tests.support.waiting import until

MEBIBYTE = 2**20
LIMITS = Limits(seconds=60, memory_bytes=512 * MEBIBYTE, disk_bytes=16 * MEBIBYTE, processes=8)


def sandbox(**limits: float) -> Sandbox:
    return Sandbox(BWRAP, None, replace(LIMITS, **limits))


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "thread"
    folder.mkdir()
    yield folder
    # Python, and so pytest, cannot remove what is nested too deep.
    subprocess.run(["rm", "-rf", folder], check=True)


async def run(code: str, folder: Path, **limits: float) -> ProgramResult:
    return await sandbox(**limits).run(code, folder)


@pytest.mark.parametrize(
    "code",
    [
        "import time\nprint('begun')\ntime.sleep(1000)",
        "import os\nprint('begun')\nos.close(1); os.close(2)\nwhile True: pass",
        "import os, time\nprint('begun')\n"
        "if os.fork():\n    os.setsid() if os.getpid() == 1 else None\n    time.sleep(1000)\n"
        "time.sleep(1000)",
    ],
)
async def test_program_that_takes_too_long_is_stopped(folder: Path, code: str) -> None:
    ended = await run(code, folder, seconds=3)

    assert ended.stopped == "it ran longer than 3 seconds"
    assert ended.output == "begun\n"


async def test_memory_of_a_process_is_limited(folder: Path) -> None:
    ended = await run("print(len(bytearray(2**20)))\nbytearray(2**30)", folder)

    assert ended.output.startswith("1048576\n")
    assert "MemoryError" in ended.output


async def test_disk_is_limited_by_file_and_by_folder(folder: Path) -> None:
    one = await run("open('a', 'wb').write(bytes(20 * 2**20))", folder)
    many = await run("for n in range(1000):\n    open(f'{n}', 'wb').write(bytes(2**20))\n", folder)
    in_memory = await run("open('/tmp/a', 'wb').write(bytes(2**26))", folder)

    assert "File too large" in one.output
    assert many.stopped == "it wrote more than 16 MiB"
    assert in_memory.status == 1


async def test_files_that_were_there_before_do_not_count(folder: Path) -> None:
    (folder / "given").write_bytes(bytes(20 * MEBIBYTE))

    ended = await run("import os\nos.path.getsize('given')", folder)

    assert (ended.output, ended.stopped) == (f"{20 * MEBIBYTE}\n", None)


async def test_folders_too_deep_to_be_counted_are_not_made(folder: Path) -> None:
    ended = await run(
        "import os\nfor _ in range(3000):\n    os.mkdir('d')\n    os.chdir('d')\n"
        "os.chdir('/mnt/data')\nos.chmod('d', 0)",
        folder,
    )

    assert ended.stopped == "it made more than 20000 files, or folders deeper than 64"


async def test_fork_bomb_is_stopped_and_nothing_is_left_running(folder: Path) -> None:
    mark = f"homeport-{os.getpid()}-bomb"

    ended = await run(f"import os\n{mark!r}\nwhile True:\n    os.fork()", folder)

    assert ended.stopped == "it began more than 8 processes" or "BlockingIOError" in ended.output
    assert not find_sandboxed(folder)


async def test_printing_too_much_ends_the_program(folder: Path) -> None:
    ended = await run("while True:\n    print('x' * 1000)", folder)

    assert ended.stopped == "it printed more than 64 KiB"
    assert len(ended.output) == 64 * 1024


async def test_daemon_ends_with_its_program(folder: Path) -> None:
    ended = await run(
        "import os, time\n"
        "if os.fork() == 0:\n    os.setsid()\n    os.close(1); os.close(2)\n    time.sleep(1000)\n"
        "print('done')",
        folder,
    )

    assert ended.output == "done\n"
    assert not find_sandboxed(folder)


async def test_program_ends_with_who_waits_for_it(folder: Path) -> None:
    running = asyncio.create_task(run("open('begun', 'w').close()\nwhile True: pass", folder))
    await until(lambda: (folder / "begun").exists())

    running.cancel()

    with pytest.raises(asyncio.CancelledError):
        await running
    await until(lambda: not find_sandboxed(folder))


async def test_runs_cancelled_while_they_start_leave_no_process(folder: Path) -> None:
    bwrap = folder.parent / "bwrap"
    bwrap.symlink_to(BWRAP)

    for milliseconds in range(0, 160, 20):
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(milliseconds / 1000):
                await Sandbox(str(bwrap), None, LIMITS).run("while True: pass", folder)

        assert not find_processes(bwrap)
        assert not find_sandboxed(folder)


async def test_run_cancelled_before_bubblewrap_reports_its_child_leaves_none(folder: Path) -> None:
    forked, go = folder / "forked", folder / "go"
    os.mkfifo(go)
    bwrap = folder.parent / "bwrap"
    bwrap.write_text(
        f"#!{sys.executable}\n"
        "import os, signal, sys\n"
        "child = os.fork()\n"
        "if not child: signal.pause()\n"
        f"open({str(forked)!r}, 'w').close()\n"
        f"open({str(go)!r}).read()\n"
        "info = int(sys.argv[sys.argv.index('--info-fd') + 1])\n"
        "os.write(info, b'{\"child-pid\": %d' % child)\n"
        "os.waitpid(child, 0)\n"
    )
    bwrap.chmod(0o755)
    running = asyncio.create_task(Sandbox(str(bwrap), None, LIMITS).run("", folder))
    await until(forked.exists)

    running.cancel()
    await asyncio.to_thread(go.write_text, "go")

    with pytest.raises(asyncio.CancelledError):
        await running
    assert not find_processes(bwrap)


async def test_bubblewrap_that_never_reports_is_killed(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bubblewrap, "REPORTS_WITHIN_S", 0.1)
    bwrap = folder.parent / "bwrap"
    bwrap.write_text(f"#!{sys.executable}\nimport signal\nsignal.pause()\n")
    bwrap.chmod(0o755)

    ended = await Sandbox(str(bwrap), None, replace(LIMITS, seconds=0.1)).run("", folder)

    assert ended.stopped == "it ran longer than 0.1 seconds"
    assert not find_processes(bwrap)


async def test_what_the_code_forbids_can_be_read_again(folder: Path) -> None:
    await run("import os\nopen('a', 'w').close()\nos.chmod('a', 0)\nos.chmod('.', 0)", folder)

    assert os.stat(folder / "a").st_mode & 0o600 == 0o600
    assert os.stat(folder).st_mode & 0o700 == 0o700


def find_processes(path: Path) -> list[str]:
    """Return the processes of a program, by its path, which is on their command lines."""
    found: list[str] = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            command = Path(f"/proc/{pid}/cmdline").read_bytes()
        except OSError:
            continue
        if os.fsencode(path) in command.split(b"\0"):
            found.append(pid)
    return found


def find_sandboxed(folder: Path) -> list[str]:
    """Return the processes that still have a folder as their own."""
    found: list[str] = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            mounts = Path(f"/proc/{pid}/mountinfo").read_text()
        except OSError:
            continue
        if f"{folder.parent.name}/{folder.name} /mnt/data " in mounts:
            found.append(pid)
    return found
