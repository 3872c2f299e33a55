# pyright: standard
"""The rerank engine: relevance by a cross-encoder, or by the cosine of a bi-encoder's vectors."""

import asyncio
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar, Protocol

import numpy as np
from numpy.typing import NDArray
from pydantic_core import to_json
from sentence_transformers import CrossEncoder, SentenceTransformer
from sentence_transformers.util import load_file_path
from transformers import AutoConfig

from deployments.config import resolve_model
from deployments.rerank.config import RerankConfig
from deployments.sentence_transformers.base import EncoderEngine
from deployments.sentence_transformers.encoder import (
    Encoder,
    explain_load_errors,
    load_model,
)
from deployments.sentence_transformers.prompts import Prompts
from wire.bodies import RerankBody
from wire.calls import Call, Operation, Reply, Usage
from wire.errors import ModelLoadError

WHERE = ("token", "revision", "local_files_only")
"""Options that select the files."""

Scores = NDArray[np.floating]


class Scorer(Protocol):
    """A way to score."""

    async def scores(self, query: str, documents: Sequence[str]) -> tuple[Scores, int]:
        """Return a score for each document, and how many tokens were read."""
        ...


class SentenceTransformersEngine(EncoderEngine):
    """A loaded rerank model."""

    def __init__(self, model: CrossEncoder | SentenceTransformer, config: RerankConfig) -> None:
        super().__init__(model, config)
        self._scorer: Scorer
        if isinstance(model, CrossEncoder):
            if model.num_labels != 1:
                raise ModelLoadError(
                    f"'{config.model}' gives {model.num_labels} scores to a pair, not one."
                )
            self._scorer = Together(self.encoder)
        else:
            self._scorer = Apart(self.encoder, Prompts(model))

    @staticmethod
    def _load(config: RerankConfig) -> CrossEncoder | SentenceTransformer:
        kind: Any = CrossEncoder if _is_cross_encoder(config) else SentenceTransformer
        return load_model(kind, config)

    async def score(self, body: RerankBody, _: Call) -> Reply:
        """Return the scores of the documents, in their order."""
        documents = body.documents
        if (limit := body.max_tokens_per_doc) is not None:
            documents = await self.encoder.beginnings(documents, limit)
        scores, num_tokens = await self._scorer.scores(body.query, documents)
        return Reply(
            to_json({"scores": np.nan_to_num(scores).tolist()}), Usage(prompt_tokens=num_tokens)
        )

    whole: ClassVar = {Operation.RERANK: score}


class Together:
    """A cross-encoder reads query and document as one text. Scores are between 0 and 1."""

    def __init__(self, encoder: Encoder) -> None:
        self._encoder = encoder

    async def scores(self, query: str, documents: Sequence[str]) -> tuple[Scores, int]:
        """Return a score for each document, and how many tokens were read."""
        limit = self._encoder.context_length
        if len(query) > limit:  # once, and not again with each document
            (query,) = await self._encoder.beginnings([query], limit - 1)
        pairs = [(query, document) for document in documents]
        encodings = await self._encoder.tokenize(pairs)
        logits = (await self._encoder.run(encodings)).reshape(len(documents))
        # Not the model's own activation: some models have none, and Jina's scores are of this kind.
        scores = 1 / (1 + np.exp(-np.clip(logits, -80, 80)))
        return scores, sum(encoding.num_tokens for encoding in encodings)


class Apart:
    """A bi-encoder makes vectors of query and documents. Scores are cosines."""

    def __init__(self, encoder: Encoder, prompts: Prompts) -> None:
        self._encoder = encoder
        self._of_query = prompts.of("query")
        self._of_document = prompts.of("document")

    async def scores(self, query: str, documents: Sequence[str]) -> tuple[Scores, int]:
        """Return a score for each document, and how many tokens were read."""
        queries = await self._encoder.tokenize([query], self._of_query)
        encodings = await self._encoder.tokenize(documents, self._of_document)
        query_vectors, read = await asyncio.gather(
            self._encoder.run(queries), self._encoder.run(encodings)
        )
        scores = (_unit(read) @ _unit(query_vectors).T).reshape(len(documents))
        return scores, sum(encoding.num_tokens for encoding in [*queries, *encodings])


def _unit(vectors: Scores) -> Scores:
    norms = np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors / np.maximum(norms, np.finfo(np.float32).tiny)


def _is_cross_encoder(config: RerankConfig) -> bool:
    path = resolve_model(config.model)
    where = {name: config.engine_kwargs[name] for name in WHERE if name in config.engine_kwargs}
    with explain_load_errors(config.model):
        if load_file_path(path, "modules.json", **where):
            facts = load_file_path(path, "config_sentence_transformers.json", **where)
            kind = json.loads(Path(facts).read_text()).get("model_type") if facts else None
            return kind == "CrossEncoder"
        trust = config.engine_kwargs.get("trust_remote_code", False)
        own = AutoConfig.from_pretrained(path, trust_remote_code=trust, **where)
        return any(name.endswith("ForSequenceClassification") for name in own.architectures or [])
