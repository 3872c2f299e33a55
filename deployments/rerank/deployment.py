"""The rerank deployment: which engine a rerank model gets."""

from typing import ClassVar

from deployments.base import ModelDeployment


class RerankDeployment(ModelDeployment):
    """A replica of a rerank model."""

    engines: ClassVar = {
        "sentence-transformers": "deployments.rerank.sentence_transformers"
        ":SentenceTransformersEngine"
    }
