"""Imports what every engine core imports."""

import gc
from importlib import import_module
from typing import Any

import_module("vllm.v1.engine.core")

platforms: Any = import_module("vllm.platforms")
if platforms.current_platform.is_cpu():
    import_module("vllm.v1.worker.cpu_worker")

# Or the first collection in the engine core would write to, and so copy, what both could share.
gc.freeze()
