"""Answers of embeddings, rerank and score."""

from typing import Any, Literal

from serve_app.openapi.answers.common import Absent, Answer, ReadUsage


class Embedding(Answer):
    """The vector of an input."""

    object: Literal["embedding"]
    index: int
    embedding: list[float] | str
    """Numbers, or with `encoding_format` base64 little-endian float32."""


class EmbeddingList(Answer):
    """A vector for each input, in their order."""

    object: Literal["list"]
    data: list[Embedding]
    model: str
    usage: ReadUsage


class RankedDocument(Answer):
    """A document and how well it fits."""

    index: int
    """Its place in the request."""
    relevance_score: float
    document: dict[str, Any] | Absent = None
    """As it was sent, a text as `{"text": …}`; left out where `return_documents` is false."""


class RerankTokens(Answer):
    """Tokens that were read."""

    input_tokens: int


class RerankMeta(Answer):
    """Usage, as Cohere's clients read it."""

    tokens: RerankTokens


class Ranking(Answer):
    """The documents, the best first."""

    id: str
    model: str
    results: list[RankedDocument]
    usage: ReadUsage
    meta: RerankMeta


class Score(Answer):
    """How well two texts fit."""

    index: int
    object: Literal["score"]
    score: float


class ScoreList(Answer):
    """A score for each pair."""

    id: str
    object: Literal["list"]
    model: str
    data: list[Score]
    usage: ReadUsage
