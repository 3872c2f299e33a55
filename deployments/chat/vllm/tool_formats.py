# pyright: standard
"""Lets a model that may call tools answer in the format that the request states as well.

vLLM builds a grammar of both only where a tool is ``strict``. Else the format applies alone, and
forbids the calls.
"""

from typing import Any

from openai.types.responses import FunctionTool
from vllm.entrypoints.openai.chat_completion.protocol import (
    ChatCompletionRequest,
    ChatCompletionToolsParam,
)
from vllm.entrypoints.openai.responses.protocol import ResponsesRequest
from vllm.exceptions import VLLMValidationError
from vllm.parser.abstract_parser import Parser
from vllm.renderers.online_renderer import OnlineRenderer

from deployments.chat.vllm.grammars import CheckedOutputs, as_checked

FREE_ARGUMENTS = {"strict": True, "parameters": {"type": "object"}}
"""Of a function that is not strict. vLLM would allow its arguments to be any JSON."""

REFUSAL = (
    "A structured output beside 'tools' needs a grammar of the model's calls, which its tool "
    "parser does not have, unless 'tool_choice' is another than 'auto'."
)


class ToolFormats(Parser):
    """What a model's parser makes of a request before it is answered."""

    def adjust_request(
        self, request: ChatCompletionRequest | ResponsesRequest
    ) -> ChatCompletionRequest | ResponsesRequest:
        """Set the request's structured outputs, which vLLM reads from the same object.

        Raises:
            VLLMValidationError: the parser has no grammar of the model's calls.
        """
        outputs = request.extract_structured_outputs()
        is_limited = outputs is not None or request.parallel_tool_calls is False
        if not request.tools or request.tool_choice != "auto" or not is_limited:
            return super().adjust_request(request)
        if outputs is not None:
            # The process that compiles the grammar of both checks the format; here it would hold
            # the event loop.
            outputs = as_checked(outputs)
            _move_format(request, outputs)
        tools: Any = request.tools
        strict: Any = [_make_strict(tool) for tool in tools]
        request.tools = strict
        request = super().adjust_request(request)
        request.tools = tools
        if outputs is not None and request.structured_outputs is outputs:
            raise VLLMValidationError(REFUSAL)
        return request


def with_formats(parser: type[Parser]) -> type[Parser]:
    """Return a model's parser that allows formats beside calls."""
    return type(parser.__name__, (ToolFormats, parser), {})


def allow_formats_beside_calls(renderer: OnlineRenderer) -> None:
    """Have vLLM prepare requests with such a parser."""
    if renderer.parser is not None:
        renderer.parser = with_formats(renderer.parser)


def _move_format(
    request: ChatCompletionRequest | ResponsesRequest, outputs: CheckedOutputs
) -> None:
    """Leave the format in the one field that all APIs have."""
    request.structured_outputs = outputs
    if isinstance(request, ResponsesRequest):
        request.text = None
    else:
        request.response_format = None


def _make_strict(tool: Any) -> Any:
    """Return a tool whose arguments are constrained, to an object at least."""
    if isinstance(tool, FunctionTool):
        return tool if tool.strict else tool.model_copy(update=FREE_ARGUMENTS)
    if isinstance(tool, ChatCompletionToolsParam) and not tool.function.strict:
        function = tool.function.model_copy(update=FREE_ARGUMENTS)
        return tool.model_copy(update={"function": function})
    return tool
