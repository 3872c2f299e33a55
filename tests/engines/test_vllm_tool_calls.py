"""Tool calls that are cut short, as vLLM gets them from Homeport's parser. No engine is started."""

import json
from types import SimpleNamespace
from typing import Any

import pytest

CALL = '<tool_call>\n{"name": "f", "arguments": {"a": 1, "b": [2]}}\n</tool_call>'
REQUEST: Any = SimpleNamespace(tool_choice="auto", tools=None)


def parser() -> Any:
    from deployments.chat.vllm.tool_calls import HermesCalls

    tokenizer: Any = object()
    return HermesCalls(tokenizer)


def whole(text: str) -> tuple[str, list[tuple[str, str]]]:
    """Return what an answer says, and its calls."""
    found = parser().extract_tool_calls(text, REQUEST)
    calls = [(call.function.name, call.function.arguments) for call in found.tool_calls]
    # Otherwise vLLM takes the raw text for what the answer says.
    assert found.tools_called or (found.content, calls) == (text, [])
    return found.content or "", calls


def streamed(text: str) -> tuple[str, list[tuple[str, str]]]:
    """Return the same of an answer that comes character by character."""
    reader, content, calls = parser(), "", list[tuple[str, str]]()
    deltas = [
        reader.extract_tool_calls_streaming("", "", sign, (), (), (), REQUEST) for sign in text
    ]
    assert reader.engine_based_streaming  # or vLLM would not ask for the rest
    for delta in [*deltas, reader.finish_streaming()]:
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
    assert (content, calls) == streamed(text)


@pytest.mark.parametrize("cut", [0, 1, 5, len("<tool_call>"), 16, 22, 24])
@pytest.mark.parametrize(
    "choice",
    [
        "required",
        "auto",
        SimpleNamespace(name="weather"),
        SimpleNamespace(function=SimpleNamespace(name="weather")),
    ],
)
def test_name_that_was_cut_is_the_only_function_that_fits(cut: int, choice: Any) -> None:
    text = '<tool_call>\n{"name": "weather"'[: len("<tool_call>") + cut]
    named = [{"name": "weather"}] if choice in ("required", "auto") else [{"name": "weather"}, {}]
    tools = [SimpleNamespace(function=SimpleNamespace(**{"name": "x", **each})) for each in named]
    request: Any = SimpleNamespace(tool_choice=choice, tools=tools)

    (call,) = parser().extract_tool_calls(text, request).tool_calls

    assert (call.function.name, call.function.arguments) == ("weather", "")


def test_call_that_ends_is_told_as_json() -> None:
    assert whole(f"Well. {CALL}") == ("Well. ", [("f", '{"a": 1, "b": [2]}')])
    assert whole("No call.") == ("No call.", [])


@pytest.mark.parametrize(
    ("arguments", "end", "stopped_by", "reason"),
    [
        ('{"a": 1}', "stop", None, "tool_calls"),
        ('{"a": 1}', "stop", "END", "tool_calls"),
        ('{"a": 1}', "length", None, "length"),
        ('{"a": 1', "length", None, "length"),
        ("", "length", None, "length"),
        ('{"a": 1', "stop", "END", "stop"),
        ('{"a": 1', "stop", None, "tool_calls"),  # so the model wrote it
    ],
)
def test_answer_says_why_it_ended_in_the_middle_of_a_call(
    arguments: str, end: str, stopped_by: str | None, reason: str
) -> None:
    from vllm.entrypoints.openai.chat_completion.protocol import ChatCompletionResponse

    from deployments.chat.vllm.answers import as_json
    from deployments.chat.vllm.tool_calls import ENDS

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

    token = ENDS.set({0: end})
    try:
        told = json.loads(as_json(answer))
    finally:
        ENDS.reset(token)

    assert told["choices"][0]["finish_reason"] == reason


@pytest.mark.parametrize(
    ("pieces", "stopped_by", "reason"),
    [
        (['{"a"', ": 1}"], "END", "tool_calls"),
        (['{"a"', ": 1"], "END", "stop"),
        ([], "END", "stop"),
        (['{"a"', ": 1"], None, "tool_calls"),
    ],
)
def test_stream_says_that_a_stop_text_cut_its_call(
    pieces: list[str], stopped_by: str | None, reason: str
) -> None:
    from deployments.chat.vllm.tool_calls import StoppedCalls

    def frame(arguments: str, ends: str | None = None, **begins: Any) -> str:
        part = {"index": 0, "function": {"arguments": arguments}, **begins}
        choice = {
            "index": 0,
            "delta": {} if ends else {"tool_calls": [part]},
            "finish_reason": ends,
            "stop_reason": stopped_by if ends else None,
        }
        return f"data: {json.dumps({'choices': [choice]})}\n\n"

    calls = StoppedCalls()
    for each in [frame("{}", id="c0"), frame("", id="c1"), *map(frame, pieces)]:
        assert json.loads(calls.mark(each)[6:]) == json.loads(each[6:])

    last = json.loads(calls.mark(frame("", "tool_calls"))[6:])

    assert last["choices"][0]["finish_reason"] == reason
