import shutil
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from operate.vital import RayEndedError, VitalProcesses, drain_requests, find_programs, read_name
from tests.support.waiting import wait_until


@pytest.fixture
def programs(tmp_path: Path) -> Iterator[dict[str, "subprocess.Popen[bytes]"]]:
    """Running programs with the names of Ray's and HAProxy's."""
    running: dict[str, subprocess.Popen[bytes]] = {}
    for name in ("gcs_server", "raylet", "haproxy"):
        shutil.copy("/bin/sleep", tmp_path / name)
        running[name] = subprocess.Popen([tmp_path / name, "60"])
    yield running
    for process in running.values():
        process.kill()
        process.wait()


@pytest.mark.parametrize(
    ("name", "shown"), [("gcs_server", "metadata server (GCS)"), ("raylet", "raylet")]
)
def test_end_of_a_process_of_ray_is_noticed_at_once_before_it_is_reaped(
    programs: dict[str, "subprocess.Popen[bytes]"], name: str, shown: str
) -> None:
    vital = VitalProcesses()
    vital.check()
    vital.check()

    programs[name].send_signal(signal.SIGKILL)
    wait_until(lambda: read_name(programs[name].pid) == "", 5)

    with pytest.raises(RayEndedError) as raised:
        vital.check()
    assert str(raised.value) == f"Ray's {shown} has ended, process {programs[name].pid}"


def test_processes_that_have_not_started_are_not_missed() -> None:
    assert not find_programs("gcs_server", "raylet")
    VitalProcesses().check()


def test_haproxy_is_stopped_softly_and_waited_for(
    programs: dict[str, "subprocess.Popen[bytes]"],
) -> None:
    drain_requests()

    assert programs["haproxy"].wait(1) == -signal.SIGUSR1
    drain_requests()  # without one there is nothing to wait for
