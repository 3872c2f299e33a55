# pyright: standard
"""What the engines of embeddings and rerank share around their encoder: load, health, close."""

import asyncio
from abc import ABC, abstractmethod
from typing import Any, Self

from deployments.base import OperationEngine
from deployments.sentence_transformers.config import EncoderConfig
from deployments.sentence_transformers.encoder import Encoder, Model


class EncoderEngine(OperationEngine, ABC):
    """An engine around an encoder. Subclasses say what becomes of its rows."""

    def __init__(self, model: Model, config: EncoderConfig) -> None:
        self.encoder = Encoder(model, config)

    @classmethod
    async def load(cls, config: Any) -> Self:
        """Load the model.

        Raises:
            ModelLoadError: the model or its options are wrong.
        """
        return cls(await asyncio.to_thread(cls._load, config), config)

    @staticmethod
    @abstractmethod
    def _load(config: Any) -> Any:
        """Return the library's model."""

    async def check_health(self) -> None:
        """Raise when the model cannot work any more."""
        self.encoder.check_health()

    async def close(self) -> None:
        """Forget what waits."""
        self.encoder.close()

    def num_unfinished(self) -> int:
        """Return how much work waits or runs."""
        return self.encoder.num_unfinished()
