# pyright: standard
"""Compiles structured outputs in processes that can be killed, before the engine compiles them.

The grammar library cannot be interrupted, and one schema may take it minutes. Only what it compiled
within a budget reaches the engine, which has one queue for all requests.
"""

import hashlib
import multiprocessing
import os
import socket
from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import fields
from functools import partial
from typing import Any

import xgrammar
from pydantic_core import from_json, to_json
from vllm.config import VllmConfig
from vllm.exceptions import VLLMError, VLLMValidationError
from vllm.sampling_params import SamplingParams, StructuredOutputsParams
from vllm.tokenizers import cached_tokenizer_from_config
from vllm.v1.structured_output import backend_xgrammar
from vllm.v1.structured_output.request import get_structured_output_key

from deployments.chat.vllm.causes import clean_message
from deployments.chat.vllm.schemas import compile_schemas
from deployments.chat.vllm.whitespace import limit_whitespace
from deployments.owner import OWNER
from wire.deferred import Results
from wire.errors import APIError, BusyError
from workers.pool import Budget, OverBudgetError, PoolBusyError, WorkerPool
from workers.template import end_with_parent, serve

BUDGET = Budget(cpu_s=2, memory_bytes=2**29, wall_s=40)
"""Of the compilation of one request's format."""

REFUSAL = ContextVar[list[APIError] | None]("REFUSAL", default=None)
"""Where the error is put that vLLM would report as another one."""

LIBRARY_ERRORS = (VLLMError, ValueError, TypeError, RuntimeError)

NO_REASON = "Invalid grammar specification."
"""vLLM's message for a grammar that xgrammar refuses; the cause has the reason."""


class CheckedOutputs(StructuredOutputsParams):
    """Structured outputs that are compiled elsewhere, so that vLLM need not validate them."""


class Grammars:
    """Compiles the structured outputs of a model's requests."""

    def __init__(self, config: VllmConfig, max_whitespace: int | None) -> None:
        def launch(control: socket.socket) -> Callable[[], object]:
            process = multiprocessing.get_context("forkserver").Process(
                target=_serve, args=(control, config), daemon=True
            )
            process.start()

            def end() -> None:
                process.kill()
                process.join()

            return end

        self._pool = WorkerPool(launch, BUDGET)
        self._max_whitespace = max_whitespace
        self._results = Results()

    def start(self) -> None:
        """Start the process that the others are forked from."""
        _skip_second_validation()
        self._pool.start()

    def close(self) -> None:
        """End all processes."""
        self._pool.close()

    async def compile(self, outputs: StructuredOutputsParams) -> StructuredOutputsParams:
        """Return structured outputs as the engine enforces them.

        Raises:
            VLLMValidationError: they cannot be enforced. The reason is in ``REFUSAL`` too if it is
                not the client's format.
        """
        task = to_json((_read_fields(outputs), self._max_whitespace))
        key = hashlib.blake2b(task, digest_size=16).digest()
        result = self._results.get(key)
        if result is None:
            try:
                (result,) = await self._pool.run([task], OWNER.get())
            except (OverBudgetError, PoolBusyError) as error:
                raise _refuse(error) from None
            self._results.put(key, result)
        compiled: dict[str, Any] = from_json(result)
        if "error" in compiled:
            raise VLLMValidationError(compiled["error"])
        return CheckedOutputs(**compiled)


def as_checked(outputs: StructuredOutputsParams) -> CheckedOutputs:
    """Return structured outputs that vLLM passes on without a validation."""
    return CheckedOutputs(**_read_fields(outputs))


def _refuse(error: Exception) -> VLLMValidationError:
    if isinstance(error, OverBudgetError):
        return VLLMValidationError(
            "The structured output takes too long to compile: a schema, grammar, regular "
            f"expression, choice or structural tag may take {BUDGET.cpu_s} s and "
            f"{BUDGET.memory_bytes // 2**20} MiB."
        )
    busy = BusyError("Too many structured outputs are being compiled. Retry later.")
    if (refusal := REFUSAL.get()) is not None:
        refusal.append(busy)
    return VLLMValidationError(busy.message)


def _serve(control: socket.socket, config: VllmConfig) -> None:
    """Compile in children of this process."""
    end_with_parent(os.getppid())
    compiler = xgrammar.GrammarCompiler
    # One thread: what is limited is the time of all. Each child compiles one grammar.
    xgrammar.GrammarCompiler = lambda tokenizer, **_: compiler(  # type: ignore[misc]
        tokenizer, max_threads=1, cache_enabled=False
    )
    tokenizer: Any = cached_tokenizer_from_config(config.model_config)
    backend = backend_xgrammar.XgrammarBackend(
        config,
        tokenizer=tokenizer,
        vocab_size=config.model_config.get_vocab_size(),
    )
    serve(control, partial(_compile, backend))


def _compile(backend: backend_xgrammar.XgrammarBackend, task: bytes) -> bytes:
    stated, max_whitespace = from_json(task)
    try:
        outputs = compile_schemas(StructuredOutputsParams(**stated))
        if max_whitespace is not None:
            outputs = limit_whitespace(outputs, max_whitespace)
        params = SamplingParams(structured_outputs=outputs)
        backend_xgrammar.validate_xgrammar_grammar(params)  # which replaces a choice by a grammar
        outputs = params.structured_outputs
        assert outputs is not None
        backend.compile_grammar(*get_structured_output_key(outputs))
    except LIBRARY_ERRORS as error:
        return to_json({"error": _describe(error)})
    return to_json(_read_fields(outputs))


def _describe(error: Exception) -> str:
    """Return an error's message, with the line and column that xgrammar names."""
    message = clean_message(str(error))
    if message != NO_REASON or error.__cause__ is None:
        return message
    return f"{message.removesuffix('.')}: {clean_message(str(error.__cause__))}."


def _read_fields(outputs: StructuredOutputsParams) -> dict[str, Any]:
    values = {field.name: getattr(outputs, field.name) for field in fields(outputs) if field.init}
    return {name: value for name, value in values.items() if value is not None}


def _skip_second_validation() -> None:
    """Have vLLM not validate anew, on the event loop, what was compiled."""
    validate = backend_xgrammar.validate_xgrammar_grammar
    if isinstance(validate, partial):
        return
    backend_xgrammar.validate_xgrammar_grammar = partial(_validate_unchecked, validate)


def _validate_unchecked(validate: Any, params: SamplingParams) -> None:
    if not isinstance(params.structured_outputs, CheckedOutputs):
        validate(params)
