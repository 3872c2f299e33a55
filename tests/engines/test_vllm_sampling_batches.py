# pyright: standard
"""Locally typical and tail-free sampling in vLLM's batches: whose tokens are truncated."""

import math
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest
import torch
from vllm.config import VllmConfig
from vllm.entrypoints.openai.chat_completion.protocol import ChatCompletionRequest
from vllm.exceptions import VLLMValidationError
from vllm.sampling_params import SamplingParams
from vllm.v1.sample.logits_processor import (
    BatchUpdate,
    MoveDirectionality,
    build_logitsprocs,
)
from vllm.v1.worker.gpu.sample.logits_processor import LogitsContext

from deployments.chat.config import ChatConfig
from deployments.chat.vllm import sampling as vllm_sampling
from deployments.chat.vllm.options import engine_arguments
from deployments.chat.vllm.sampling import (
    RowTruncation,
    SlotTruncation,
    add_processors,
    check_sampling,
    obstacle,
    typical,
    without_tail,
)
from tests.engines.sampling import TOKENS, column, find_kept, random_logits
from tests.support.tiny_model import make_tiny_llama
from wire.errors import InvalidRequestError

CPU = torch.device("cpu")


def params(temperature: float = 1.0, **asks: Any) -> SamplingParams:
    return SamplingParams(temperature=temperature, extra_args=asks or None)


def update(
    *added: tuple[int, SamplingParams],
    removed: Sequence[int] = (),
    moved: Sequence[tuple[int, int, MoveDirectionality]] = (),
) -> BatchUpdate:
    requests = [(row, wish, [1], [2]) for row, wish in added]
    return BatchUpdate(batch_size=8, removed=removed, added=requests, moved=moved)


def rows_truncated(processor: RowTruncation) -> dict[int, int]:
    """Return how many tokens are left in each row that lost some."""
    result = processor.apply(random_logits(8))
    sizes = {row: len(tokens) for row, tokens in enumerate(find_kept(result))}
    return {row: size for row, size in sizes.items() if size < TOKENS}


@pytest.fixture
def by_row() -> RowTruncation:
    return RowTruncation(cast("VllmConfig", None), CPU, False)


def test_rows_of_requests_that_ask_are_truncated_and_no_others(by_row: RowTruncation) -> None:
    by_row.update_state(
        update((0, params()), (1, params(typical_p=0.4)), (2, params(tfz=0.2)), (3, params()))
    )
    logits = random_logits(8)

    result = by_row.apply(logits.clone())

    assert torch.equal(result[1:2], typical(logits[1:2], column([0.4])))
    assert torch.equal(result[2:3], without_tail(logits[2:3], column([0.2])))
    assert torch.equal(result[[0, 3, 4, 5, 6, 7]], logits[[0, 3, 4, 5, 6, 7]])


def test_request_may_ask_for_both(by_row: RowTruncation) -> None:
    by_row.update_state(update((0, params(typical_p=0.4, tfz=0.9))))
    logits = random_logits(8)

    result = by_row.apply(logits.clone())

    both = typical(without_tail(logits[:1], column([0.9])), column([0.4]))
    assert torch.equal(result[:1], both)


def test_large_batches_are_truncated_part_by_part_with_the_same_result(
    by_row: RowTruncation, monkeypatch: pytest.MonkeyPatch
) -> None:
    by_row.update_state(update(*((row, params(typical_p=row / 10)) for row in range(2, 7))))
    whole = by_row.apply(random_logits(8))
    monkeypatch.setattr(vllm_sampling, "AT_ONCE", 2 * TOKENS)

    assert torch.equal(by_row.apply(random_logits(8)), whole)


def test_limits_follow_their_request_through_the_batch(by_row: RowTruncation) -> None:
    one = params(typical_p=1e-9)
    by_row.update_state(update((0, one), (1, params()), (5, one)))
    assert rows_truncated(by_row) == {0: 1, 5: 1}

    by_row.update_state(update(moved=[(0, 1, MoveDirectionality.SWAP)]))
    assert rows_truncated(by_row) == {1: 1, 5: 1}

    by_row.update_state(update(removed=[1], moved=[(5, 0, MoveDirectionality.UNIDIRECTIONAL)]))
    assert rows_truncated(by_row) == {0: 1}

    by_row.update_state(None)
    assert rows_truncated(by_row) == {0: 1}

    by_row.update_state(update((0, params()), (1, params(tfz=1e-9))))
    assert rows_truncated(by_row) == {1: 1}

    by_row.update_state(update(removed=[1]))
    assert rows_truncated(by_row) == {}


@pytest.mark.parametrize(
    "wish", [params(), params(temperature=0, tfz=0.1), params(typical_p=1, tfz=0), params(other=3)]
)
def test_batch_that_asks_nothing_is_not_touched(
    by_row: RowTruncation, wish: SamplingParams
) -> None:
    by_row.update_state(update((0, wish)))

    assert rows_truncated(by_row) == {}
    assert by_row.is_argmax_invariant(), "vLLM runs it for requests that sample only"


