# pyright: standard
"""Limits the blanks between the tokens of guided JSON.

JSON allows any number of them, and a small model that has nothing more to write writes blanks
until its answer is full. vLLM's only setting forbids them all, also those that a model was trained
to write.
"""

import json
from collections.abc import AsyncGenerator, Awaitable, Callable
from dataclasses import replace
from typing import Any

from vllm import AsyncLLMEngine, RequestOutput
from vllm.sampling_params import SamplingParams, StructuredOutputsParams
from vllm.v1.engine.output_processor import RequestOutputCollector

from deployments.chat.vllm.priority import Places, Priorities
from deployments.chat.vllm.taps import TAP
from deployments.chat.vllm.tool_calls import ENDS

ANY_OBJECT = {"type": "object"}

CompileOutputs = Callable[[StructuredOutputsParams], Awaitable[StructuredOutputsParams]]


class BoundedLLM(AsyncLLMEngine):
    """vLLM's engine, whose structured outputs are compiled before it sees them."""

    compile_outputs: CompileOutputs | None = None
    """None: it has no tokenizer, so vLLM refuses all structured outputs."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._priorities = Priorities()
        num_engines = self.vllm_config.parallel_config.data_parallel_size
        self._places = Places(num_engines * self.vllm_config.scheduler_config.max_num_seqs)

    def get_num_unfinished_requests(self) -> int:
        """Return how many requests run or wait, those that wait for a place included."""
        return super().get_num_unfinished_requests() + self._places.num_waiting()

    async def generate(
        self, prompt: Any, sampling_params: SamplingParams, *args: Any, **options: Any
    ) -> AsyncGenerator[RequestOutput, None]:
        """Generate as vLLM does, once the structured outputs are compiled."""
        guided = sampling_params.structured_outputs
        if guided is not None and self.compile_outputs is not None:
            sampling_params.structured_outputs = await self.compile_outputs(guided)
        ends = ENDS.get()
        with self._priorities.take() as priority:
            if self.vllm_config.scheduler_config.policy == "priority":
                options["priority"] = priority.value
            async with self._places.hold(sampling_params.n):
                async for output in super().generate(prompt, sampling_params, *args, **options):
                    priority.begin()
                    if ends is not None and output.finished:
                        ends.update(
                            {each.index: each.finish_reason or "" for each in output.outputs}
                        )
                    yield output

    async def add_request(self, *args: Any, **options: Any) -> RequestOutputCollector:
        """Add a request as vLLM does, and have its tokens taken where they leave the engine."""
        collector = await super().add_request(*args, **options)
        if (tap := TAP.get()) is not None:
            tap.attach(collector)
        return collector


def limit_whitespace(
    guided: StructuredOutputsParams, max_whitespace: int
) -> StructuredOutputsParams:
    """Return the same with so many blanks at most, where it is about JSON."""
    if guided.structural_tag is not None:
        tag = _with_limits(json.loads(guided.structural_tag), max_whitespace)
        return replace(guided, structural_tag=json.dumps(tag))
    schema = ANY_OBJECT if guided.json_object else guided.json
    if schema is None:
        return guided
    schema = json.loads(schema) if isinstance(schema, str) else schema
    form = {"type": "json_schema", "json_schema": schema}
    tag = _with_limits({"type": "structural_tag", "format": form}, max_whitespace)
    return StructuredOutputsParams(structural_tag=json.dumps(tag))


def _with_limits(part: Any, max_whitespace: int) -> Any:
    if isinstance(part, list):
        return [_with_limits(each, max_whitespace) for each in part]
    if not isinstance(part, dict):
        return part
    if part.get("type") == "json_schema" and "json_schema" in part:
        return {**part, "max_whitespace_cnt": part.get("max_whitespace_cnt") or max_whitespace}
    return {name: _with_limits(each, max_whitespace) for name, each in part.items()}
