"""The rerank deployment: which engine a rerank model gets."""

from deployments.base import Engine, ModelDeployment
from deployments.config import resolve_model
from deployments.rerank.config import RerankConfig


class RerankDeployment(ModelDeployment):
    """A replica of a rerank model."""

    async def build_engine(self, config: RerankConfig) -> Engine:
        """Load the model with the backend its config names. The library is imported only here."""
        resolve_model(config.model)  # a wrong path is told before the library's slow import
        match config.backend:
            case "sentence-transformers":
                from deployments.rerank.sentence_transformers_engine import (
                    SentenceTransformersEngine,
                )

                return await SentenceTransformersEngine.load(config)
