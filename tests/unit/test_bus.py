"""The token bus against itself, over loopback: replicas that write, an ingress that reads."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
import uvloop

from deployments.bus import Outlet, Outlets
from serve_app.models.bus import Bus, Inlet
from tests.support.waiting import run_other_tasks
from wire.bus import FRAME, PIECE, WINDOW, ReplyTo, Returned, Streamed
from wire.calls import Usage
from wire.errors import InvalidRequestError, ModelUnavailableError, ReplicaLostError

USAGE = Usage(3, 4)


@pytest.fixture(params=[asyncio.DefaultEventLoopPolicy, uvloop.EventLoopPolicy])
def event_loop_policy(request: pytest.FixtureRequest) -> asyncio.AbstractEventLoopPolicy:
    return request.param()  # Serve's replicas run on uvloop


@pytest.fixture
async def bus() -> AsyncIterator[Bus]:
    bus = Bus("127.0.0.1")
    yield bus
    await bus.close()


@pytest.fixture
async def outlets() -> AsyncIterator[Outlets]:
    outlets = Outlets()
    yield outlets
    outlets.close()


async def read(
    inlet: Inlet, call: "asyncio.Future[Returned]", *, coalesce: bool = False
) -> list[bytes | Usage]:
    return [piece async for piece in inlet.read(call, coalesce=coalesce)]


def make_future(answer: Returned) -> "asyncio.Future[Returned]":
    future = asyncio.get_running_loop().create_future()
    future.set_result(answer)
    return future


def never() -> "asyncio.Future[Any]":
    return asyncio.get_running_loop().create_future()


async def write(outlet: Outlet, pieces: list[bytes]) -> Returned:
    for piece in pieces:
        await outlet.send(piece)
    outlet.end(USAGE)
    return Streamed()


async def test_pieces_arrive_in_order_as_they_were_written_and_then_the_usage(
    bus: Bus, outlets: Outlets
) -> None:
    inlet = await bus.open_inlet()
    pieces = [b"one", b"", b"two", b"three" * 100_000]

    call = asyncio.ensure_future(write(await outlets.open(inlet.reply_to), pieces))

    assert await read(inlet, call) == [*pieces, USAGE]


async def test_pieces_that_wait_together_are_one_where_nobody_reads_them(
    bus: Bus, outlets: Outlets
) -> None:
    inlet = await bus.open_inlet()
    outlet = await outlets.open(inlet.reply_to)
    for piece in (b"a", b"b", b"c"):
        outlet.write(piece)
    outlet.end(USAGE)

    assert await read(inlet, make_future(Streamed()), coalesce=True) == [b"abc", USAGE]


async def test_streams_of_one_connection_do_not_mix(bus: Bus, outlets: Outlets) -> None:
    async def stream(number: int) -> list[bytes | Usage]:
        inlet = await bus.open_inlet()
        pieces = [b"%d-%d" % (number, n) for n in range(50)]
        call = asyncio.ensure_future(write(await outlets.open(inlet.reply_to), pieces))
        assert await read(inlet, call) == [*pieces, USAGE]
        return [*pieces]

    assert len(await asyncio.gather(*(stream(number) for number in range(40)))) == 40


async def test_reader_that_does_not_read_holds_its_writer_back_and_no_other(
    bus: Bus, outlets: Outlets
) -> None:
    slow, quick = await bus.open_inlet(), await bus.open_inlet()
    pieces = [b"x" * (WINDOW // 8)] * 40
    slow_call = asyncio.ensure_future(write(await outlets.open(slow.reply_to), pieces))
    reading = slow.read(slow_call, coalesce=False)
    taken = [await anext(reading)]

    quick_call = asyncio.ensure_future(write(await outlets.open(quick.reply_to), pieces))
    assert await read(quick, quick_call) == [*pieces, USAGE]

    assert not slow_call.done()
    taken += [piece async for piece in reading]
    assert taken == [*pieces, USAGE]


async def test_error_before_the_first_piece_is_raised(bus: Bus) -> None:
    inlet = await bus.open_inlet()

    with pytest.raises(InvalidRequestError, match="no"):
        await read(inlet, make_future(InvalidRequestError("no")))


async def test_error_behind_some_pieces_comes_behind_them(bus: Bus, outlets: Outlets) -> None:
    inlet = await bus.open_inlet()
    outlet = await outlets.open(inlet.reply_to)
    outlet.write(b"a")
    outlet.end(None)
    reading = inlet.read(make_future(Streamed(InvalidRequestError("no"))), coalesce=False)

    assert await anext(reading) == b"a"
    with pytest.raises(InvalidRequestError, match="no"):
        await anext(reading)


async def test_replica_that_dies_is_told_at_once(bus: Bus, outlets: Outlets) -> None:
    inlet = await bus.open_inlet()
    outlet = await outlets.open(inlet.reply_to)
    reading = inlet.read(never(), coalesce=False)
    outlet.write(b"a")
    assert await anext(reading) == b"a"

    outlets.close()

    with pytest.raises(ReplicaLostError):
        await anext(reading)


async def test_what_came_is_read_to_its_end_though_the_replica_has_gone(
    bus: Bus, outlets: Outlets
) -> None:
    inlet = await bus.open_inlet()
    outlet = await outlets.open(inlet.reply_to)
    pieces = [b"x" * (WINDOW // 2), b"y" * (WINDOW // 4), b"z"]
    for piece in pieces:
        outlet.write(piece)
    outlet.end(USAGE)
    reading = inlet.read(make_future(Streamed()), coalesce=False)
    taken = [await anext(reading)]

    outlets.close()
    await all_that_was_sent_is_seen(bus)

    assert taken + [piece async for piece in reading] == [*pieces, USAGE]


async def all_that_was_sent_is_seen(bus: Bus) -> None:
    """Wait until a later connection has brought an answer: the others were read before."""
    outlets, inlet = Outlets(), await bus.open_inlet()
    call = asyncio.ensure_future(write(await outlets.open(inlet.reply_to), [b"later"]))
    assert await read(inlet, call) == [b"later", USAGE]
    outlets.close()


async def test_second_replica_of_a_call_does_not_write_into_the_answer_of_the_first(
    bus: Bus, outlets: Outlets
) -> None:
    inlet = await bus.open_inlet()
    again = Outlets()
    first, second = await outlets.open(inlet.reply_to), await again.open(inlet.reply_to)
    reading = inlet.read(never(), coalesce=False)
    first.write(b"a")
    taken = [await anext(reading)]

    second.write_whole(b"a", USAGE)
    await all_that_was_sent_is_seen(bus)
    first.write(b"b")
    first.end(USAGE)

    assert taken + [piece async for piece in reading] == [b"a", b"b", USAGE]
    again.close()


async def test_failed_stream_whose_call_was_cancelled_tells_that_the_replica_is_lost(
    bus: Bus, outlets: Outlets
) -> None:
    inlet = await bus.open_inlet()
    outlet = await outlets.open(inlet.reply_to)
    call = never()
    reading = inlet.read(call, coalesce=False)
    outlet.write(b"a")
    outlet.end(None)
    assert await anext(reading) == b"a"
    await all_that_was_sent_is_seen(bus)

    asyncio.get_running_loop().call_soon(call.cancel)

    with pytest.raises(ReplicaLostError):
        await anext(reading)


async def test_call_that_fails_is_told_though_its_replica_never_connected(bus: Bus) -> None:
    inlet = await bus.open_inlet()
    call = never()
    call.set_exception(RuntimeError("died"))

    with pytest.raises(RuntimeError, match="died"):
        await read(inlet, call)


async def test_writer_learns_that_the_ingress_has_gone(outlets: Outlets) -> None:
    gone = asyncio.Event()

    async def hang_up(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await gone.wait()
        writer.close()

    server = await asyncio.start_server(hang_up, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    outlet = await outlets.open(ReplyTo("127.0.0.1", port, b"k" * 32, 1))
    writing = asyncio.ensure_future(write(outlet, [b"x" * WINDOW] * 3))
    await run_other_tasks()
    gone.set()

    with pytest.raises(ReplicaLostError):
        await writing
    server.close()


async def test_ingress_that_cannot_be_reached_is_named(outlets: Outlets) -> None:
    server = await asyncio.start_server(lambda _, __: None, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    server.close()
    await server.wait_closed()

    with pytest.raises(ModelUnavailableError, match=f"127.0.0.1:{port}"):
        await outlets.open(ReplyTo("127.0.0.1", port, b"k" * 32, 1))


async def test_ingress_that_came_back_is_connected_to_anew(outlets: Outlets) -> None:
    async def read_from(bus: Bus) -> list[bytes | Usage]:
        inlet = await bus.open_inlet()
        call = asyncio.ensure_future(write(await outlets.open(inlet.reply_to), [b"a"]))
        return await read(inlet, call)

    before, after = Bus("127.0.0.1"), Bus("127.0.0.1")

    assert await read_from(before) == [b"a", USAGE]
    await before.close()
    assert await read_from(after) == [b"a", USAGE]
    await after.close()


async def test_stream_whose_reader_left_is_dropped_and_the_others_go_on(
    bus: Bus, outlets: Outlets
) -> None:
    left, stays = await bus.open_inlet(), await bus.open_inlet()
    to_left = await outlets.open(left.reply_to)
    left.close()
    to_left.write(b"for nobody")

    call = asyncio.ensure_future(write(await outlets.open(stays.reply_to), [b"a"]))

    assert await read(stays, call) == [b"a", USAGE]


async def test_peer_without_the_key_writes_nothing(bus: Bus) -> None:
    inlet = await bus.open_inlet()
    to = inlet.reply_to
    reader, writer = await asyncio.open_connection(to.host, to.port)
    writer.write(b"?" * 32 + FRAME.pack(to.stream, PIECE, 6) + b"forged")

    with pytest.raises((ConnectionResetError, asyncio.IncompleteReadError)):
        await reader.readexactly(1)  # the connection is closed
    writer.close()
    with pytest.raises(InvalidRequestError, match="mine"):
        await read(inlet, make_future(InvalidRequestError("mine")))


async def test_peer_that_says_nothing_is_sent_away(
    bus: Bus, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("serve_app.models.bus.KEY_TIMEOUT_S", 0.01)
    to = (await bus.open_inlet()).reply_to
    reader, writer = await asyncio.open_connection(to.host, to.port)

    with pytest.raises((ConnectionResetError, asyncio.IncompleteReadError)):
        await reader.readexactly(1)
    writer.close()


async def test_ingress_that_cannot_listen_says_so_and_tries_anew() -> None:
    bus = Bus("192.0.2.1")  # nobody's
    with pytest.raises(ModelUnavailableError, match=r"192\.0\.2\.1"):
        await bus.open_inlet()

    bus.host = "127.0.0.1"  # as when the network comes up

    assert (await bus.open_inlet()).reply_to.port
    await bus.close()
