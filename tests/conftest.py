"""Environment of the whole test run, set before anything imports Ray."""

import gc
import os

from operate.ray_environment import ray_environment

for name in [name for name in os.environ if name.startswith("RAY_")]:
    del os.environ[name]  # a Ray of the developer's must not reach into the tests
# What a client of the tests' Ray needs; the rest is for the server, which sets it itself.
settings = ray_environment()
os.environ |= {name: settings[name] for name in settings if name.startswith("RAY_AUTH")}


def pytest_collection_finish() -> None:
    """Keep the collector from what the imports left, which stays for good.

    To look through it took up to 5 s at a time, in which no test went on.
    """
    gc.collect()
    gc.freeze()
