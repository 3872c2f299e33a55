"""Formats of answers beside tools, in the grammars of vLLM's parsers."""

import json
from typing import Any

import pytest
from vllm.entrypoints.openai.chat_completion.protocol import ChatCompletionRequest
from vllm.entrypoints.openai.responses.protocol import ResponsesRequest
from vllm.exceptions import VLLMValidationError
from vllm.parser import ParserManager
from vllm.parser.abstract_parser import Parser
from vllm.tokenizers import get_tokenizer

from deployments.chat.error_fields import field_of_error
from deployments.chat.vllm.tool_formats import with_formats

Fields = dict[str, Any]

NO_ARGUMENTS = {"type": "object", "properties": {}, "additionalProperties": False}
FREE = {"name": "free", "parameters": NO_ARGUMENTS}
STRICT = {"name": "strict", "parameters": NO_ARGUMENTS, "strict": True}
TOOLS = [{"type": "function", "function": each} for each in (FREE, STRICT)]
SCHEMA = {"type": "object", "properties": {"a": {"type": "string"}}}
CHAT: Fields = {"messages": [{"role": "user", "content": "x"}], "tools": TOOLS}
RESPONSE: Fields = {"input": "x", "tools": [{"type": "function", **FREE}]}
JSON = {"type": "json_object"}
FORM: Fields = {"response_format": JSON}


def parser(name: str) -> Parser:
    tokenizer = get_tokenizer("embedded/chat")
    made = ParserManager.get_parser(
        tool_parser_name=name, enable_auto_tools=True, tokenizer=tokenizer
    )
    assert made is not None
    return with_formats(made)(tokenizer)


def arguments(tag: str) -> dict[str, Any]:
    """Return the schema of the arguments by the beginning of the call."""
    found: dict[str, Any] = {}

    def collect(part: Any) -> None:
        if isinstance(part, list):
            for each in part:
                collect(each)
        elif isinstance(part, dict):
            if isinstance(begin := part.get("begin"), str):
                found[json.loads(begin[begin.index("{") :] + "0}")["name"]] = part["content"][
                    "json_schema"
                ]
            collect(list(part.values()))

    collect(json.loads(tag))
    return found


@pytest.mark.parametrize("more", [FORM, {"parallel_tool_calls": False}])
def test_arguments_are_an_object_and_of_a_strict_tool_its_schema(more: Fields) -> None:
    request = ChatCompletionRequest(**CHAT, **more, tool_choice="auto")

    parser("hermes").adjust_request(request)

    assert request.structured_outputs is not None
    tag = request.structured_outputs.structural_tag
    assert isinstance(tag, str)
    assert arguments(tag) == {"free": {"type": "object"}, "strict": NO_ARGUMENTS}


def test_tools_stay_as_they_were_sent() -> None:
    request = ChatCompletionRequest(**CHAT, **FORM, tool_choice="auto")

    parser("hermes").adjust_request(request)

    assert request.tools is not None
    assert [tool.function.strict for tool in request.tools] == [None, True]
    assert [tool.function.parameters for tool in request.tools] == [NO_ARGUMENTS] * 2


@pytest.mark.parametrize(
    ("request_type", "body", "form", "param"),
    [
        (ChatCompletionRequest, CHAT, FORM, "response_format"),
        (
            ChatCompletionRequest,
            CHAT,
            {"structured_outputs": {"regex": "a"}},
            "structured_outputs.regex",
        ),
        (ResponsesRequest, RESPONSE, {"text": {"format": JSON}}, "text.format"),
    ],
)
def test_parser_without_a_grammar_of_calls_refuses_a_format_by_name(
    request_type: Any, body: Fields, form: Fields, param: str
) -> None:
    fields = {**body, **form, "tool_choice": "auto"}

    with pytest.raises(VLLMValidationError) as refusal:
        parser("granite").adjust_request(request_type(**fields))

    message = str(refusal.value)
    assert field_of_error(message, json.dumps(fields).encode()) == param
    assert "'tool_choice'" in message