def slots(count: int = 16) -> SlotTruncation:
    states: Any = SimpleNamespace(device=CPU, max_num_reqs=count)
    return SlotTruncation(cast("VllmConfig", None), states)


def step(requests: list[int], rows: list[int] | None = None) -> LogitsContext:
    """Return a step of the requests in these slots; ``rows`` says whose each row is."""
    batch: Any = {
        "idx_mapping": torch.tensor(requests),
        "idx_mapping_np": np.array(requests),
        "expanded_idx_mapping": torch.tensor(requests if rows is None else rows, dtype=torch.int32),
        "expanded_local_pos": None,
        "input_ids": None,
        "pos": None,
        "seq_lens_upper_bound_np": None,
    }
    return LogitsContext(**batch)


@pytest.mark.parametrize("rows", [[3, 9, 0], [3, 3, 3, 9, 9, 0]])
def test_slots_are_truncated_after_their_temperature_and_drafts_as_well(rows: list[int]) -> None:
    processor = slots()
    asks = {
        3: params(temperature=2.0, typical_p=0.4),
        9: params(),
        0: params(temperature=0.5, tfz=0.3, typical_p=0.9),
    }
    changed = [processor.add_request(slot, wish) for slot, wish in asks.items()]
    logits = random_logits(len(rows))

    result = processor.apply(logits.clone(), step([3, 9, 0], rows))

    assert changed == [True, False, True]
    expected = [
        {
            3: lambda row: typical(row / 2, column([0.4])),
            9: lambda row: row,
            0: lambda row: typical(without_tail(row / 0.5, column([0.3])), column([0.9])),
        }[slot](logits[index : index + 1])
        for index, slot in enumerate(rows)
    ]
    assert find_kept(result) == [tokens for part in expected for tokens in find_kept(part)]
    assert torch.equal(result[result.isfinite()], logits[result.isfinite()]), "values stay"


def test_slots_new_request_has_no_limits_of_the_one_before() -> None:
    processor = slots()
    processor.add_request(2, params(tfz=0.1))
    logits = random_logits(1)

    for wish in (params(), params(temperature=0, tfz=0.1)):
        assert not processor.add_request(2, wish)
        assert processor.apply(logits, step([2])) is logits
        assert logits.isfinite().all()


@pytest.mark.parametrize("processor", [RowTruncation, SlotTruncation])
@pytest.mark.parametrize("value", [-0.1, 1.5, "x", [0.5], math.nan])
@pytest.mark.parametrize("field", ["typical_p", "tfz"])
def test_wrong_value_is_refused_by_name(processor: Any, field: str, value: Any) -> None:
    with pytest.raises(VLLMValidationError, match=f"'{field}'.* between 0 and 1") as raised:
        processor.validate_params(params(**{field: value}))

    assert raised.value.parameter == field


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_tiny_llama(tmp_path_factory.mktemp("tiny"))


def vllm_config(model: Path, **options: Any) -> VllmConfig:
    config = ChatConfig(model_id="m", model=str(model), engine_kwargs=options)
    return engine_arguments(config)[0].create_engine_config()


def test_engine_gets_the_processor_after_the_operators_own(tiny: Path) -> None:
    theirs = "vllm.v1.sample.logits_processor:MinPLogitsProcessor"
    config = vllm_config(tiny, logits_processors=[theirs], max_model_len=64)

    add_processors(config)

    names = config.model_config.logits_processors
    assert names
    assert names[0] == theirs
    built = build_logitsprocs(config, CPU, False, False, names)
    assert isinstance(built.argmax_invariant[-1], RowTruncation)
    check_sampling(request(tfz=0.5), obstacle(config))


def test_engine_that_takes_no_processors_refuses_requests_with_the_reason(tiny: Path) -> None:
    drafts = {"method": "ngram", "num_speculative_tokens": 2, "prompt_lookup_max": 2}
    config = vllm_config(tiny, speculative_config=drafts, max_model_len=64)

    add_processors(config)

    assert not config.model_config.logits_processors
    check_sampling(request(), obstacle(config))
    check_sampling(request(tfz=1), obstacle(config))
    with pytest.raises(InvalidRequestError, match=r"'tfz'.* speculative decoding") as raised:
        check_sampling(request(tfz=0.5), obstacle(config))
    assert raised.value.param == "tfz"


def test_beam_search_is_refused_together_with_what_it_would_ignore() -> None:
    with pytest.raises(InvalidRequestError, match=r"'typical_p'.*'use_beam_search'"):
        check_sampling(request({"use_beam_search": True}, typical_p=0.5), None)


def request(fields: dict[str, Any] | None = None, **asks: Any) -> ChatCompletionRequest:
    messages = [{"role": "user", "content": "hi"}]
    body = {"messages": messages, "vllm_xargs": asks or None, **(fields or {})}
    return ChatCompletionRequest.model_validate(body)
