import asyncio
import threading
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import pytest

from deployments.owner import OWNER
from deployments.sentence_transformers.batching import TokenBatcher
from tests.support.waiting import run_other_tasks
from wire.errors import ModelOverloadedError


@dataclass(frozen=True)
class Text:
    name: str
    num_tokens: int


class Passes:
    """Does the work of a batcher: keeps what was in each pass, and waits until it is let go."""

    def __init__(self) -> None:
        self.seen: list[list[str]] = []
        self.may_go = threading.Semaphore(0)
        self.began = threading.Semaphore(0)

    def __call__(self, items: Sequence[Text]) -> list[str]:
        self.seen.append([item.name for item in items])
        self.began.release()
        assert self.may_go.acquire(timeout=10)
        if any(item.name == "bad" for item in items):
            raise RuntimeError("bad")
        return [item.name.upper() for item in items]

    async def wait_for_one(self) -> None:
        assert await asyncio.to_thread(self.began.acquire, timeout=10)

    def let_go(self, passes: int = 100) -> None:
        self.may_go.release(passes)


@pytest.fixture
def passes() -> Passes:
    return Passes()


@pytest.fixture
def batcher(passes: Passes) -> TokenBatcher[Text]:
    return TokenBatcher[Text](passes, max_batch_tokens=1000, max_queued_tokens=12_000)


async def begin(batcher: TokenBatcher[Text], *items: Text) -> asyncio.Task[list[str]]:
    task = asyncio.create_task(batcher.run(items))
    await run_other_tasks()
    return task


async def test_batcher_runs_what_waits_together(
    batcher: TokenBatcher[Text], passes: Passes
) -> None:
    first = await begin(batcher, Text("a", 5))
    await passes.wait_for_one()
    others = [await begin(batcher, Text(name, 5)) for name in "bcd"]
    passes.let_go()

    assert await asyncio.gather(first, *others) == [["A"], ["B"], ["C"], ["D"]]
    assert passes.seen == [["a"], ["b", "c", "d"]]


async def test_batcher_returns_results_in_the_order_of_each_request(
    batcher: TokenBatcher[Text], passes: Passes
) -> None:
    passes.let_go()
    texts = [[Text(f"{i}-{j}", 1 + (i * 37 + j * 101) % 300) for j in range(8)] for i in range(8)]

    results = await asyncio.gather(*(batcher.run(items) for items in texts))

    assert results == [[item.name.upper() for item in items] for items in texts]


async def test_batcher_never_pads_a_pass_beyond_its_limit(
    batcher: TokenBatcher[Text], passes: Passes
) -> None:
    passes.let_go()
    texts = {f"{i}": Text(f"{i}", 1 + i * 31 % 200) for i in range(150)}

    await batcher.run(list(texts.values()))

    for names in passes.seen:
        lengths = [texts[name].num_tokens for name in names]
        padded = max(lengths) * len(lengths)
        assert padded <= 1000
        assert padded - sum(lengths) <= max(64, padded / 4)


async def test_batcher_runs_an_item_beyond_its_limit_alone(
    batcher: TokenBatcher[Text], passes: Passes
) -> None:
    passes.let_go()

    assert await batcher.run([Text("a", 5000), Text("b", 5000)]) == ["A", "B"]
    assert passes.seen == [["a"], ["b"]]


async def test_batcher_serves_a_small_request_amid_a_large_one(
    batcher: TokenBatcher[Text], passes: Passes
) -> None:
    large = await begin(batcher, *(Text(f"l{i}", 200) for i in range(50)))
    await passes.wait_for_one()
    small = await begin(batcher, Text("s", 200))
    passes.let_go(3)

    assert await small == ["S"]
    assert not large.done()
    passes.let_go()
    assert len(await large) == 50


async def test_batcher_never_runs_what_was_cancelled_while_it_waited(
    batcher: TokenBatcher[Text], passes: Passes
) -> None:
    first = await begin(batcher, Text("a", 5))
    await passes.wait_for_one()
    gone = await begin(batcher, Text("gone", 5))
    stays = await begin(batcher, Text("b", 5))
    gone.cancel()
    passes.let_go()

    assert await asyncio.gather(first, stays) == [["A"], ["B"]]
    assert gone.cancelled() or await asyncio.wait({gone})
    assert "gone" not in [name for names in passes.seen for name in names]


async def test_batcher_keeps_groups_apart(batcher: TokenBatcher[Text], passes: Passes) -> None:
    first = await begin(batcher, Text("a", 5))
    await passes.wait_for_one()
    queries = asyncio.create_task(batcher.run([Text("q", 5)], "query"))
    texts = asyncio.create_task(batcher.run([Text("d", 5)], "document"))
    passes.let_go()
    await asyncio.gather(first, queries, texts)

    assert passes.seen == [["a"], ["q"], ["d"]]


