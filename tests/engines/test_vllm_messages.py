"""What becomes of vLLM's chat answers in Anthropic's shape; nothing of it needs a loaded model."""

import json
from collections.abc import AsyncGenerator
from typing import Any

import pytest
from fastapi import Request

from tests.support.anthropic_conformance import read_events, read_message

HELLO: dict[str, Any] = {"max_tokens": 9, "messages": [{"role": "user", "content": "hi"}]}
REQUEST = Request({"type": "http", "headers": []})
DONE = "data: [DONE]\n\n"
FAILED = 'data: {"error": {"message": "x", "type": "X", "param": null, "code": 500}}\n\n'


class Chat:
    """Stands where vLLM's handler answers a chat, and keeps what it was asked."""

    def __init__(self) -> None:
        from vllm.entrypoints.anthropic.serving import AnthropicServingMessages

        from deployments.chat.vllm.messages import Messages

        handler = AnthropicServingMessages.__new__(AnthropicServingMessages)
        handler._merge_inline_system = False
        handler.create_chat_completion = self._answer  # type: ignore[method-assign]
        self.messages = Messages(handler)
        self.answer: Any = []
        self.asked: Any = None
        self.closed = False

    async def _answer(self, chat: Any, _: Request) -> Any:
        self.asked = chat
        return self._frames() if isinstance(self.answer, list) else self.answer

    async def _frames(self) -> AsyncGenerator[str]:
        try:
            for frame in self.answer:
                yield frame
        finally:
            self.closed = True

    async def ask(self, **fields: Any) -> Any:
        """Return what it makes of a request: an answer, or its events as a list."""
        from vllm.entrypoints.anthropic.protocol import AnthropicMessagesRequest

        body = AnthropicMessagesRequest.model_validate({"model": "m", **HELLO, **fields})
        answer = await self.messages.create(body, REQUEST)
        if isinstance(answer, AsyncGenerator):
            return [event async for event in answer]
        return answer.model_dump_json()


@pytest.fixture
def chat() -> Chat:
    return Chat()


def frame(delta: dict[str, Any] | None, tokens: int, **choice: Any) -> str:
    """Return a chunk of a chat stream; without a delta, its last one."""
    choices = [] if delta is None else [{"index": 0, "delta": delta, **choice}]
    usage = {"prompt_tokens": 5, "completion_tokens": tokens, "total_tokens": 5 + tokens}
    chunk = {"id": "chatcmpl-1", "created": 1, "model": "m", "choices": choices, "usage": usage}
    return f"data: {json.dumps(chunk)}\n\n"


def call(arguments: str, **first: Any) -> dict[str, Any]:
    named = {"name": "f"} if first else {}
    return {"tool_calls": [{"index": 0, "function": {"arguments": arguments, **named}, **first}]}


FIRST = frame({"role": "assistant", "content": ""}, 0)
THOUGHT = [
    FIRST,
    frame({"reasoning": "hm"}, 1),
    frame({"content": "yes"}, 2),
    frame(call("", id="t1", type="function"), 3),
    frame(call('{"a":'), 4),
    frame(call(" 1}"), 5, finish_reason="tool_calls"),
    frame(None, 5),
    DONE,
]


async def test_stream_is_anthropics_with_thinking_text_and_calls(chat: Chat) -> None:
    chat.answer = THOUGHT

    events = read_events("".join(await chat.ask(stream=True)))

    start, end = events[0].message, events[-2]
    blocks = [event.content_block for event in events if event.type == "content_block_start"]
    deltas = [event.delta for event in events if event.type == "content_block_delta"]
    assert (start.id, start.usage.input_tokens, start.usage.output_tokens) == ("msg_1", 5, 0)
    assert [block.type for block in blocks] == ["thinking", "text", "tool_use"]
    assert [delta.type for delta in deltas[:3]] == [
        "thinking_delta",
        "signature_delta",
        "text_delta",
    ]
    assert "".join(delta.partial_json for delta in deltas[3:]) == '{"a": 1}'
    assert (end.delta.stop_reason, end.usage.output_tokens) == ("tool_use", 5)
    assert chat.closed


async def test_stream_without_the_thinkings_text_keeps_its_block(chat: Chat) -> None:
    chat.answer = THOUGHT

    events = read_events(
        "".join(await chat.ask(stream=True, thinking={"type": "adaptive", "display": "omitted"}))
    )

    deltas = [event.delta.type for event in events if event.type == "content_block_delta"]
    assert "thinking_delta" not in deltas
    assert deltas[0] == "signature_delta"


