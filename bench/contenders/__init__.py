"""Servers that are measured: how each starts, where it answers, which of its processes is what."""

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from deployments.config import resolve_model
from tests.serve.server import LOCAL, application

MODEL = "gpt-4o"
"""The name by which every contender's chat model is asked for."""


@dataclass(frozen=True, slots=True)
class Probe:
    """The request that tells whether a server works: ready is who has begun to answer it."""

    path: str
    body: dict[str, Any]


FIRST_TOKEN = Probe(
    "/v1/chat/completions",
    {
        "model": MODEL,
        "messages": [{"role": "user", "content": "Hello!"}],
        "max_tokens": 4,
        "temperature": 0,
        "ignore_eos": True,
        "stream": True,
    },
)


@dataclass(frozen=True, slots=True)
class Launch:
    """The command that starts a server, and where it will answer."""

    command: list[str]
    url: str
    environment: dict[str, str] = field(default_factory=dict[str, str])
    probe: Probe = FIRST_TOKEN


class Contender(Protocol):
    """One kind of server."""

    name: str

    def prepare(self) -> None:
        """Install what it needs beyond the project's environment; done before any clock runs."""

    def launch(self, directory: Path) -> Launch:
        """Return how to start it, with its files in a directory of its own."""
        ...

    def role(self, title: str) -> str:
        """Return which role a process of it has."""
        ...

    def settle(self, processes: dict[int, str]) -> None:
        """Do what is best done once it runs; its processes are given with their roles."""


@dataclass(frozen=True, slots=True)
class ChatEngine:
    """The chat model of a configuration, as vLLM itself takes it: the same for everyone."""

    path: str
    options: dict[str, Any]
    environment: dict[str, str]
    needs_gpu: bool = False


def chat_engine(config: dict[str, Any] = LOCAL) -> ChatEngine:
    """Read the engine's options where Homeport has them."""
    chat = application(config, "chat")
    (deployment,) = chat["deployments"]
    return ChatEngine(
        resolve_model(chat["args"]["model"]),
        chat["args"]["engine_kwargs"],
        deployment["ray_actor_options"]["runtime_env"]["env_vars"],
        bool(deployment["ray_actor_options"].get("num_gpus")),
    )


def clean_environment() -> dict[str, str]:
    """Return this process' environment without what a developer has set for Ray or vLLM."""
    ours = ("RAY_", "VLLM_", "HOMEPORT_")
    return {name: value for name, value in os.environ.items() if not name.startswith(ours)}
