# pyright: standard
"""Locally typical and tail-free sampling, which vLLM's sampler lacks, as processors of its logits.

vLLM has two model runners with different interfaces, so there are two processors around the same
functions. Both read a request's ``vllm_xargs``.
"""

import math
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import torch
from pydantic import BaseModel
from vllm.config import VllmConfig
from vllm.exceptions import VLLMValidationError
from vllm.platforms import current_platform
from vllm.sampling_params import SamplingParams
from vllm.v1.sample.logits_processor import BatchUpdate, LogitsProcessor
from vllm.v1.sample.logits_processor.builtin import process_dict_updates
from vllm.v1.worker.gpu.sample.logits_processor import (
    LogitsContext,
    LogitsProcRequestState,
)
from vllm.v1.worker.gpu.sample.logits_processor import LogitsProcessor as SlotLogitsProcessor

from wire.errors import InvalidRequestError, echo

FIELDS = ("typical_p", "tfz")
ASKS_NOTHING = (None, 0, 1)
OFF = math.inf
"""The limit that no sum of probabilities exceeds, whatever is lost in rounding."""
GREEDY_BELOW = 1e-5
"""Temperatures below it are vLLM's greedy sampling."""
NO_TAIL = 1e-6
"""Second differences that add up to less are those of equally likely tokens."""
AT_ONCE = 2**23
"""Logits that are sorted together. It takes memory that vLLM has not planned for, and many requests
that ask at the same time must not end the engine."""


class Limits(NamedTuple):
    """The limits of a request, and the temperature that is still to be applied."""

    typical_p: float = OFF
    tfz: float = OFF
    temperature: float = 1


def read_fields(extra_args: Mapping[str, Any] | None) -> dict[str, float]:
    """Return the fields of ``vllm_xargs`` that are set.

    Raises:
        VLLMValidationError: a value is not a number between 0 and 1.
    """
    found: dict[str, float] = {}
    for name in FIELDS:
        value = extra_args.get(name) if extra_args else None
        if value in ASKS_NOTHING:
            continue
        if not isinstance(value, int | float) or not 0 < value < 1:
            raise VLLMValidationError(
                f"Invalid '{name}': must be a number between 0 and 1 (received {echo(value)}).",
                parameter=name,
            )
        found[name] = float(value)
    return found


def limits_of(params: SamplingParams) -> Limits | None:
    """Return what a request asks; None: nothing, or its likeliest token is taken anyway."""
    fields = read_fields(params.extra_args)
    return Limits(**fields) if fields and params.temperature >= GREEDY_BELOW else None


def without_tail(logits: torch.Tensor, z: torch.Tensor) -> torch.Tensor:
    """Leave of each row the tokens before its tail; the others get minus infinity.

    Tail-free sampling: with the probabilities in descending order, the absolute second
    differences, as shares of their sum, are added up from the first; the tail begins where they
    exceed ``z`` (a column). At least one token stays.
    """
    size = logits.shape[-1]
    if size < 3:
        return logits
    ranked, order = logits.sort(dim=-1, descending=True, stable=True)
    bends = ranked.softmax(dim=-1).diff(n=2, dim=-1).abs_()
    total = bends.sum(dim=-1, keepdim=True)
    shares = torch.where(total > NO_TAIL, bends / total, 1 / (size - 2))
    within = (shares.cumsum(dim=-1) <= z).sum(dim=-1, keepdim=True)
    return _first(logits, order, torch.where(within == size - 2, size, within.clamp_(min=1)))


def typical(logits: torch.Tensor, mass: torch.Tensor) -> torch.Tensor:
    """Leave of each row its most typical tokens; the others get minus infinity.

    Locally typical sampling (Meister et al., 2022): the tokens whose information is nearest to
    the entropy of the row, until their probabilities add up to more than ``mass`` (a column).
    """
    surprise = logits.log_softmax(dim=-1).neg_()
    chance = surprise.neg().exp_()
    entropy = torch.special.entr(chance).sum(dim=-1, keepdim=True)
    order = (surprise - entropy).abs_().sort(dim=-1, stable=True).indices
    within = chance.gather(-1, order).cumsum(dim=-1) <= mass
    return _first(logits, order, within.sum(dim=-1, keepdim=True) + 1)


def _first(logits: torch.Tensor, order: torch.Tensor, count: torch.Tensor) -> torch.Tensor:
    """Leave the first ``count`` of each row in this order."""
    beyond = torch.arange(order.shape[-1], device=order.device) >= count
    return logits.masked_fill(beyond.scatter(-1, order, beyond), -math.inf)


