"""Chat completions, completions, edits, messages, moderations and tokens."""

from typing import Any

from serve_app.openapi.operation import EVENTS, JSON, Events, Operation
from serve_app.routes import chat, completions, edits, messages, moderations, tokenize
from wire.anthropic.messages import AnthropicMessage, MessageStreamEvent, MessageTokensCount
from wire.localai.tokenize import DetokenizeResponse, TokenizeResponse
from wire.openai.chat import ChatCompletion, ChatCompletionChunk
from wire.openai.completions import Completion, CompletionChunk
from wire.openai.edits import Edit
from wire.openai.moderations import ModerationCreateResponse

QUESTION = "What is the capital of France?"
ASKED = [{"role": "user", "content": QUESTION}]
WEATHER = "What is the weather in Boston?"

FUNCTION: dict[str, Any] = {
    "name": "get_current_weather",
    "description": "Get the current weather in a given location",
    "parameters": {
        "type": "object",
        "properties": {"location": {"type": "string"}},
        "required": ["location"],
    },
}

OPERATIONS = (
    Operation(
        endpoint=chat.create_chat_completion,
        tag="chat",
        calls_model=True,
        answers={
            JSON: ChatCompletion,
            EVENTS: Events(ChatCompletionChunk, ends_with_done=True),
        },
        examples={
            "question": {"model": "gpt-4o", "messages": ASKED},
            "stream": {
                "model": "gpt-4o",
                "messages": ASKED,
                "stream": True,
                "stream_options": {"include_usage": True},
                "logprobs": True,
                "top_logprobs": 2,
            },
            "logprobs": {"messages": ASKED, "logprobs": True, "top_logprobs": 2, "seed": 7},
            "tools": {
                "messages": [{"role": "user", "content": WEATHER}],
                "tools": [{"type": "function", "function": FUNCTION}],
            },
            "tools in a stream": {
                "messages": [{"role": "user", "content": WEATHER}],
                "tools": [{"type": "function", "function": FUNCTION}],
                "stream": True,
            },
            "functions": {
                "messages": [{"role": "user", "content": WEATHER}],
                "functions": [FUNCTION],
            },
            "grammar": {
                "messages": [{"role": "user", "content": "Is Paris in France?"}],
                "grammar": 'root ::= "yes" | "no"',
            },
            "spoken": {
                "messages": ASKED,
                "modalities": ["text", "audio"],
                "audio": {"voice": "alloy", "format": "wav"},
            },
            "spoken in a stream": {
                "messages": ASKED,
                "modalities": ["text", "audio"],
                "audio": {"voice": "alloy", "format": "pcm16"},
                "stream": True,
            },
        },
    ),
    *(
        Operation(
            endpoint=endpoint,
            tag="chat",
            calls_model=True,
            answers={
                JSON: Completion,
                EVENTS: Events(CompletionChunk, ends_with_done=True),
            },
            examples={
                "text": {"prompt": "The capital of France is", "max_tokens": 8},
                "stream": {
                    "prompt": "The capital of France is",
                    "max_tokens": 8,
                    "stream": True,
                    "stream_options": {"include_usage": True},
                },
                "several": {"prompt": ["One", "Two"], "max_tokens": 4, "echo": True, "logprobs": 1},
            },
            parameters={"model": "gpt-3.5-turbo-instruct"},
        )
        for endpoint in (completions.create_completion, completions.create_engine_completion)
    ),
    Operation(
        endpoint=edits.create_edit,
        tag="chat",
        calls_model=True,
        answers={JSON: Edit},
        examples={"edit": {"instruction": "Repeat this text.", "input": "Good morning"}},
    ),
    Operation(
        endpoint=tokenize.tokenize,
        tag="chat",
        calls_model=True,
        answers={JSON: TokenizeResponse},
        examples={
            "text": {"prompt": "Hello"},
            "LocalAI's": {"content": "Hello"},
            "conversation": {"messages": ASKED, "return_token_strs": True},
        },
    ),
    Operation(
        endpoint=tokenize.detokenize,
        tag="chat",
        calls_model=True,
        answers={JSON: DetokenizeResponse},
        examples={"tokens": {"tokens": [100, 200, 300]}},
    ),
    Operation(
        endpoint=moderations.create_moderation,
        tag="chat",
        calls_model=True,
        answers={JSON: ModerationCreateResponse},
        examples={"text": {"input": "Have a good day."}},
    ),
    Operation(
        endpoint=messages.create_message,
        tag="chat",
        calls_model=True,
        answers={JSON: AnthropicMessage, EVENTS: Events(MessageStreamEvent)},
        examples={
            "question": {"model": "claude-sonnet-5", "max_tokens": 100, "messages": ASKED},
            "stream": {"max_tokens": 100, "messages": ASKED, "stream": True},
            "tools": {
                "max_tokens": 100,
                "messages": [{"role": "user", "content": WEATHER}],
                "tools": [
                    {
                        "name": FUNCTION["name"],
                        "description": FUNCTION["description"],
                        "input_schema": FUNCTION["parameters"],
                    }
                ],
            },
        },
    ),
    Operation(
        endpoint=messages.count_tokens,
        name="count_message_tokens",
        tag="chat",
        calls_model=True,
        answers={JSON: MessageTokensCount},
        examples={"question": {"messages": ASKED}},
    ),
)
