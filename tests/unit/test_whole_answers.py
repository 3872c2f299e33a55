"""Whole answers, as the ingress gets them: over the bus, or by what the call returns."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator

import pytest

from deployments.admission import Admission
from deployments.base import SHORT_ANSWER_BYTES, ModelDeployment
from deployments.bus import Outlets
from deployments.config import ModelConfig
from serve_app.models.bus import Bus
from tests.support.waiting import run_other_tasks, until
from wire.bus import Returned, Streamed
from wire.calls import Call, Kind, Operation, Reply, Usage
from wire.errors import APIError, InvalidRequestError, ReplicaLostError

CALL = Call(Operation.CHAT_COMPLETION, b"{}", "r")
SHORT = Reply(b"short", Usage(3, 4))


class Answers:
    """An engine that answers what it was given, when it is told to."""

    def __init__(self) -> None:
        self.answer: Reply | APIError = SHORT
        self.has_begun = asyncio.Event()
        self.may = asyncio.Event()
        self.is_cancelled = False
        self.is_dead = False

    async def run(self, call: Call) -> Reply:
        self.has_begun.set()
        try:
            await self.may.wait()
        except asyncio.CancelledError:
            self.is_cancelled = True
            raise
        if isinstance(self.answer, APIError):
            raise self.answer
        return self.answer

    async def stream(self, call: Call) -> AsyncGenerator[bytes | Usage]:
        yield (await self.run(call)).body

    def num_unfinished(self) -> int:
        return 0

    async def check_health(self) -> None:
        if self.is_dead:
            raise RuntimeError("The engine is dead.")

    async def close(self) -> None: ...


class Replica:
    """A replica without Ray, and the ingress that calls it."""

    def __init__(self) -> None:
        self.bus = Bus("127.0.0.1")
        self.engine = Answers()
        self.deployment = ModelDeployment.__new__(ModelDeployment)
        self.deployment.config = ModelConfig(kind=Kind.CHAT, model_id="m", model="m")
        self.deployment.admission = Admission(1)
        self.deployment.outlets = Outlets()
        self.deployment.engine = self.engine
        self.call: asyncio.Task[Returned] | None = None

    async def ask(self) -> Reply:
        inlet = await self.bus.open_inlet()
        self.call = asyncio.create_task(only(self.deployment.run(CALL, inlet.reply_to)))
        try:
            return await inlet.read_whole(self.call)
        finally:
            inlet.close()


async def only(items: AsyncGenerator[Returned]) -> Returned:
    """Return the one item; read to the end, as the ingress does."""
    (item,) = [each async for each in items]
    return item


@pytest.fixture
async def replica() -> AsyncIterator[Replica]:
    replica = Replica()
    yield replica
    await replica.deployment.__del__()
    await replica.bus.close()


async def await_call(replica: Replica) -> Returned:
    assert replica.call is not None
    return await replica.call


async def test_short_answer_takes_the_bus(replica: Replica) -> None:
    replica.engine.may.set()

    assert await replica.ask() == SHORT
    assert await await_call(replica) == Streamed()
    assert replica.deployment.admission.held == 0


@pytest.mark.parametrize(
    "answer",
    [
        Reply(b"x" * (SHORT_ANSWER_BYTES + 1), Usage(1)),
        Reply(b"{}", Usage(images=2), (b"one", b"two")),
    ],
    ids=["long", "with files"],
)
async def test_other_answers_are_what_the_call_returns(replica: Replica, answer: Reply) -> None:
    replica.engine.answer = answer
    replica.engine.may.set()

    assert await replica.ask() == answer
    assert await await_call(replica) == answer


async def test_empty_answer_is_one_too(replica: Replica) -> None:
    replica.engine.answer = Reply(b"", Usage())
    replica.engine.may.set()

    assert await replica.ask() == Reply(b"", Usage())


async def test_error_is_the_replicas(replica: Replica) -> None:
    replica.engine.answer = InvalidRequestError("'n' is odd.", "n")
    replica.engine.may.set()

    with pytest.raises(InvalidRequestError, match="odd"):
        await replica.ask()


async def test_answer_is_not_lost_with_the_connection(replica: Replica) -> None:
    asked = asyncio.create_task(replica.ask())
    await replica.engine.has_begun.wait()

    replica.deployment.outlets.close()  # as when the network fails while the engine works
    await run_other_tasks()  # the connection notices it
    replica.engine.may.set()

    assert await asked == SHORT


async def test_cancelled_call_ends_the_work(replica: Replica) -> None:
    asked = asyncio.create_task(replica.ask())
    await replica.engine.has_begun.wait()
    assert replica.call is not None

    replica.call.cancel()

    with pytest.raises(APIError):
        await asked
    assert replica.engine.is_cancelled
    assert replica.deployment.admission.held == 0


@pytest.mark.parametrize("is_dead", [True, False])
async def test_replica_whose_engine_is_dead_answers_and_then_ends_its_process(
    replica: Replica, is_dead: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    codes: list[int] = []
    monkeypatch.setattr("os._exit", codes.append)
    monkeypatch.setattr("deployments.base.END_AFTER_S", 0.01)
    replica.engine.answer = ReplicaLostError("The model's engine ended while it worked.")
    replica.engine.is_dead = is_dead
    replica.engine.may.set()

    with pytest.raises(ReplicaLostError):
        await replica.ask()

    if is_dead:
        await until(lambda: codes == [1])
    else:
        await replica.deployment.check_health()


async def test_dead_engine_of_an_idle_replica_ends_its_process(
    replica: Replica, monkeypatch: pytest.MonkeyPatch
) -> None:
    codes: list[int] = []
    monkeypatch.setattr("os._exit", codes.append)
    monkeypatch.setattr("deployments.base.END_AFTER_S", 0.01)
    replica.engine.is_dead = True

    with pytest.raises(RuntimeError):
        await replica.deployment.check_health()

    await until(lambda: codes == [1])
