"""The tables and the contenders of each; a new table is an entry here."""

from collections.abc import Callable, Sequence
from typing import Any

from bench.contenders import Contender
from bench.contenders.bare_fastapi import BareFastAPI
from bench.contenders.homeport import Homeport
from bench.contenders.ray_serve_llm import STREAMED_DIRECTLY, TUNED, RayServeLLM
from bench.contenders.vllm_serve import VllmServe
from bench.tables import Table
from bench.tables.chat import Chat
from bench.tables.fairness import Fairness
from bench.tables.growth import Growth
from bench.tables.kinds import Kinds
from bench.tables.mixed import Mixed
from bench.tables.start import Start
from bench.tables.unary import Unary
from tests.support.server import LOCAL

MORE: dict[str, Callable[[dict[str, Any]], Contender]] = {
    "bound": lambda config: VllmServe("vllm serve, bound", config, bound=True),
    "direct": lambda config: RayServeLLM(
        "ray.serve.llm, direct", TUNED | STREAMED_DIRECTLY, config
    ),
}
"""Contenders of chat that run only with ``--also``."""


def tables(*more: str, config: dict[str, Any] = LOCAL) -> dict[str, Table]:
    """Return the tables by name, in the order in which they are measured and written.

    For a configuration other than test.yaml, only those of its chat model.
    """
    every = _of_chat(config, more)
    if config is LOCAL:
        every += [Kinds(), Mixed(), Fairness(), Growth()]
    return {table.name: table for table in every}


def _of_chat(config: dict[str, Any], more: Sequence[str]) -> list[Table]:
    """Return the tables of a configuration's chat model.

    Other servers run with their defaults, and with all known improvements. Contenders of the same
    name are started once for all tables.
    """
    contenders: tuple[Contender, ...] = (
        Homeport(config=config),
        VllmServe(config=config),
        RayServeLLM("ray.serve.llm", config=config),
        RayServeLLM("ray.serve.llm, tuned", TUNED, config),
        *(MORE[name](config) for name in more),
    )
    unary = (*contenders, BareFastAPI(config))
    return [Start(contenders), Chat(contenders), Unary(unary)]
