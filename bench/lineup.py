"""Which tables there are, and who is compared in each: a new table is an entry here."""

from collections.abc import Callable, Sequence
from typing import Any

from bench.contenders import Contender
from bench.contenders.bare_fastapi import BareFastAPI
from bench.contenders.homeport import Homeport
from bench.contenders.ray_serve_llm import STREAMED_DIRECTLY, TUNED, RayServeLLM
from bench.contenders.vllm_serve import VllmServe
from bench.tables import Table
from bench.tables.chat import Chat
from bench.tables.growth import Growth
from bench.tables.kinds import Kinds
from bench.tables.mixed import Mixed
from bench.tables.start import Start
from bench.tables.unary import Unary
from tests.serve.server import LOCAL

MORE: dict[str, Callable[[dict[str, Any]], Contender]] = {
    "bound": lambda config: VllmServe("vllm serve, bound", config, bound=True),
    "direct": lambda config: RayServeLLM(
        "ray.serve.llm, direct", TUNED | STREAMED_DIRECTLY, config
    ),
}
"""Who serves chat only when asked for."""


def tables(*more: str, config: dict[str, Any] = LOCAL) -> dict[str, Table]:
    """Return every table by its name, in the order in which they are measured and written.

    With another configuration than local.yaml those of its chat model alone.
    """
    every = _of_chat(config, more)
    if config is LOCAL:
        every += [Kinds(), Mixed(), Growth()]
    return {table.name: table for table in every}


def _of_chat(config: dict[str, Any], more: Sequence[str]) -> list[Table]:
    """Return the tables of a configuration's chat model.

    Others serve it as they come, and with all that is known to make them better. Of one name there
    is one contender: tables that name the same share its starts.
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