async def test_batcher_fails_only_the_requests_of_the_pass_that_failed(
    batcher: TokenBatcher[Text], passes: Passes
) -> None:
    first = await begin(batcher, Text("bad", 5))
    await passes.wait_for_one()
    second = await begin(batcher, Text("b", 5))
    passes.let_go()

    with pytest.raises(RuntimeError):
        await first
    assert await second == ["B"]
    assert await batcher.run([Text("c", 5)]) == ["C"]


async def test_batcher_refuses_while_too_much_waits(
    batcher: TokenBatcher[Text], passes: Passes
) -> None:
    waiting = [await begin(batcher, *(Text(f"{i}", 200) for i in range(50)))]
    await passes.wait_for_one()
    waiting.append(await begin(batcher, *(Text(f"{i}", 200) for i in range(29))))

    with pytest.raises(ModelOverloadedError):
        await batcher.run([Text("late", 400)])
    waiting.append(await begin(batcher, Text("small", 5)))
    passes.let_go()
    await asyncio.gather(*waiting)
    assert await batcher.run([Text("later", 5)]) == ["LATER"]
    assert batcher.num_unfinished() == 0


async def begin_as(
    owner: str, batcher: TokenBatcher[Text], *items: Text
) -> asyncio.Task[list[str]]:
    """Begin a request of an owner, who is that of the tasks which this one begins."""
    OWNER.set(owner)
    return await begin(batcher, *items)


class HeldPasses:
    """Does the work of a batcher, and holds each pass until the first of its items is named."""

    def __init__(self) -> None:
        self._began = defaultdict[str, threading.Event](threading.Event)
        self._may_end = defaultdict[str, threading.Event](threading.Event)

    def __call__(self, items: Sequence[Text]) -> list[str]:
        name = items[0].name
        self._began[name].set()
        assert self._may_end[name].wait(timeout=30)
        return [item.name.upper() for item in items]

    async def wait_for(self, name: str) -> None:
        assert await asyncio.to_thread(self._began[name].wait, timeout=30)

    def has_begun(self, name: str) -> bool:
        return self._began[name].is_set()

    def end(self, *names: str) -> None:
        for name in names:
            self._may_end[name].set()


async def test_batcher_gives_owners_their_turns_by_tokens() -> None:
    held = HeldPasses()
    batcher = TokenBatcher[Text](held, max_batch_tokens=1000, max_queued_tokens=12_000)
    work = [
        await begin_as(name[0], batcher, Text(name, num_tokens))
        for num_tokens, names in ((600, "a0 b0"), (300, "c0 c1 c2 c3"), (600, "a1 b1 a2"))
        for name in names.split()
    ]
    await held.wait_for("a0")
    await held.wait_for("b0")

    order = "a0 c0, c0 c1, c1 c2, c2 a1, b0 b1, b1 c3, a1 a2"
    for ended, following in map(str.split, order.split(", ")):
        assert not held.has_begun(following)
        held.end(ended)
        await held.wait_for(following)
    held.end("a2", "c3")

    await asyncio.gather(*work)
    assert batcher.num_unfinished() == 0


async def test_batcher_runs_an_owner_beside_the_pass_of_another() -> None:
    held = HeldPasses()
    batcher = TokenBatcher[Text](held, max_batch_tokens=1000, max_queued_tokens=12_000)
    flood = [await begin_as("a", batcher, Text(f"a{i}", 600)) for i in range(3)]
    await held.wait_for("a0")

    for number in range(3):
        quiet = await begin_as("b", batcher, Text(f"b{number}", 600))
        held.end(f"b{number}")
        assert await quiet == [f"B{number}"]
    assert not held.has_begun("a1")

    held.end("a0", "a1", "a2")
    await asyncio.gather(*flood)


async def test_batcher_refuses_only_the_owner_who_fills_the_queue(
    batcher: TokenBatcher[Text], passes: Passes
) -> None:
    flood = [
        await begin_as("a", batcher, *(Text(f"{i}", 200) for i in range(31))) for _ in range(2)
    ]
    await passes.wait_for_one()
    OWNER.set("a")
    with pytest.raises(ModelOverloadedError):
        await batcher.run([Text("more", 900)])

    quiet = await begin_as("b", batcher, *(Text(f"{i}", 200) for i in range(31)))
    passes.let_go()

    await asyncio.gather(*flood, quiet)


async def test_batcher_makes_short_passes_while_several_owners_have_requests(
    batcher: TokenBatcher[Text], passes: Passes
) -> None:
    first = await begin_as("a", batcher, *(Text(f"a{i}", 50) for i in range(40)))
    await passes.wait_for_one()
    quiet = await begin_as("b", batcher, Text("b", 50))
    second = await begin_as("a", batcher, *(Text(f"c{i}", 50) for i in range(40)))
    passes.let_go()
    await asyncio.gather(first, quiet, second)

    assert len(passes.seen[0]) == 20  # 1000 tokens
    assert max(len(names) for names in passes.seen if "c0" in names) == 5
