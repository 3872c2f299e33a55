"""While one key has all places of a model, probes and another key are answered."""

import asyncio

import httpx2
import pytest

from deployments.admission import Admission
from tests.api.conftest import CreateApi
from tests.support.scripted_model import ScriptedModel, connect
from tests.support.waiting import until
from wire.calls import Call, Reply, Usage

FLOOD, QUIET = "sk-flood", "sk-quiet"
PLACES = 4
QUESTION = {"messages": [{"role": "user", "content": "hi"}]}


class FullModel(ScriptedModel):
    """A model with a replica's admission, whose answers wait until they may leave."""

    def __init__(self) -> None:
        super().__init__()
        self.admission = Admission(PLACES)
        self.may_leave = asyncio.Event()

    async def run(self, call: Call) -> Reply:
        with self.admission.hold("small", call.slots, call.owner):
            self.calls.append(call)
            await self.may_leave.wait()
        return Reply(b"{}", Usage(3, 4))


@pytest.fixture
def model() -> FullModel:
    return FullModel()


async def test_flood_of_a_key_keeps_neither_probes_nor_other_keys_out(
    create: CreateApi, model: FullModel
) -> None:
    api = create(frozenset({FLOOD, QUIET}))

    async def ask(client: httpx2.AsyncClient, key: str) -> int:
        headers = {"x-api-key": key}
        path = "/v1/chat/completions"
        return (await client.post(path, json=QUESTION, headers=headers)).status_code

    async with api.router.lifespan_context(api), connect(api) as client:
        flood = [asyncio.create_task(ask(client, FLOOD)) for _ in range(10 * PLACES)]
        await until(lambda: sum(task.done() for task in flood) == 9 * PLACES)

        for probe in ("/healthz", "/health", "/ping", "/readyz"):
            answer = await client.get(probe)
            assert (probe, answer.status_code) == (probe, 503 if probe == "/readyz" else 200)
            assert "broken" in answer.text or probe != "/readyz"
        quiet = asyncio.create_task(ask(client, QUIET))
        await until(lambda: len(model.calls) == PLACES + 1)
        model.may_leave.set()

        assert await quiet == 200
        statuses = [await task for task in flood]
    assert sorted(statuses) == [200] * PLACES + [429] * 9 * PLACES
