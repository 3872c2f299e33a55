"""The measured servers: how each starts, its address, and the roles of its processes."""

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from deployments.config import resolve_model
from tests.support.server import LOCAL, application

MODEL = "gpt-4o"
"""The model name in requests to all contenders."""


@dataclass(frozen=True, slots=True)
class Probe:
    """The request that tests whether a server is ready: it has started to answer it."""

    path: str
    body: dict[str, Any]
    key: str = ""
    """API key, where the server wants one."""


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
    """The command that starts a server, and its address."""

    command: list[str]
    url: str
    environment: dict[str, str] = field(default_factory=dict[str, str])
    probe: Probe = FIRST_TOKEN


class Contender(Protocol):
    """A server to measure."""

    name: str

    def prepare(self) -> None:
        """Install what it needs beyond the project's environment; not measured."""

    def launch(self, directory: Path) -> Launch:
        """Return the command, with its files in a directory of its own."""
        ...

    def role(self, title: str) -> str:
        """Return the role of one of its processes."""
        ...

    def settle(self, processes: dict[int, str]) -> None:
        """Tune the running server; its processes are passed with their roles."""


@dataclass(frozen=True, slots=True)
class ChatEngine:
    """The chat model of a configuration in vLLM's terms, the same for all contenders."""

    path: str
    options: dict[str, Any]
    environment: dict[str, str]
    needs_gpu: bool = False


def chat_engine(config: dict[str, Any] = LOCAL) -> ChatEngine:
    """Read the engine's options from Homeport's configuration."""
    chat = application(config, "chat")
    (deployment,) = chat["deployments"]
    return ChatEngine(
        resolve_model(chat["args"]["model"]),
        chat["args"]["engine_kwargs"],
        deployment["ray_actor_options"]["runtime_env"]["env_vars"],
        bool(deployment["ray_actor_options"].get("num_gpus")),
    )


def clean_environment() -> dict[str, str]:
    """Return this process's environment without variables of Ray and vLLM."""
    ours = ("RAY_", "VLLM_", "HOMEPORT_")
    return {name: value for name, value in os.environ.items() if not name.startswith(ours)}
