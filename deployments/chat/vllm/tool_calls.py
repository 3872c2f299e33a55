# pyright: standard
"""Hermes' tool calls, also one that was cut short: its beginning is returned, streamed or whole.

Of a call that ``max_tokens`` or a stop text cut short, vLLM's parser returns the beginning in a
stream, and raw text in a whole answer.
"""

from pydantic_core import from_json
from vllm.entrypoints.generate.base.protocol import (
    ExtractedToolCallInformation,
    FunctionCall,
    ToolCall,
)
from vllm.entrypoints.openai.chat_completion.protocol import (
    ChatCompletionRequest,
    ChatCompletionResponse,
)
from vllm.tool_parsers import ToolParserManager
from vllm.tool_parsers.hermes_tool_parser import Hermes2ProToolParser


class HermesCalls(Hermes2ProToolParser):
    """vLLM's parser, with one meaning of calls that are cut short."""

    def extract_tool_calls(
        self, model_output: str, request: ChatCompletionRequest
    ) -> ExtractedToolCallInformation:
        """Return the calls of a whole answer."""
        _, start, last = model_output.rpartition(self.tool_call_start_token)
        if not start or self.tool_call_end_token in last:
            return super().extract_tool_calls(model_output, request)
        delta = self.extract_tool_calls_streaming(
            "", model_output, model_output, (), (), (), request
        )
        calls: list[ToolCall] = []
        for part in delta.tool_calls if delta else ():
            assert part.function is not None
            if part.function.name:
                function = FunctionCall(name=part.function.name, arguments="")
                calls.append(ToolCall(id=part.id or "", function=function))
            calls[part.index].function.arguments += part.function.arguments or ""
        content = delta.content if delta else None
        return ExtractedToolCallInformation(
            tools_called=bool(calls), tool_calls=calls, content=content
        )


def register_parsers() -> None:
    """Register it with vLLM under the name ``hermes``."""
    ToolParserManager.register_module("hermes", module=HermesCalls)


def mark_cut_calls(answer: ChatCompletionResponse) -> None:
    """Set the finish reason of an answer whose last call was truncated.

    In complete answers vLLM reports ``tool_calls`` even then; in streams it does not.
    """
    for choice in answer.choices:
        calls = choice.message.tool_calls
        if choice.finish_reason == "tool_calls" and calls and not _is_json(calls[-1]):
            choice.finish_reason = "length" if choice.stop_reason is None else "stop"


def _is_json(call: ToolCall) -> bool:
    try:
        from_json(call.function.arguments)
    except ValueError:
        return False
    return True