def truncate(logits: torch.Tensor, limits: torch.Tensor, present: np.ndarray) -> None:
    """Apply to each row its limits, tail-free sampling first, as llama.cpp does; in place.

    Args:
        logits: Rows of logits.
        limits: The ``Limits`` of each row.
        present: Which fields of ``Limits`` differ from the default in any row.
    """
    rows_at_once = max(1, AT_ONCE // logits.shape[-1])
    for part, limit in zip(logits.split(rows_at_once), limits.split(rows_at_once), strict=True):
        typical_p, tfz, temperature = limit.split(1, dim=-1)
        kept = part / temperature
        if present[1]:
            kept = without_tail(kept, tfz)
        if present[0]:
            kept = typical(kept, typical_p)
        part.masked_fill_(kept.isneginf(), -math.inf)


class RowTruncation(LogitsProcessor):
    """For the first model runner, which keeps a request in a row and reports when rows change."""

    def __init__(self, vllm_config: VllmConfig, device: torch.device, is_pin_memory: bool) -> None:
        self._device = device
        self._asked: dict[int, Limits] = {}

    @classmethod
    def validate_params(cls, sampling_params: SamplingParams) -> None:
        """Refuse wrong values when the request arrives."""
        read_fields(sampling_params.extra_args)

    def is_argmax_invariant(self) -> bool:
        """Return True: vLLM runs it after the temperature, and not for greedy requests."""
        return True

    def update_state(self, batch_update: BatchUpdate | None) -> None:
        """Follow the requests through the batch."""
        if process_dict_updates(self._asked, batch_update, lambda params, *_: limits_of(params)):
            limits = np.array([*self._asked.values(), Limits()], dtype=np.float32)[:-1]
            self._present = _present(limits)
            self._limits = _on_device(limits, self._device)
            self._rows = _on_device(np.array([*self._asked], np.int64), self._device)

    def apply(self, logits: torch.Tensor) -> torch.Tensor:
        """Truncate the rows that ask for it."""
        if self._asked:
            rows = logits[self._rows]
            truncate(rows, self._limits, self._present)
            logits[self._rows] = rows
        return logits


class SlotTruncation(SlotLogitsProcessor):
    """For the second model runner, which keeps a request in a slot and orders the rows anew.

    It runs processors before the temperature, for greedy requests as well, and drafted tokens have
    rows of their own.
    """

    def __init__(self, vllm_config: VllmConfig, req_states: LogitsProcRequestState) -> None:
        self._device = req_states.device
        self._asks = np.zeros(req_states.max_num_reqs, dtype=bool)
        self._limits = np.full((req_states.max_num_reqs, 3), Limits(), dtype=np.float32)

    @classmethod
    def validate_params(cls, sampling_params: SamplingParams) -> None:
        """Refuse wrong values when the request arrives."""
        read_fields(sampling_params.extra_args)

    def add_request(self, req_idx: int, sampling_params: SamplingParams) -> bool:
        """Note what the slot's new request asks."""
        limits = limits_of(sampling_params)
        self._asks[req_idx] = limits is not None
        self._limits[req_idx] = (
            limits._replace(temperature=sampling_params.temperature) if limits else Limits()
        )
        return limits is not None

    def apply(self, logits: torch.Tensor, ctx: LogitsContext) -> torch.Tensor:
        """Truncate the rows that ask for it."""
        asking = self._asks[ctx.idx_mapping_np]
        if not asking.any():
            return logits
        limits = self._limits[ctx.idx_mapping_np[asking]]
        present = _present(limits)
        if len(asking) == len(logits):
            indices = _on_device(np.flatnonzero(asking), self._device)
            rows = logits[indices]
            truncate(rows, _on_device(limits, self._device), present)
            logits[indices] = rows
        else:
            # With drafts only the device has the rows' owners; limits that are off keep all.
            of_slots = _on_device(self._limits, self._device)
            truncate(logits, of_slots[ctx.expanded_idx_mapping], present)
        return logits


def _on_device(values: np.ndarray, device: torch.device) -> torch.Tensor:
    """Copy to the device without waiting for what it does, for which the memory must be pinned."""
    tensor = torch.from_numpy(values)
    return (tensor.pin_memory() if device.type == "cuda" else tensor).to(device, non_blocking=True)


def _present(limits: np.ndarray) -> np.ndarray:
    return (limits != Limits()).any(axis=0)


def obstacle(config: VllmConfig) -> str | None:
    """Return why vLLM would take no processors of ours for this model, or None."""
    model = config.model_config
    if not (current_platform.is_cuda_alike() or current_platform.is_cpu()):
        return "vLLM's engine takes no logits processors on this hardware"
    if model.runner_type != "generate" or model.is_diffusion:
        return "it does not sample one token after another"
    if model.return_sampling_mask:
        return "vLLM takes no logits processors with 'return_sampling_mask'"
    if config.speculative_config is not None and not config.use_v2_model_runner:
        return "vLLM takes no logits processors with speculative decoding here"
    return None


def add_processors(config: VllmConfig) -> None:
    """Have the engine load the processor that fits its model runner, after the operator's own."""
    if obstacle(config) is None:
        processor = SlotTruncation if config.use_v2_model_runner else RowTruncation
        own = config.model_config.logits_processors or []
        config.model_config.logits_processors = [*own, f"{__name__}:{processor.__name__}"]


def check_sampling(body: BaseModel, hindrance: str | None) -> None:
    """Refuse a request for limits that would be silently ignored.

    Raises:
        InvalidRequestError: names the field and the reason.
        VLLMValidationError: its value is wrong.
    """
    # What the type has no field for is kept as it was sent, and read by nobody.
    for name in read_fields(vars(body).get("vllm_xargs")):
        if hindrance:
            raise InvalidRequestError(f"'{name}' is not supported here: {hindrance}.", name)
        if getattr(body, "use_beam_search", False):
            raise InvalidRequestError(f"'{name}' has no meaning with 'use_beam_search'.", name)
