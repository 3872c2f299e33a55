"""``args`` of a rerank model application."""

from typing import Literal

from deployments.sentence_transformers.config import EncoderConfig
from wire.calls import Kind


class RerankConfig(EncoderConfig, frozen=True):
    """A model that scores how relevant documents are to a query.

    A cross-encoder reads query and document together; any other model of sentence-transformers
    makes a vector of each, and their cosine is the score. The model's files decide which it is.
    """

    kind: Literal[Kind.RERANK] = Kind.RERANK
