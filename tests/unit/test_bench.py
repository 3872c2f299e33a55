from typing import Any

from bench.bare import LIBRARIES
from bench.report import machine, markdown
from bench.workloads import WORKLOADS
from deployments.app import KINDS


def test_every_kind_is_measured_against_its_bare_library() -> None:
    assert set(WORKLOADS) == set(LIBRARIES) == set(KINDS)


def test_report_has_ratio_unit_and_machine() -> None:
    row = {"kind": "speech", "concurrency": 8, "server": 30.0, "bare": 40.0}
    results: dict[str, Any] = {
        "machine": machine(),
        "config": "configs/local.yaml",
        "throughput": [row],
        "first_audio": [{"answer": "a word", "spoken_s": 0.2, "sequence_s": 1.0}],
    }

    report = markdown(results)

    assert "| speech | 8 | 30 | 40 | 0.75 | seconds of audio/s |" in report
    assert "| a word | 200 ms | 1000 ms | 0.20 |" in report
    assert f"{machine()['cores']} cores" in report
    assert "torch 2.13.0" in report
