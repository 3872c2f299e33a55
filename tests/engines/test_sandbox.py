"""The code interpreter's sandbox, with a real bubblewrap: what the code cannot do."""

import asyncio
import json
import os
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from serve_app.config import CodeInterpreterConfig
from serve_app.sandbox.bubblewrap import Limits, ProgramResult, Sandbox, SandboxError, check_sandbox
from tests.support.sandbox import BWRAP

MEBIBYTE = 2**20
LIMITS = Limits(seconds=60, memory_bytes=512 * MEBIBYTE, disk_bytes=16 * MEBIBYTE, processes=8)


HIDDEN = (
    "/etc/passwd",
    "/etc/shadow",
    "/var/log",
    "/sys",
    f"{Path.home()}/.bashrc",
    f"{Path.home()}/.ssh",
    str(Path(__file__).resolve()),
    str(Path(__file__).resolve().parents[2] / "serve_app"),
    "/proc/sys/kernel",
    "/proc/sysrq-trigger.",
)


def sandbox(**limits: float) -> Sandbox:
    return Sandbox(BWRAP, None, replace(LIMITS, **limits))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "thread"
    folder.mkdir()
    return folder


async def run(code: str, folder: Path, **limits: float) -> ProgramResult:
    return await sandbox(**limits).run(code, folder)


async def run_json(code: str, folder: Path) -> object:
    """Return what the code's last line comes to, which must be JSON."""
    ended = await run(f"import json\n{code}", folder)
    assert ended.status == 0, ended.output
    return json.loads(ended.output)


async def test_sandbox_is_checked_before_it_counts(folder: Path) -> None:
    await sandbox().check(folder)


@pytest.fixture
def python_below_tmp() -> Iterator[str]:
    with TemporaryDirectory(dir="/tmp") as environment:
        python = Path(environment, "bin", "python")
        python.parent.mkdir()
        python.symlink_to(Path(sys.executable).resolve())
        yield str(python)


async def test_python_below_tmp_is_found(folder: Path, python_below_tmp: str) -> None:
    ended = await Sandbox(BWRAP, python_below_tmp, LIMITS).run("1 + 1", folder)

    assert ended.output == "2\n"


def test_sandbox_that_does_not_work_is_told_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(SandboxError, match=r"^code_interpreter: there is no program 'no-bwrap'"):
        check_sandbox(CodeInterpreterConfig(bwrap="no-bwrap"))
    broken = tmp_path / "bwrap"
    broken.write_text(
        "#!/bin/sh\necho 'bwrap: No permissions to create\na namespace' >&2\nexit 1\n"
    )
    broken.chmod(0o755)
    with pytest.raises(SandboxError, match=r"No permissions to create a namespace$"):
        check_sandbox(CodeInterpreterConfig(bwrap=str(broken)))


def test_sandbox_in_which_the_host_shows_does_not_pass_the_check(tmp_path: Path) -> None:
    # A program that runs the code as it is, without any walls.
    open_one = tmp_path / "bwrap"
    open_one.write_text(
        '#!/bin/sh\nwhile [ "$1" != -- ]; do shift; done\nshift\n'
        'exec "$1" "$2" "$3" serve_app/sandbox/program.py\n'
    )
    open_one.chmod(0o755)

    with pytest.raises(SandboxError, match=r"does not work here: .*AssertionError"):
        check_sandbox(CodeInterpreterConfig(bwrap=str(open_one)))


