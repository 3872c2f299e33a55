# pyright: standard
"""Hermes' tool calls, the same in whole and in streamed answers, also when they are cut short.

vLLM's parser ends a call at the first mark of an end, also within an argument. Of a call that
``max_tokens`` or a stop text cut short, it returns the beginning in a stream, and raw text in a
whole answer.
"""

from collections.abc import Sequence
from contextvars import ContextVar
from functools import partial
from typing import Any

from pydantic_core import from_json
from vllm.entrypoints.generate.base.protocol import (
    DeltaFunctionCall,
    DeltaMessage,
    DeltaToolCall,
    ExtractedToolCallInformation,
    FunctionCall,
    ToolCall,
)
from vllm.entrypoints.openai.chat_completion.protocol import (
    ChatCompletionRequest,
    ChatCompletionResponse,
    ChatMessage,
)
from vllm.renderers.chat_utils import make_tool_call_id
from vllm.tool_parsers import ToolParserManager
from vllm.tool_parsers.hermes_tool_parser import Hermes2ProToolParser

from deployments.chat.hermes import Arguments, CallBegins, HermesReader, Piece
from wire.sse import read_data, write_event

ENDS = ContextVar[dict[int, str] | None]("ENDS", default=None)
"""Why each answer of the current task's request ended, as the engine reports it."""

CALLS = '"tool_calls"'
"""The mark of a frame with a part of a call, or of one that ends an answer with calls."""


class HermesCalls(Hermes2ProToolParser):
    """vLLM's parser with another reader of the text."""

    _reader: HermesReader | None = None
    _num_calls = 0

    def extract_tool_calls(
        self, model_output: str, request: ChatCompletionRequest
    ) -> ExtractedToolCallInformation:
        """Return the calls of a whole answer."""
        reader = _reader_for(request)
        content = ""
        calls: list[ToolCall] = []
        for piece in [*reader.read(model_output), *reader.finish()]:
            match piece:
                case CallBegins(name):
                    calls.append(ToolCall(function=FunctionCall(name=name, arguments="")))
                case Arguments(text):
                    calls[-1].function.arguments += text
                case str():
                    content += piece
        # Of an answer without calls vLLM takes the raw text, also where a part of it is no text.
        reads_differently = bool(calls) or content != model_output
        return ExtractedToolCallInformation(
            tools_called=reads_differently, tool_calls=calls, content=content
        )

    def extract_tool_calls_streaming(
        self,
        previous_text: str,
        current_text: str,
        delta_text: str,
        previous_token_ids: Sequence[int],
        current_token_ids: Sequence[int],
        delta_token_ids: Sequence[int],
        request: ChatCompletionRequest,
    ) -> DeltaMessage | None:
        """Return what a piece of a streamed answer adds."""
        if self._reader is None:
            self._reader = _reader_for(request)
            self.engine_based_streaming = True  # vLLM calls finish_streaming only then
        return self._to_delta(self._reader.read(delta_text))

    def finish_streaming(self) -> DeltaMessage | None:
        """Return what was held back, at the end of a stream."""
        return self._to_delta(self._reader.finish()) if self._reader else None

    def _to_delta(self, pieces: list[Piece]) -> DeltaMessage | None:
        content: str | None = None
        parts: list[DeltaToolCall] = []
        for piece in pieces:
            match piece:
                case CallBegins(name):
                    function = DeltaFunctionCall(name=name)
                    call_id = make_tool_call_id()
                    parts.append(
                        DeltaToolCall(
                            index=self._num_calls, type="function", id=call_id, function=function
                        )
                    )
                    self._num_calls += 1
                case Arguments(text):
                    function = DeltaFunctionCall(arguments=text)
                    parts.append(DeltaToolCall(index=self._num_calls - 1, function=function))
                case str():
                    content = piece
        if content is None and not parts:
            return None
        return DeltaMessage(content=content, tool_calls=parts)


def _reader_for(request: ChatCompletionRequest) -> HermesReader:
    choice: Any = request.tool_choice
    must_call = choice not in (None, "none", "auto")
    named = getattr(choice, "function", choice)
    if (name := getattr(named, "name", None)) is not None:
        return HermesReader([name], must_call=must_call)
    functions = (getattr(tool, "function", tool) for tool in request.tools or ())
    names = [name for function in functions if (name := getattr(function, "name", None))]
    return HermesReader(names, must_call=must_call)


def register_parsers() -> None:
    """Register it with vLLM under the name ``hermes``."""
    ToolParserManager.register_module("hermes", module=HermesCalls)


def call_mark(parser: type[Any] | None) -> str | None:
    """Return what a call begins with, if its parser has a mark for it."""
    return getattr(getattr(parser, "tool_parser_cls", None), "tool_call_start_token", None)


def forbid_calls(body: Any, mark: str | None) -> None:
    """Forbid what calls begin with in the answer to a request that wants text.

    A model that has read of tools, or of calls in earlier turns, may make one, which the client
    would get as text.
    """
    if mark is None:
        return
    if body.tools:
        forbids = body.tool_choice == "none"
    else:
        said = getattr(body, "messages", None) or getattr(body, "input", None)
        forbids = isinstance(said, list) and any(_is_of_a_call(each) for each in said)
    if forbids:
        body.bad_words = [*body.bad_words, mark]


def _is_of_a_call(item: Any) -> bool:
    """Return whether a message, a block of it or an item of a response is a call or its result."""
    get = item.get if isinstance(item, dict) else partial(getattr, item)
    if get("role", None) == "tool" or get("tool_calls", None) is not None:
        return True
    if (get("type", None) or "").startswith(("function_call", "custom_tool_call", "tool_")):
        return True
    blocks = get("content", None)
    return isinstance(blocks, list) and any(_is_of_a_call(block) for block in blocks)


def mark_cut_calls(answer: ChatCompletionResponse) -> None:
    """Set the finish reason of an answer that ended before its calls did.

    In complete answers vLLM reports ``tool_calls`` even then.
    """
    ends = ENDS.get() or {}
    for choice in answer.choices:
        if choice.finish_reason != "tool_calls":
            continue
        if ends.get(choice.index) == "length":
            choice.finish_reason = "length"
        elif isinstance(choice.stop_reason, str) and not is_json(_last_arguments(choice.message)):
            choice.finish_reason = "stop"


class StoppedCalls:
    """Sets the finish reason of a stream whose last call a stop text cut short."""

    def __init__(self) -> None:
        self._arguments: dict[int, str] = {}
        """Of the last call of each answer."""

    def mark(self, frame: str) -> str:
        """Return the frame, with another finish reason if it ends such an answer."""
        if CALLS not in frame:
            return frame
        chunk = read_data(frame.encode())
        for choice in chunk["choices"]:
            index = choice["index"]
            for call in choice["delta"].get("tool_calls") or ():
                before = "" if call.get("id") else self._arguments.get(index, "")
                self._arguments[index] = before + (call["function"].get("arguments") or "")
            if (
                choice["finish_reason"] == "tool_calls"
                and isinstance(choice.get("stop_reason"), str)
                and not is_json(self._arguments.get(index, ""))
            ):
                choice["finish_reason"] = "stop"
        return write_event(chunk).decode()


def _last_arguments(message: ChatMessage) -> str:
    return message.tool_calls[-1].function.arguments if message.tool_calls else ""


def is_json(text: str) -> bool:
    """Return whether a text is whole JSON, not the beginning of it."""
    try:
        from_json(text)
    except ValueError:
        return False
    return True
