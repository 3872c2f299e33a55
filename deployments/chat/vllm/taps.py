# pyright: standard
"""Writes the tokens of plain streams where they leave the engine, in frames that vLLM has shaped.

vLLM makes some objects and wakes a task for each token of each stream. Where nothing happens to a
token but that its text is written into a frame like the one before, the text is put there at once,
when the engine's step is read. The first frames, the last ones and all that is not plain are
vLLM's own; the shape of a frame is taken from the first that it made, so it is never written twice.
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
"""What stands around a token's text in the frames of an operation."""


class Tap:
    """Stands between the engine and the collector of one stream."""

    def __init__(self, outlet: Outlet, operation: Operation, *, tells_empty: bool) -> None:
        self._outlet = outlet
        self._around = TEXTS[operation]
        self._tells_empty = tells_empty
        self._frame: tuple[bytes, bytes] | None = None
        self._text = ""
        self._untold: list[int] = []

    def attach(self, collector: RequestOutputCollector) -> None:
        """Take what the engine makes before its collector does."""
        self._collector = collector
        self._collect = collector.put
        collector.put = self.put

    def put(self, output: RequestOutput | PoolingRequestOutput | Exception) -> None:
        """Write a token, or have vLLM do it."""
        if self._frame is None or not isinstance(output, RequestOutput) or not self._may(output):
            self._pass_on(output)
            return
        (token,) = output.outputs
        self._untold += token.token_ids
        if token.text or self._tells_empty:
            before, behind = self._frame
            self._outlet.write(before + to_json(token.text) + behind)

    def learn(self, frame: bytes) -> None:
        """See a frame of vLLM's: the others will have its shape."""
        if self._frame is not None or not self._text:
            return
        head, tail = self._around
        text = head + to_json(self._text) + tail
        before, found, behind = frame.partition(text)
        if found:
            self._frame = before + head, tail + behind

    def _may(self, output: RequestOutput) -> bool:
        """Whether a token may be written: nothing waits before it, and it is not the last."""
        return self._collector.output is None and not output.finished and not self._outlet.is_full

    def _pass_on(self, output: RequestOutput | PoolingRequestOutput | Exception) -> None:
        if isinstance(output, RequestOutput):
            (token,) = output.outputs
            if self._untold:  # vLLM counts the tokens that it sees
                token.token_ids = [*self._untold, *token.token_ids]
                self._untold.clear()
            merges = self._collector.output is not None
            self._text = "" if merges or output.finished else token.text
        self._collect(output)


TAP = ContextVar[Tap | None]("TAP", default=None)
"""Of the request that the current task works on."""


def tap_for(
    operation: Operation, body: Any, parser: type[Parser] | None, outlet: Outlet
) -> Tap | None:
    """Return the tap of a stream whose tokens nothing happens to, or None."""
    if isinstance(body, ChatCompletionRequest) and _is_plain_chat(body, parser):
        return Tap(outlet, operation, tells_empty=parser is None)
    if isinstance(body, CompletionRequest) and _is_plain_completion(body):
        return Tap(outlet, operation, tells_empty=True)
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
    """Whether a parser looks for nothing in a text that calls no tool."""
    tool_parser: Any = getattr(parser, "tool_parser_cls", None)
    return (
        parser.parse_delta is DelegatingParser.parse_delta
        and getattr(parser, "reasoning_parser_cls", None) is None
        and not getattr(tool_parser, "engine_based_streaming", False)
    )
