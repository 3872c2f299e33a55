"""Tool calls that are cut short, as vLLM's parser for Hermes tells them. No engine is started."""

import json
from typing import Any

import pytest

CALL = '<tool_call>\n{"name": "f", "arguments": {"a": 1, "b": [2]}}\n</tool_call>'
REQUEST: Any = None


def parser() -> Any:
    from deployments.chat.vllm.tool_calls import HermesCalls

    tokenizer: Any = object()
    return HermesCalls(tokenizer)


def whole(text: str) -> tuple[str, list[tuple[str, str]]]:
    """Return what an answer says, and its calls."""
    found = parser().extract_tool_calls(text, REQUEST)
    calls = [(call.function.name, call.function.arguments) for call in found.tool_calls]
    assert found.tools_called == bool(calls)
    return found.content or "", calls


def streamed(text: str) -> tuple[str, list[tuple[str, str]]]:
    """Return the same of an answer that comes character by character."""
    reader, content, calls = parser(), "", list[tuple[str, str]]()
    for end in range(1, len(text) + 1):
        delta = reader.extract_tool_calls_streaming("", text[:end], "", (), (), (), REQUEST)
        content += (delta and delta.content) or ""
        for part in delta.tool_calls if delta else ():
            if part.function.name:
                calls.append((part.function.name, ""))
            name, arguments = calls[part.index]
            calls[part.index] = (name, arguments + (part.function.arguments or ""))
    return content, calls


@pytest.mark.parametrize("before", ["", "Well. ", f"Well. {CALL}\n"])
@pytest.mark.parametrize("length", range(len("<tool_call>"), len(CALL)))
def test_call_cut_short_is_the_same_whole_and_streamed(before: str, length: int) -> None:
    text = before + CALL[:length]

    content, calls = whole(text)

    assert "<tool_call>" not in content
    streamed_content, streamed_calls = streamed(text)
    assert content.strip() == streamed_content.strip()
    assert [name for name, _ in calls] == [name for name, _ in streamed_calls]
    for (_, told), (_, came) in zip(calls, streamed_calls, strict=True):
        assert told.rstrip(" }\n") == came.rstrip(" }\n")


def test_call_that_ends_is_told_as_json() -> None:
    assert whole(f"Well. {CALL}") == ("Well. ", [("f", '{"a": 1, "b": [2]}')])
    assert whole("No call.") == ("No call.", [])


@pytest.mark.parametrize(
    ("arguments", "stopped_by", "reason"),
    [
        ('{"a": 1}', None, "tool_calls"),
        ('{"a": 1', None, "length"),
        ("", None, "length"),
        ('{"a": 1', "END", "stop"),
    ],
)
def test_answer_says_why_it_ended_in_the_middle_of_a_call(
    arguments: str, stopped_by: str | None, reason: str
) -> None:
    from vllm.entrypoints.openai.chat_completion.protocol import ChatCompletionResponse

    from deployments.chat.vllm.answers import as_json

    call = {"id": "c", "type": "function", "function": {"name": "f", "arguments": arguments}}
    choice = {
        "index": 0,
        "message": {"role": "assistant", "content": None, "tool_calls": [call]},
        "finish_reason": "tool_calls",
        "stop_reason": stopped_by,
    }
    usage = {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}
    answer = ChatCompletionResponse.model_validate(
        {"model": "m", "choices": [choice], "usage": usage}
    )

    assert json.loads(as_json(answer))["choices"][0]["finish_reason"] == reason