@pytest.mark.parametrize(
    ("tokens", "reason"), [(9, "max_tokens"), (8, "model_context_window_exceeded")]
)
async def test_full_context_is_told_from_a_full_answer(
    chat: Chat, tokens: int, reason: str
) -> None:
    chat.answer = [FIRST, frame({"content": "a"}, 1, finish_reason="length"), frame(None, tokens)]
    chat.answer.append(DONE)

    events = read_events("".join(await chat.ask(stream=True)))

    assert events[-2].delta.stop_reason == reason


async def test_stop_sequence_is_named(chat: Chat) -> None:
    last = frame({"content": "a"}, 1, finish_reason="stop", stop_reason="END")
    chat.answer = [FIRST, last, frame(None, 1), DONE]

    events = read_events("".join(await chat.ask(stream=True)))

    assert (events[-2].delta.stop_reason, events[-2].delta.stop_sequence) == (
        "stop_sequence",
        "END",
    )


@pytest.mark.parametrize("before", [[], [FIRST, frame({"content": "a"}, 1)]])
async def test_failure_of_the_chat_is_passed_on_once_and_is_the_last(
    chat: Chat, before: list[str]
) -> None:
    chat.answer = [*before, FAILED, DONE]

    events = await chat.ask(stream=True)

    assert events[-1] == FAILED
    assert not any("error" in event for event in events[:-1])
    assert len(events) == (4 if before else 1)


async def test_failure_of_vllms_converter_is_an_internal_error(chat: Chat) -> None:
    chat.answer = [FIRST, "data: {}\n\n", DONE]

    start, failure = await chat.ask(stream=True)

    assert start.startswith("event: message_start")
    assert json.loads(failure.removeprefix("data: "))["error"]["code"] == 500


async def test_closing_the_stream_closes_the_chats(chat: Chat) -> None:
    from vllm.entrypoints.anthropic.protocol import AnthropicMessagesRequest

    chat.answer = THOUGHT
    body = AnthropicMessagesRequest.model_validate({"model": "m", **HELLO, "stream": True})
    events: Any = await chat.messages.create(body, REQUEST)
    await anext(events)
    assert not chat.closed

    await events.aclose()

    assert chat.closed


def whole(arguments: list[str] | None = None, tokens: int = 4, **choice: Any) -> Any:
    from vllm.entrypoints.openai.chat_completion.protocol import ChatCompletionResponse

    calls = [
        {"id": f"t{i}", "type": "function", "function": {"name": "f", "arguments": text}}
        for i, text in enumerate(arguments or ())
    ]
    message = {"role": "assistant", "content": None if calls else "yes", "tool_calls": calls}
    return ChatCompletionResponse.model_validate(
        {
            "id": "chatcmpl-1",
            "created": 1,
            "model": "m",
            "choices": [{"index": 0, "message": message, "finish_reason": "stop", **choice}],
            "usage": {"prompt_tokens": 5, "completion_tokens": tokens, "total_tokens": 5 + tokens},
        }
    )


async def test_answer_is_anthropics(chat: Chat) -> None:
    chat.answer = whole()

    message = read_message(await chat.ask())

    assert message.id == "msg_1"
    assert [block.type for block in message.content] == ["text"]
    assert message.stop_reason == "end_turn"
    assert (message.usage.input_tokens, message.usage.output_tokens) == (5, 4)


@pytest.mark.parametrize(
    ("arguments", "read"),
    [
        ('{"a": null}', {"a": None}),
        ('{"a": 1, "b": "x', {"a": 1}),
        ('{"a": 1, "b', {"a": 1}),
        ("", {}),
        ("[1]", {}),
    ],
)
async def test_call_that_is_cut_short_has_what_was_complete(
    chat: Chat, arguments: str, read: dict[str, Any]
) -> None:
    chat.answer = whole([arguments], tokens=9, finish_reason="length")

    message = read_message(await chat.ask())

    (block,) = message.content
    assert block.type == "tool_use"
    assert block.input == read
    assert message.stop_reason == "max_tokens"


async def test_call_that_a_stop_sequence_cut_is_not_to_be_made(chat: Chat) -> None:
    chat.answer = whole(['{"a": 1'], stop_reason="END")

    message = read_message(await chat.ask())

    assert (message.stop_reason, message.stop_sequence) == ("stop_sequence", "END")


async def test_beginning_of_the_answer_is_continued(chat: Chat) -> None:
    chat.answer = whole()

    await chat.ask(messages=[*HELLO["messages"], {"role": "assistant", "content": "I"}])

    assert (chat.asked.add_generation_prompt, chat.asked.continue_final_message) == (False, True)


async def test_conversation_gets_an_answer_of_its_own(chat: Chat) -> None:
    chat.answer = whole()

    await chat.ask()

    assert (chat.asked.add_generation_prompt, chat.asked.continue_final_message) == (True, False)
