"""The choice among replicas, with Serve's own machinery around it."""

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, Callable
from typing import Any

import pytest
from ray.serve._private.common import (
    DeploymentHandleSource,
    DeploymentID,
    ReplicaID,
    RequestMetadata,
)
from ray.serve.request_router import PendingRequest

from deployments.app import build
from serve_app.models.prompt_prefix import prefix_of
from tests.support.waiting import run_other_tasks
from wire.calls import Call, Operation

DEPLOYMENT = DeploymentID("ChatDeployment", "chat")
LEAD = 4
PLACES = 20
LONG = "lake " * 4000


class Replica:
    """What a router sees of a replica."""

    max_ongoing_requests = 10 * PLACES
    node_id = "node"
    availability_zone = None

    def __init__(self, name: str) -> None:
        self.replica_id = ReplicaID(name, DEPLOYMENT)
        self.multiplexed_model_ids: set[str] = set()
        self.load = 0

    async def get_queue_len(self, *, deadline_s: float) -> int:
        return self.load


class Ingress:
    """One ingress replica's router, and what is sent through it."""

    def __init__(self, replicas: list[Replica], **options: Any) -> None:
        config = {"kind": "chat", "model_id": "m", "model": "embedded/chat", "prefix_lead": LEAD}
        application = build(config | {"max_requests": PLACES})
        (model,) = application._bound_deployment.init_args
        router = model._bound_deployment._deployment_config.request_router_config
        # As Serve loads it: from the class's pickle, in another process.
        self.router = router.get_request_router_class()(
            deployment_id=DEPLOYMENT,
            handle_source=DeploymentHandleSource.REPLICA,
            use_replica_queue_len_cache=True,
        )
        self.router.initialize_state(**router.request_router_kwargs | options)
        self.set_replicas(replicas)

    def set_replicas(self, replicas: list[Replica]) -> None:
        self.router.update_replicas(replicas)
        for replica in replicas:
            self.router.on_new_queue_len_info(replica.replica_id, replica.load)

    async def send(self, said: str, *more: str, adapter: str = "", key: str | None = None) -> str:
        """Return the name of the replica that gets a conversation's request."""
        roles = ("user", "assistant")
        messages = [{"role": roles[i % 2], "content": text} for i, text in enumerate((said, *more))]
        body = {"messages": messages, "prompt_cache_key": key}
        call = Call(
            Operation.CHAT_COMPLETION,
            b"",
            "r",
            prefix=prefix_of(Operation.CHAT_COMPLETION, body, adapter),
        )
        # Calls of one HTTP request have one id.
        metadata = RequestMetadata("r", "one", multiplexed_model_id=adapter)
        request = PendingRequest(args=[call], kwargs={}, metadata=metadata)
        chosen = await asyncio.wait_for(self.router._choose_replica_for_request(request), 5)
        self.router.on_request_routed(request, chosen.replica_id, None)
        return chosen.replica_id.unique_id

    def load(self, replica: Replica, requests: int) -> None:
        """Let a replica hold as many requests."""
        replica.load = requests
        self.router.on_new_queue_len_info(replica.replica_id, requests)


Start = Callable[..., Ingress]


@pytest.fixture
async def replicas() -> list[Replica]:
    return [Replica(name) for name in "abcd"]


@pytest.fixture
async def start() -> AsyncGenerator[Start]:
    yield Ingress
    await run_other_tasks()


async def test_next_turn_goes_where_the_turn_before_went(
    start: Start, replicas: list[Replica]
) -> None:
    ingress = start(replicas)
    first = [await ingress.send(f"{number} {LONG}") for number in range(20)]

    second = [await ingress.send(f"{n} {LONG}", "Deep.", "And wide?") for n in range(20)]

    assert second == first
    assert set(first) == set("abcd")


async def test_long_document_is_found_below_another_question(
    start: Start, replicas: list[Replica]
) -> None:
    ingress = start(replicas)
    holder = await ingress.send(f"{LONG} How deep is it?")

    assert {await ingress.send(f"{LONG} Question {number}") for number in range(20)} == {holder}


async def test_busy_holder_gives_its_requests_away_and_the_other_is_known_then(
    start: Start, replicas: list[Replica]
) -> None:
    ingress = start(replicas)
    holder = await ingress.send(LONG)
    (replica,) = (each for each in replicas if each.replica_id.unique_id == holder)

    ingress.load(replica, LEAD - 1)
    assert await ingress.send(LONG, "Deep.", "And wide?") == holder
    ingress.load(replica, LEAD + 1)
    other = await ingress.send(LONG, "Deep.", "And wide?")
    ingress.load(replica, 2)

    assert other != holder
    assert await ingress.send(LONG, "Deep.", "And wide?", "Very.", "Cold?") == other


async def test_short_beginning_is_not_worth_waiting_for(
    start: Start, replicas: list[Replica]
) -> None:
    ingress = start(replicas)
    holder = await ingress.send("Hello")
    (replica,) = (each for each in replicas if each.replica_id.unique_id == holder)

    assert {await ingress.send("Hello", "Hi.", "Well?") for _ in range(9)} == {holder}
    ingress.load(replica, 1)
    assert await ingress.send("Hello", "Hi.", "Well?") != holder


