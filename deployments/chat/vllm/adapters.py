# pyright: standard
"""LoRA adapters of a chat model: where they are, and how vLLM loads them.

Serve decides which of them a replica holds, by the requests that name them.
"""

import json
import re
from pathlib import Path
from typing import Any

from vllm.entrypoints.openai.models.serving import OpenAIServingModels
from vllm.entrypoints.serve.engine.protocol import ErrorResponse
from vllm.entrypoints.serve.lora.protocol import (
    LoadLoRAAdapterRequest,
    UnloadLoRAAdapterRequest,
)

from deployments.chat.config import ChatConfig
from deployments.config import resolve_model
from wire.card import ADAPTER_NAME
from wire.errors import ModelFailedError, ModelLoadError, ModelNotFoundError

RANKS = (8, 16, 32, 64, 128, 256, 320, 512)
"""The values that vLLM accepts as the largest rank."""


def adapter_options(config: ChatConfig) -> dict[str, Any]:
    """Return vLLM's options for the adapters of a model; the operator's own take precedence.

    Raises:
        ModelLoadError: an adapter is not at its configured path.
    """
    if not config.has_adapters:
        return {}
    ranks = [_rank(resolve_model(path)) for path in config.adapters.values()]
    largest = max(ranks, default=RANKS[1])
    return {
        "enable_lora": True,
        "max_loras": config.max_adapters,
        "max_lora_rank": next((rank for rank in RANKS if rank >= largest), RANKS[-1]),
    }


class LoadedAdapter:
    """An adapter that a replica holds. Serve awaits ``__del__`` when another takes its place."""

    def __init__(self, models: OpenAIServingModels, name: str) -> None:
        self._models = models
        self._name = name

    async def __del__(self) -> None:  # pyright: ignore[reportIncompatibleMethodOverride]
        await self._models.unload_lora_adapter(UnloadLoRAAdapterRequest(lora_name=self._name))


class Adapters:
    """Finds and loads the adapters of a model."""

    def __init__(self, models: OpenAIServingModels, config: ChatConfig) -> None:
        self._models = models
        self._config = config

    async def load(self, name: str) -> LoadedAdapter:
        """Load an adapter.

        Raises:
            ModelNotFoundError: there is none of this name.
            ModelFailedError: it does not fit the model; has the reason.
        """
        full_name = f"{self._config.model_id}:{name}"
        request = LoadLoRAAdapterRequest(lora_name=full_name, lora_path=self._path(name))
        answer = await self._models.load_lora_adapter(request)
        if isinstance(answer, ErrorResponse):
            raise ModelFailedError(
                f"Adapter '{name}' could not be loaded: {answer.error.message}", "model"
            )
        return LoadedAdapter(self._models, full_name)

    def _path(self, name: str) -> str:
        if name in self._config.adapters:
            return resolve_model(self._config.adapters[name])
        root = self._config.adapters_root
        if root is not None and re.fullmatch(ADAPTER_NAME, name):
            path = Path(resolve_model(root)) / name
            if (path / "adapter_config.json").is_file():
                return str(path)
        raise ModelNotFoundError(
            f"Model '{self._config.model_id}' has no adapter '{name[:100]}'.", "model"
        )


def _rank(path: str) -> int:
    """Return the rank of a local adapter; one from the hub has it only after the download."""
    facts = Path(path) / "adapter_config.json"
    if not Path(path).is_dir():
        return RANKS[1]
    try:
        return int(json.loads(facts.read_text())["r"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ModelLoadError(f"No LoRA adapter at '{path}': {error}.") from error
