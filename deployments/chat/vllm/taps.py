# pyright: standard
"""Writes the tokens of plain streams where they leave the engine, into a template frame.

vLLM creates objects and wakes a task for each token of each stream. When a token's text only goes
into a frame like the one before, it is written at once, when the engine's step is read. The first
frame that vLLM makes with text becomes the template frame. First and last frames, and streams that
are not plain, stay vLLM's own.
"""

from contextvars import ContextVar
from typing import Any

from pydantic_core import to_json
from vllm import PoolingRequestOutput, RequestOutput
from vllm.entrypoints.openai.chat_completion.protocol import ChatCompletionRequest
from vllm.entrypoints.openai.completion.protocol import CompletionRequest
from vllm.parser.abstract_parser import DelegatingParser, Parser
from vllm.v1.engine.output_processor import RequestOutputCollector

from deployments.bus import Outlet
from wire.calls import Operation

TEXTS = {
    Operation.CHAT_COMPLETION: (b'"delta":{"content":', b"}"),
    Operation.COMPLETION: (b'"text":', b","),
}
"""The text before and after a token's text in the frames of an operation."""


class Tap:
    """Stands between the engine and the collector of one stream."""

    def __init__(self, outlet: Outlet, operation: Operation, *, writes_empty: bool) -> None:
        self._outlet = outlet
        self._around = TEXTS[operation]
        self._writes_empty = writes_empty
        self._frame: tuple[bytes, bytes] | None = None
        self._text = ""
        self._uncounted: list[int] = []

    def attach(self, collector: RequestOutputCollector) -> None:
        """Receive the engine's outputs before the collector does."""
        self._collector = collector
        self._collect = collector.put
        collector.put = self.put
        self._text = self._find_next_text()

    def put(self, output: RequestOutput | PoolingRequestOutput | Exception) -> None:
        """Write a token, or pass it to vLLM."""
        if (
            self._frame is None
            or not isinstance(output, RequestOutput)
            or not self._can_write(output)
        ):
            self._pass_on(output)
            return
        (token,) = output.outputs
        self._uncounted += token.token_ids
        if token.text or self._writes_empty:
            before, after = self._frame
            self._outlet.write(before + to_json(token.text) + after)

    def learn(self, frame: bytes) -> None:
        """Make vLLM's first frame with text the template frame."""
        if self._frame is not None or not self._text:
            return
        head, tail = self._around
        text = head + to_json(self._text) + tail
        before, separator, after = frame.partition(text)
        if separator:
            self._frame = before + head, tail + after

    def _can_write(self, output: RequestOutput) -> bool:
        """Return whether a token may be written: none waits before it, and it is not the last."""
        return self._collector.output is None and not output.finished and not self._outlet.is_full

    def _pass_on(self, output: RequestOutput | PoolingRequestOutput | Exception) -> None:
        if isinstance(output, RequestOutput):
            (token,) = output.outputs
            if self._uncounted:  # vLLM counts the tokens that it sees
                token.token_ids = [*self._uncounted, *token.token_ids]
                self._uncounted.clear()
        self._collect(output)
        self._text = self._find_next_text()

    def _find_next_text(self) -> str:
        """Return the text of vLLM's next frame: of several tokens if it is late."""
        waiting = self._collector.output
        if isinstance(waiting, RequestOutput) and not waiting.finished:
            return waiting.outputs[0].text
        return ""


TAP = ContextVar[Tap | None]("TAP", default=None)
"""The tap of the request that the current task works on."""


def tap_for(
    operation: Operation, body: Any, parser: type[Parser] | None, outlet: Outlet
) -> Tap | None:
    """Return the tap of a plain stream, or None."""
    if isinstance(body, ChatCompletionRequest) and _is_plain_chat(body, parser):
        return Tap(outlet, operation, writes_empty=parser is None)
    if isinstance(body, CompletionRequest) and _is_plain_completion(body):
        return Tap(outlet, operation, writes_empty=True)
    return None


def _is_plain_chat(body: ChatCompletionRequest, parser: type[Parser] | None) -> bool:
    return (
        (parser is None or (body.tool_choice == "none" and _passes_text(parser)))
        and not body.logprobs
        and _is_plain(body)
    )


def _is_plain_completion(body: CompletionRequest) -> bool:
    prompts = body.prompt
    several = isinstance(prompts, list) and bool(prompts) and not isinstance(prompts[0], int)
    return not several and body.logprobs is None and not body.echo and _is_plain(body)


def _is_plain(body: ChatCompletionRequest | CompletionRequest) -> bool:
    options = body.stream_options
    return (
        (body.n or 1) == 1
        and not body.use_beam_search
        and not body.return_token_ids
        and not (options is not None and options.continuous_usage_stats)
    )


def _passes_text(parser: type[Parser]) -> bool:
    """Return whether a parser leaves a text unchanged that calls no tool."""
    tool_parser: Any = getattr(parser, "tool_parser_cls", None)
    return (
        parser.parse_delta is DelegatingParser.parse_delta
        and getattr(parser, "reasoning_parser_cls", None) is None
        and not getattr(tool_parser, "engine_based_streaming", False)
    )
