"""The embeddings deployment: which engine an embeddings model gets."""

from deployments.base import Engine, ModelDeployment
from deployments.config import resolve_model
from deployments.embeddings.config import EmbeddingsConfig


class EmbeddingsDeployment(ModelDeployment):
    """A replica of an embeddings model."""

    async def build_engine(self, config: EmbeddingsConfig) -> Engine:
        """Load the model with the backend its config names. The library is imported only here."""
        resolve_model(config.model)  # a wrong path is told before the library's slow import
        match config.backend:
            case "sentence-transformers":
                from deployments.embeddings.sentence_transformers_engine import (
                    SentenceTransformersEngine,
                )

                return await SentenceTransformersEngine.load(config)