async def test_code_reaches_no_network_not_even_this_machine(folder: Path) -> None:
    async def greet(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()

    server = await asyncio.start_server(greet, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server:
        found = await run_json(
            "import socket\n"
            "def errno(address, kind=socket.AF_INET):\n"
            "    with socket.socket(kind) as s:\n"
            "        s.settimeout(5)\n"
            "        try:\n            s.connect(address)\n"
            "        except OSError as error:\n            return type(error).__name__\n"
            f"print(json.dumps([errno(('127.0.0.1', {port})), errno(('192.0.2.1', 80)),\n"
            "    [name for _, name in socket.if_nameindex()]]))",
            folder,
        )

    assert found == ["ConnectionRefusedError", "OSError", ["lo"]]


async def test_code_sees_no_file_of_the_host(folder: Path) -> None:
    (folder.parent / "secret").write_text("secret")
    hidden = [*HIDDEN, f"{folder.parent}/secret"]
    found = await run_json(
        f"import os\nprint(json.dumps([p for p in {hidden!r} if os.path.exists(p)]))", folder
    )

    assert found == []


async def test_code_has_no_environment_and_no_open_file(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOMEPORT_API_KEYS", "sk-secret")

    found = await run_json(
        "import os\n"
        "files = [os.readlink(f'/proc/self/fd/{n}') for n in (0, 1, 2)]\n"
        "others = [n for n in range(3, 256) if os.path.exists(f'/proc/self/fd/{n}')]\n"
        "init = open('/proc/1/environ').read(), open('/proc/1/cmdline').read()\n"
        "print(json.dumps(["
        "sorted(os.environ), files[0], others, 'sk-secret' in str(init), os.getuid()]))",
        folder,
    )

    assert isinstance(found, list)
    names, stdin, others, is_seen, uid = found  # pyright: ignore[reportUnknownVariableType]
    assert set(names) == {  # pyright: ignore[reportUnknownArgumentType]
        *("PATH", "HOME", "LANG", "PWD", "MPLBACKEND", "OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS")
    }
    assert (stdin, others, is_seen, uid) == ("/dev/null", [], False, 65534)


async def test_code_writes_only_into_its_folder_and_small_ones_in_memory(folder: Path) -> None:
    places = ["/", "/usr", "/etc", "/dev", "/run", "/mnt", "/proc", "/tmp", "/dev/shm", "/mnt/data"]

    found = await run_json(
        "import os\n"
        "def is_writable(place):\n"
        "    try:\n        open(f'{place}/x', 'w').close()\n"
        "    except OSError:\n        return False\n"
        "    return True\n"
        f"open_to = [p for p in {places!r} if is_writable(p)]\n"
        "sizes = [os.statvfs(p).f_blocks * os.statvfs(p).f_frsize for p in open_to[:2]]\n"
        "print(json.dumps([open_to, sizes]))",
        folder,
    )

    assert found == [["/tmp", "/dev/shm", "/mnt/data"], [16 * MEBIBYTE] * 2]
    assert os.listdir(folder) == ["x"]


async def test_code_cannot_take_privileges_or_make_its_own_namespace(folder: Path) -> None:
    found = await run_json(
        "import ctypes, os\n"
        "libc = ctypes.CDLL(None, use_errno=True)\n"
        "status = dict(line.split(':', 1) for line in open('/proc/self/status'))\n"
        "print(json.dumps([int(status['CapEff'], 16), int(status['CapBnd'], 16),\n"
        "    status['NoNewPrivs'].strip(), libc.unshare(0x10000000)]))",
        folder,
    )

    assert found == [0, 0, "1", -1]


async def test_code_cannot_take_memory_that_no_limit_counts(folder: Path) -> None:
    ended = await run(
        "import ctypes, os\n"
        "libc = ctypes.CDLL(None, use_errno=True)\n"
        "def errno(made):\n    return made, ctypes.get_errno()\n"
        "print(errno(libc.shmget(0, 4096, 0o1600)), errno(libc.memfd_create(b'x', 0)))\n"
        "import multiprocessing\nmultiprocessing.Lock()\nos.memfd_create('x')",
        folder,
    )

    assert ended.output.startswith("(-1, 1) (-1, 1)\n")
    assert "PermissionError" in ended.output


async def test_program_shows_what_it_prints_and_its_last_line(folder: Path) -> None:
    ended = await run("print('one')\nx = {'a': 1}\nx", folder)
    nothing = await run("x = 1\nNone", folder)

    assert (ended.output, ended.status, ended.stopped) == ("one\n{'a': 1}\n", 0, None)
    assert (nothing.output, nothing.status) == ("", 0)


async def test_error_is_shown_with_its_line_and_without_our_frames(folder: Path) -> None:
    ended = await run("print('before')\ndef f():\n    return 1 / 0\nf()", folder)
    syntax = await run("print('never')\nx = (", folder)

    assert ended.output.startswith("before\nTraceback (most recent call last):\n")
    assert 'File "<code>", line 4, in <module>' in ended.output
    assert "    return 1 / 0\n" in ended.output
    assert "program.py" not in ended.output + syntax.output
    assert ended.output.endswith("ZeroDivisionError: division by zero\n")
    assert "SyntaxError" in syntax.output
    assert not syntax.output.startswith("never")
    assert (ended.status, syntax.status) == (1, 1)


@pytest.mark.parametrize(
    ("code", "status", "output"),
    [
        ("import sys; sys.exit(3)", 3, ""),
        ("raise SystemExit", 0, ""),
        ("import sys; sys.exit('no')", 1, "no\n"),
        ("", 0, ""),
        ("import os; os._exit(7)", 7, ""),
        ("input()", 1, None),
        ("'\\udc80'", 0, "'\\udc80'\n"),
        ("import dataclasses\n@dataclasses.dataclass\nclass A:\n    x: 'int'\nA(1)", 0, "A(x=1)\n"),
    ],
)
async def test_program_ends_as_programs_do(
    folder: Path, code: str, status: int, output: str | None
) -> None:
    ended = await run(code, folder)

    assert ended.status == status, ended.output
    assert output in (None, ended.output)


async def test_programs_at_once_see_nothing_of_each_other(tmp_path: Path) -> None:
    folders = [tmp_path / name for name in ("a", "b")]
    for folder in folders:
        folder.mkdir()
    code = (
        "import os, time\n"
        "open('/tmp/mine', 'x').close(); open('/dev/shm/mine', 'x').close()\n"
        "open('mine', 'x').close()\n"
        "print(sorted(os.listdir('.')), sum(n.isdigit() for n in os.listdir('/proc')))"
    )

    first, second = await asyncio.gather(*(run(code, folder) for folder in folders))

    assert first.output == second.output == "['mine'] 2\n"
