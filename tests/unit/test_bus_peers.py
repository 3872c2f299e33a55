"""Who may write to the token bus, and what becomes of a bus that cannot listen."""

import asyncio

import pytest

from serve_app.models.bus import Bus
from tests.unit.test_bus import bus, event_loop_policy, read, returned
from wire.bus import FRAME, PIECE
from wire.errors import InvalidRequestError, ModelUnavailableError

__all__ = ["bus", "event_loop_policy"]  # fixtures


async def test_peer_without_the_key_writes_nothing(bus: Bus) -> None:
    inlet = await bus.inlet()
    to = inlet.reply_to
    reader, writer = await asyncio.open_connection(to.host, to.port)
    writer.write(b"?" * 32 + FRAME.pack(to.stream, PIECE, 6) + b"forged")

    with pytest.raises((ConnectionResetError, asyncio.IncompleteReadError)):
        await reader.readexactly(1)  # the connection is closed
    writer.close()
    with pytest.raises(InvalidRequestError, match="mine"):
        await read(inlet, returned(InvalidRequestError("mine")))


async def test_peer_that_says_nothing_is_sent_away(
    bus: Bus, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("serve_app.models.bus.INTRODUCED_WITHIN_S", 0.01)
    to = (await bus.inlet()).reply_to
    reader, writer = await asyncio.open_connection(to.host, to.port)

    with pytest.raises((ConnectionResetError, asyncio.IncompleteReadError)):
        await reader.readexactly(1)
    writer.close()


async def test_ingress_that_cannot_listen_says_so_and_tries_anew(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    bus = Bus("192.0.2.1")  # nobody's
    with pytest.raises(ModelUnavailableError, match=r"192\.0\.2\.1"):
        await bus.inlet()

    monkeypatch.setattr(bus, "_host", "127.0.0.1")  # as when the network comes up

    assert (await bus.inlet()).reply_to.port
    await bus.close()
