"""A part of `make faults`: what clients see when a process is killed under a mixed load."""

import pytest

from tests.serve.faults.faults import FAULTS, Stage
from tests.serve.faults.stage import make_samples, measure
from tests.support.outcomes import Outcome
from tests.support.server import Server
from tests.support.waiting import wait_until


@pytest.mark.timeout(600)  # the server may start first, and a busy machine loads for minutes
def test_haproxy_killed_under_load_costs_connections_only(server: Server) -> None:
    (fault,) = [fault for fault in FAULTS if fault.name == "HAProxy killed"]
    wait_until(lambda: set(server.states().values()) == {"ready"}, 180)
    stage = Stage(server, server.directory, is_small=False)

    result = measure(stage, fault, make_samples(server))

    allowed = {Outcome.OK, Outcome.TYPED, Outcome.LOST, Outcome.REFUSED}
    assert {note.outcome for note in result.notes} <= allowed, result.details()
    assert result.recovered.endswith(" s"), result.recovered
    assert not result.recovered.startswith("not"), result.details()
