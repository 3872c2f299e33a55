"""Routes a chat request to the replica that has the beginning of its prompt cached, unless busy.

Serve pickles this class by value into each ingress replica: the module imports nothing of ours,
and each process has its own state. It does not read prompts: a call has the marks of its prompt
(``prompt_prefix``), or none.
"""

import random
from collections import OrderedDict
from collections.abc import Sequence
from hashlib import blake2b
from typing import Any
from weakref import WeakValueDictionary

from ray.serve.request_router import (
    FIFOMixin,
    LocalityMixin,
    MultiplexMixin,
    PendingRequest,
    ReplicaID,
    RequestRouter,
    RunningReplica,
)


class PrefixRouter(FIFOMixin, LocalityMixin, MultiplexMixin, RequestRouter):
    """Power of two choices, as Serve's own router, for prompts that no replica has cached.

    For other prompts each replica has a cost: the number of its requests, plus one for each KiB of
    the prompt that another replica has cached and it has not. The lowest cost wins.
    """

    def initialize_state(
        self, lead: int = 8, slots: int = 10**9, memory: int = 50_000, **_: Any
    ) -> None:
        """Set the options of the deployment's ``request_router_kwargs``.

        Args:
            lead: Maximum number of additional requests that a cached prompt outweighs.
            slots: Number of requests from which a replica refuses.
            memory: Maximum number of marks, some 200 bytes each. The least recently used go first.
        """
        self._lead = lead
        self._slots = slots
        self._memory = memory
        self._seen: OrderedDict[int, tuple[str, ...]] = OrderedDict()
        self._routed: WeakValueDictionary[int, PendingRequest] = WeakValueDictionary()

    async def choose_replicas(
        self,
        candidate_replicas: list[RunningReplica],
        pending_request: PendingRequest | None = None,
    ) -> list[list[RunningReplica]]:
        """Return the best replica, and two at random in case it does not accept."""
        if pending_request is None:
            return [_choose_two(candidate_replicas)]
        self._routed[id(pending_request.metadata)] = pending_request
        if pending_request.metadata.multiplexed_model_id:
            ids = self.apply_multiplex_routing(pending_request)
        else:
            ids = self.apply_locality_routing(pending_request)
        replicas = [self.curr_replicas[each] for each in ids]
        prefix = _get_prefix(pending_request)
        if prefix is None or len(replicas) < 2:
            return [_choose_two(replicas)]
        return [[self._best(replicas, prefix)], _choose_two(replicas)]

    def on_request_routed(
        self, pending_request: PendingRequest, replica_id: ReplicaID, result: Any
    ) -> None:
        """Record that this replica has the prompt cached."""
        prefix = _get_prefix(pending_request)
        if prefix is None:
            return
        here = replica_id.unique_id
        running: set[str] | None = None
        for mark, _ in prefix.marks:
            holders = self._seen.get(mark, ())
            if here not in holders:
                if holders:
                    running = running or {each.unique_id for each in self.curr_replicas}
                    holders = tuple(each for each in holders if each in running)
                self._seen[mark] = (here, *holders)
            self._seen.move_to_end(mark)
        while len(self._seen) > self._memory:
            self._seen.popitem(last=False)

    def _best(self, replicas: Sequence[RunningReplica], prefix: Any) -> RunningReplica:
        held = self._count_cached_bytes(replicas, prefix)
        most = max(held.values(), default=0)

        def cost(replica: RunningReplica) -> tuple[bool, float, int]:
            requests = self.replica_queue_len_cache.get(replica.replica_id) or 0
            known = held.get(replica.replica_id.unique_id, 0)
            return (
                requests >= self._slots,
                requests + min(self._lead, (most - known) // 1024),
                -known,
            )

        return min(random.sample(replicas, len(replicas)), key=cost)

    def _count_cached_bytes(
        self, replicas: Sequence[RunningReplica], prefix: Any
    ) -> dict[str, int]:
        """Return how many bytes of the prompt each replica is known to have cached.

        If no replica is known to have the conversation's earlier messages, another ingress may have
        sent them. So all ingresses slightly prefer the same replica among those with the most.
        """
        names = {replica.replica_id.unique_id for replica in replicas}
        held: dict[str, int] = {}
        for mark, size in reversed(prefix.marks):
            for name in self._seen.get(mark, ()):
                if name in names:
                    held.setdefault(name, size)
            if len(held) == len(names):
                break
        most = max(held.values(), default=0)
        if most < prefix.home_bytes:
            likely = [name for name, size in held.items() if size == most] or names
            home = max(likely, key=lambda name: _rank(prefix.home, name))
            held[home] = min(most + GUESS, prefix.marks[-1][1])
        return held

    def _get_pending_request_matching_metadata(
        self, request_metadata: Any = None
    ) -> PendingRequest | None:
        """Return the request that a replica was chosen for.

        ``FIFOMixin`` returns the oldest. ``RequestRouter`` compares the ids of HTTP requests, which
        several calls may share: all but the first would wait forever.
        """
        request = self._routed.get(id(request_metadata))
        return request if request is not None and not request.future.done() else None


GUESS = 2048
"""Bytes that the preference for a likely replica is worth: two requests."""


def _get_prefix(request: PendingRequest) -> Any:
    return getattr(request.args[0], "prefix", None) if request.args else None


def _choose_two(replicas: Sequence[RunningReplica]) -> list[RunningReplica]:
    return random.sample(replicas, min(2, len(replicas)))


def _rank(home: int, name: str) -> bytes:
    """Return a replica's rank for a conversation, the same in every process."""
    return blake2b(name.encode(), key=home.to_bytes(8), digest_size=8).digest()