async def test_full_holder_gets_nothing_while_others_have_room(
    start: Start, replicas: list[Replica]
) -> None:
    ingress = start(replicas)
    holder = await ingress.send(LONG)
    for replica in replicas:
        full = replica.replica_id.unique_id == holder
        ingress.load(replica, PLACES if full else PLACES - 1)

    assert await ingress.send(LONG) != holder


async def test_load_spreads_when_all_begin_alike(start: Start, replicas: list[Replica]) -> None:
    ingress = start(replicas)
    sent: Counter[str] = Counter()
    for number in range(80):
        name = await ingress.send(f"{LONG} {number}")
        sent[name] += 1
        (replica,) = (each for each in replicas if each.replica_id.unique_id == name)
        ingress.load(replica, sent[name])

    assert max(sent.values()) - min(sent.values()) <= LEAD + 1, sent


async def test_two_ingresses_send_a_conversation_to_one_replica(
    start: Start, replicas: list[Replica]
) -> None:
    one, other = start(replicas), start(replicas[::-1])

    first = [await one.send(f"{number} {LONG}") for number in range(20)]

    assert [await other.send(f"{n} {LONG}", "Deep.", "Wide?") for n in range(20)] == first


async def test_requests_with_one_cache_key_go_to_one_replica(
    start: Start, replicas: list[Replica]
) -> None:
    one, other = start(replicas), start(replicas)

    chosen = {
        await ingress.send(f"{number} {LONG}", key="lakes")
        for number in range(9)
        for ingress in (one, other)
    }

    assert len(chosen) == 1


async def test_replica_that_goes_is_forgotten_and_one_that_comes_is_used(
    start: Start, replicas: list[Replica]
) -> None:
    ingress = start(replicas)
    holder = await ingress.send(LONG)
    rest = [each for each in replicas if each.replica_id.unique_id != holder]

    ingress.router.on_replica_actor_died(ReplicaID(holder, DEPLOYMENT))
    second = await ingress.send(LONG, "Deep.", "Wide?")
    ingress.set_replicas([*rest, Replica("e")])

    assert second != holder
    assert await ingress.send(LONG, "Deep.", "Wide?") == second
    assert "e" in {await ingress.send(f"{number} {LONG}") for number in range(40)}


async def test_adapter_is_asked_only_where_it_is_held(
    start: Start, replicas: list[Replica]
) -> None:
    ingress = start(replicas)
    base = await ingress.send(LONG)
    holder = next(each for each in replicas if each.replica_id.unique_id != base)
    holder.multiplexed_model_ids = {"one"}
    ingress.set_replicas(replicas)
    ingress.load(holder, PLACES - 1)

    assert {await ingress.send(LONG, adapter="one") for _ in range(9)} == {
        holder.replica_id.unique_id
    }
    assert await ingress.send(LONG) == base


async def test_adapter_on_several_replicas_follows_its_own_prefixes(
    start: Start, replicas: list[Replica]
) -> None:
    for replica in replicas[:3]:
        replica.multiplexed_model_ids = {"one"}
    ingress = start(replicas)

    first = [await ingress.send(f"{n} {LONG}", adapter="one") for n in range(12)]

    assert [await ingress.send(f"{n} {LONG}", "A", "B", adapter="one") for n in range(12)] == first
    assert set(first) == set("abc")


async def test_calls_of_one_http_request_are_all_routed(
    start: Start, replicas: list[Replica]
) -> None:
    ingress = start(replicas)

    names = await asyncio.gather(*(ingress.send(f"{number} {LONG}") for number in range(60)))

    assert await asyncio.gather(*(ingress.send(f"{n} {LONG}", "A", "B") for n in range(60))) == (
        names
    )


async def test_memory_is_bounded_and_keeps_what_was_seen_last(
    start: Start, replicas: list[Replica]
) -> None:
    ingress = start(replicas, memory=100)

    for number in range(50):
        await ingress.send(f"{number} {LONG}")
    latest = await ingress.send(LONG)

    assert len(ingress.router._seen) <= 100
    assert await ingress.send(LONG, "Deep.", "Wide?") == latest


async def test_call_without_a_prefix_goes_to_the_less_busy_of_two(
    start: Start, replicas: list[Replica]
) -> None:
    ingress = start(replicas[:2])
    ingress.load(replicas[0], 3)
    request = PendingRequest(
        args=[Call(Operation.TOKENIZE, b"", "r")], kwargs={}, metadata=RequestMetadata("r", "one")
    )

    chosen = await ingress.router._choose_replica_for_request(request)

    assert chosen is replicas[1]


@pytest.mark.parametrize(
    ("changes", "router"),
    [
        ({}, "PrefixRouter"),
        ({"prefix_lead": None}, "PowerOfTwoChoicesRequestRouter"),
        ({"kind": "rerank"}, "PowerOfTwoChoicesRequestRouter"),
    ],
)
def test_model_gets_the_router_that_its_configuration_says(
    changes: dict[str, Any], router: str
) -> None:
    application = build({"kind": "chat", "model_id": "m", "model": "embedded/chat"} | changes)

    (model,) = application._bound_deployment.init_args
    config = model._bound_deployment._deployment_config.request_router_config
    assert config.get_request_router_class().__name__ == router
