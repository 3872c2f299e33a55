"""A part of `make faults`: what clients see when a process is killed under a mixed load."""

import pytest

from tests.serve.faults.faults import FAULTS, Stage
from tests.serve.faults.stage import make_samples, measure
from tests.support.outcomes import Outcome
from tests.support.server import Server
from tests.support.waiting import wait_until

HARMLESS = {Outcome.OK, Outcome.TYPED}
CONNECTION = {Outcome.LOST, Outcome.REFUSED}
"""What only the end of the process does that holds the clients' connections."""


@pytest.mark.timeout(900)  # the server may start first, and a busy machine loads for minutes
@pytest.mark.parametrize(
    ("name", "allowed"),
    [("chat replica killed", HARMLESS), ("HAProxy killed", HARMLESS | CONNECTION)],
)
def test_fault_under_load_costs_what_it_must(
    server: Server, name: str, allowed: set[Outcome]
) -> None:
    (fault,) = [fault for fault in FAULTS if fault.name == name]
    wait_until(lambda: set(server.states().values()) == {"ready"}, 180)
    stage = Stage(server, server.directory, is_small=False)

    result = measure(stage, fault, make_samples(server))

    assert {note.outcome for note in result.notes} <= allowed, result.details()
    assert result.recovered.endswith(" s"), result.recovered
    assert not result.recovered.startswith("not"), result.details()
