"""The embeddings deployment: which engine an embeddings model gets."""

from typing import ClassVar

from deployments.base import ModelDeployment


class EmbeddingsDeployment(ModelDeployment):
    """A replica of an embeddings model."""

    engines: ClassVar = {
        "sentence-transformers": "deployments.embeddings.sentence_transformers"
        ":SentenceTransformersEngine"
    }
