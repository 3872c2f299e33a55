# pyright: standard
"""Requests of background work come last in vLLM's queue, and are preempted first.

Among requests of one priority, vLLM schedules as it does by default.
"""

from typing import Any

from vllm.config import VllmConfig

from wire.calls import Call

BY_PRIORITY: dict[str, Any] = {"scheduling_policy": "priority"}
"""Options of the engine, unless the operator sets others."""

LOW_PRIORITY = 1
"""Less urgent than vLLM's default of 0."""


def set_priority(body: Any, call: Call, config: VllmConfig) -> None:
    """Set the low priority in a request's body if its call has it."""
    by_priority = config.scheduler_config.policy == "priority"
    if call.low_priority and by_priority and hasattr(body, "priority"):
        body.priority = LOW_PRIORITY
