# pyright: standard
"""The size of the KV cache of a model on CPUs, where the operator has not set one.

vLLM's default is 92 % of the machine's memory, and it refuses to start where that is not free.
"""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from vllm.platforms import current_platform

from wire.logging import get_logger

logger = get_logger(__name__)

SETTINGS = ("kv_cache_memory_bytes", "gpu_memory_utilization")
VARIABLE = "VLLM_CPU_KVCACHE_SPACE"
PART = 4
"""The cache gets this part of the free memory: the rest is for the model's weights, which are not
loaded yet, and for the other models."""
MAX_BYTES = 4 * 2**30
"""More than small models on a CPU fill with a few requests at once."""
FIT = -1
"""The value of ``max_model_len`` with which vLLM shortens the context until it fits the cache."""


def cache_size(options: Mapping[str, Any]) -> dict[str, Any]:
    """Return the options that size the KV cache on a CPU; none where the operator has done so."""
    if not current_platform.is_cpu() or os.environ.get(VARIABLE):
        return {}
    if any(options.get(name) is not None for name in SETTINGS):
        return {}
    free = free_memory()
    size = min(free // PART, MAX_BYTES)
    logger.info(
        "The KV cache gets %.1f of %.1f GiB of free memory. engine_kwargs.%s sets another size.",
        size / 2**30,
        free / 2**30,
        SETTINGS[0],
    )
    return {"kv_cache_memory_bytes": size, "max_model_len": FIT}


def free_memory(proc: Path = Path("/proc"), cgroup: Path = Path("/sys/fs/cgroup")) -> int:
    """Return the bytes that this process may still take: the machine's, or the container's."""
    meminfo = dict(line.split(":", 1) for line in (proc / "meminfo").read_text().splitlines())
    available = int(meminfo["MemAvailable"].split()[0]) * 1024
    try:
        limit = (cgroup / "memory.max").read_text().strip()
        used = int((cgroup / "memory.current").read_text())
    except OSError:  # no limits for groups, or none of version 2
        return available
    return available if limit == "max" else max(min(available, int(limit) - used), 0)
