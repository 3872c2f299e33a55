# pyright: standard
"""What nobody waits for goes behind the rest in vLLM's queue, and makes room first.

Of requests alike, vLLM's scheduling by priority does as its default does.
"""

from typing import Any

from vllm.config import VllmConfig

from wire.calls import Call

BY_PRIORITY: dict[str, Any] = {"scheduling_policy": "priority"}
"""Options of an engine that knows who goes behind, where the operator sets no other."""

BEHIND = 1
"""vLLM's number of what is less urgent than the usual 0."""


def put_behind(body: Any, call: Call, config: VllmConfig) -> None:
    """Say in a request's body that it goes behind the others, if its call says so."""
    by_priority = config.scheduler_config.policy == "priority"
    if call.low_priority and by_priority and hasattr(body, "priority"):
        body.priority = BEHIND
