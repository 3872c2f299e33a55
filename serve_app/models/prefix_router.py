"""Chooses a chat model's replica: the one that has a prompt's beginning cached, unless it is busy.

Serve loads this class, pickled by value, into each ingress replica; so the module stands for
itself, and what it has learnt stays in its process. It knows nothing of HTTP and of prompts: a
call brings its marks (``prompt_prefix``), or none.
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
    """Power of two choices, as Serve's own, for what no replica has begun to read before.

    For the others every replica has a cost: the requests that it holds, and a request more for
    each KiB of the prompt that it would read and another one need not. The least cost wins.
    """

    def initialize_state(
        self, lead: int = 8, slots: int = 10**9, memory: int = 50_000, **_: Any
    ) -> None:
        """Take what the deployment's ``request_router_kwargs`` say.

        Args:
            lead: How many more requests than the least busy replica the best one may hold.
            slots: How many requests a replica takes before it refuses.
            memory: How many marks are remembered, some 200 bytes each. Those that were not seen
                for the longest time go first.
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
            return [_two_of(candidate_replicas)]
        self._routed[id(pending_request.metadata)] = pending_request
        if pending_request.metadata.multiplexed_model_id:
            ids = self.apply_multiplex_routing(pending_request)
        else:
            ids = self.apply_locality_routing(pending_request)
        replicas = [self.curr_replicas[each] for each in ids]
        prefix = _prefix_of(pending_request)
        if prefix is None or len(replicas) < 2:
            return [_two_of(replicas)]
        return [[self._best(replicas, prefix)], _two_of(replicas)]

    def on_request_routed(
        self, pending_request: PendingRequest, replica_id: ReplicaID, result: Any
    ) -> None:
        """Remember who has this beginning from now on."""
        prefix = _prefix_of(pending_request)
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
        held = self._held(replicas, prefix)
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

    def _held(self, replicas: Sequence[RunningReplica], prefix: Any) -> dict[str, int]:
        """Return how many bytes of the prompt each replica has read before, as far as is known.

        Where none is known to have read what the conversation began with, another ingress may
        have sent that somewhere. So of those that have read the most, if any, all of them prefer
        the same one, a little.
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
            home = max(likely, key=lambda name: _weight(prefix.home, name))
            held[home] = min(most + GUESS, prefix.marks[-1][1])
        return held

    def _get_pending_request_matching_metadata(
        self, request_metadata: Any = None
    ) -> PendingRequest | None:
        """Return the request that a replica was chosen for, which Serve asks of ``FIFOMixin``.

        Its own answer is the one that waits longest. The default of ``RequestRouter`` goes by the
        id of the HTTP request, which several calls may share: all but the first would wait for
        ever.
        """
        request = self._routed.get(id(request_metadata))
        return request if request is not None and not request.future.done() else None


GUESS = 2048
"""Bytes that a mere guess is worth: two requests."""


def _prefix_of(request: PendingRequest) -> Any:
    return getattr(request.args[0], "prefix", None) if request.args else None


def _two_of(replicas: Sequence[RunningReplica]) -> list[RunningReplica]:
    return random.sample(replicas, min(2, len(replicas)))


def _weight(home: int, name: str) -> bytes:
    """Return where a replica stands among those of a conversation, the same in every process."""
    return blake2b(name.encode(), key=home.to_bytes(8), digest_size=8).digest()
