"""Calls of OpenAI's SDK that a model answers."""

from typing import Any

from pydantic import BaseModel

from tests.api.sdk.model import WAITING
from tests.support.sdk_calls import Calls, Fresh, beside

SCHEMA: Any = {
    "type": "object",
    "properties": {"word": {"type": "string"}},
    "required": ["word"],
    "additionalProperties": False,
}
TOOL: Any = {"type": "function", "function": {"name": "look", "parameters": SCHEMA}}
MESSAGES: Any = [{"role": "user", "content": "Hello"}]
PNG = ("a.png", b"\x89PNG picture", "image/png")
WAV = ("a.wav", b"RIFF....WAVE", "audio/wav")


class Word(BaseModel):
    """What the model is to answer."""

    word: str


CHAT: dict[str, Any] = {
    "audio": beside({"voice": "alloy", "format": "mp3"}, modalities=["text", "audio"]),
    "frequency_penalty": 0.5,
    "function_call": beside("auto", functions=[TOOL["function"]]),
    "functions": [TOOL["function"]],
    "logit_bias": {"5": -1},
    "logprobs": True,
    "max_completion_tokens": 10,
    "max_tokens": 10,
    "metadata": {"a": "b"},
    "modalities": ["text"],
    "moderation": {"model": "omni-moderation-latest"},
    "n": 1,
    "parallel_tool_calls": beside(True, tools=[TOOL]),
    "prediction": {"type": "content", "content": "Hello"},
    "presence_penalty": 0.5,
    "prompt_cache_key": "key",
    "prompt_cache_options": {"mode": "implicit"},
    "prompt_cache_retention": "24h",
    "reasoning_effort": "low",
    "response_format": {"type": "json_schema", "json_schema": {"name": "word", "schema": SCHEMA}},
    "safety_identifier": "user",
    "seed": 1,
    "service_tier": "auto",
    "stop": ["end"],
    "store": False,
    "stream_options": beside({"include_usage": True}, stream=True),
    "temperature": 0.5,
    "tool_choice": beside("auto", tools=[TOOL]),
    "tools": [TOOL],
    "top_logprobs": beside(2, logprobs=True),
    "top_p": 0.5,
    "user": "user",
    "verbosity": "low",
    "web_search_options": {},
}

STRICT_TOOL: Any = {"type": "function", "function": {**TOOL["function"], "strict": True}}
PARSED = {
    **CHAT,
    "response_format": Word,
    "tools": [STRICT_TOOL],
    "tool_choice": beside("auto", tools=[STRICT_TOOL]),
    "parallel_tool_calls": beside(True, tools=[STRICT_TOOL]),
    "stream_options": {"include_usage": True},
}
"""The SDK's own helpers take a class for a schema, and strict functions only."""

RESPONSE: dict[str, Any] = {
    "access_programs": {"a": "b"},
    "background": True,
    "background_options": beside({}, background=True),
    "context_management": [{"type": "compaction", "compact_threshold": 1000}],
    "image": {},
    "include": ["message.output_text.logprobs"],
    "instructions": "Be short.",
    "max_output_tokens": 16,
    "max_tool_calls": 2,
    "metadata": {"a": "b"},
    "moderation": {"model": "omni-moderation-latest"},
    "parallel_tool_calls": True,
    "prompt": {"id": "pmpt_1"},
    "prompt_cache_key": "key",
    "prompt_cache_options": {"mode": "implicit"},
    "prompt_cache_retention": "24h",
    "reasoning": {"effort": "low"},
    "safety_identifier": "user",
    "service_tier": "auto",
    "store": True,
    "stream_options": beside({"include_obfuscation": False}, stream=True),
    "temperature": 0.5,
    "text": {"format": {"type": "text"}, "verbosity": "low"},
    "tool_choice": "auto",
    "tools": [{"type": "function", "name": "look", "parameters": SCHEMA, "strict": True}],
    "top_logprobs": beside(2, include=["message.output_text.logprobs"]),
    "top_p": 0.5,
    "truncation": "auto",
    "user": "user",
}


def call_chat(call: Calls) -> None:
    """Call chat completions and completions."""
    call(
        "chat.completions.create",
        {**CHAT, "stream": True},
        model="small",
        messages=MESSAGES,
    )
    call("chat.completions.parse", PARSED, model="small", messages=MESSAGES)
    audio = beside({"voice": "alloy", "format": "pcm16"}, modalities=["text", "audio"])
    call("chat.completions.stream", {**PARSED, "audio": audio}, model="small", messages=MESSAGES)
    stored: dict[str, Any] = {"completion_id": "chatcmpl-1"}
    pages = {"after": "chatcmpl-1", "limit": 1, "order": "asc"}
    call("chat.completions.list", {**pages, "metadata": {"a": "b"}, "model": "small"})
    call("chat.completions.messages.list", pages, **stored)
    call("chat.completions.retrieve", **stored)
    call("chat.completions.update", **stored, metadata={"a": "b"})
    call("chat.completions.delete", **stored)
    call(
        "completions.create",
        {
            "best_of": 1,
            "echo": True,
            "frequency_penalty": 0.5,
            "logit_bias": {"5": -1},
            "logprobs": 1,
            "max_tokens": 10,
            "n": 1,
            "presence_penalty": 0.5,
            "seed": 1,
            "stop": ["end"],
            "stream": True,
            "stream_options": beside({"include_usage": True}, stream=True),
            "suffix": "end",
            "temperature": 0.5,
            "top_p": 0.5,
            "user": "user",
        },
        model="small",
        prompt="Hello",
    )


def call_responses(call: Calls) -> None:
    """Call responses and conversations."""
    items: Any = [{"role": "user", "content": "Hello"}]
    conversation = call("conversations.create", {"items": items, "metadata": {"a": "b"}})
    of_conversation = {"conversation_id": conversation.id}
    call("conversations.retrieve", **of_conversation)
    call("conversations.update", **of_conversation, metadata={"a": "b"})
    include = ["message.output_text.logprobs"]
    added = call("conversations.items.create", {"include": include}, **of_conversation, items=items)
    item: dict[str, Any] = {"item_id": added.data[0].id, **of_conversation}
    pages = {"after": added.data[0].id, "include": include, "limit": 1, "order": "asc"}
    call("conversations.items.list", pages, **of_conversation)
    call("conversations.items.retrieve", {"include": include}, **item)
    call("conversations.items.delete", **item)

    before = call("responses.create", {"stream": True}, model="small", input="Hello")
    request: dict[str, Any] = {"model": "small", "input": "Hello"}
    more = {
        **RESPONSE,
        "conversation": conversation.id,
        "previous_response_id": before.id,
    }
    helped = {**more, "stream_options": {"include_obfuscation": False}, "text_format": Word}
    call("responses.create", more, **request)
    call(
        "responses.parse",
        {**helped, "parse_as": None, "stream": False, "verbosity": "low"},
        **request,
    )
    call("responses.stream", helped, **request)
    response = {"response_id": before.id}
    kept = {"stream": True, "store": True, "background": True}
    streamed = call.client.responses.create(**request, **kept)
    of_stream = {"response_id": next(iter(streamed)).response.id}
    call("responses.stream", {"starting_after": 0}, **of_stream)
    call(
        "responses.retrieve",
        {
            "include": include,
            "include_obfuscation": beside(False, stream=True),
            "starting_after": beside(0, stream=True),
            "stream": True,
        },
        **of_stream,
    )
    call("responses.input_items.list", {**pages, "after": Fresh(lambda: None)}, **response)
    call(
        "responses.input_tokens.count",
        {
            "conversation": conversation.id,
            "instructions": "Be short.",
            "parallel_tool_calls": True,
            "personality": "friendly",
            "previous_response_id": before.id,
            "reasoning": {"effort": "low"},
            "text": {"format": {"type": "text"}},
            "tool_choice": "auto",
            "tools": RESPONSE["tools"],
            "truncation": "auto",
        },
        **request,
    )
    queued = call.client.responses.create(model="small", input=WAITING, background=True)
    call("responses.cancel", response_id=queued.id)
    call("responses.delete", **response)
    call("conversations.delete", **of_conversation)


def call_media(call: Calls) -> None:
    """Call speech, transcriptions and images."""
    call(
        "audio.speech.create",
        {
            "instructions": "Speak slowly.",
            "response_format": "mp3",
            "speed": 1.5,
            "stream_format": "audio",
        },
        model="tts-1",
        voice="alloy",
        input="Hello",
    )
    call(
        "audio.transcriptions.create",
        {
            "chunking_strategy": "auto",
            "include": beside(["logprobs"], response_format="json"),
            "keywords": ["Homeport"],
            "known_speaker_names": ["Ada"],
            "known_speaker_references": ["data:audio/wav;base64,UklGRg=="],
            "language": "en",
            "languages": ["en"],
            "prompt": "Homeport",
            "response_format": "verbose_json",
            "stream": True,
            "temperature": 0,
            "timestamp_granularities": beside(["word"], response_format="verbose_json"),
        },
        model="whisper-1",
        file=WAV,
    )
    call(
        "audio.translations.create",
        {"prompt": "Homeport", "response_format": "verbose_json", "temperature": 0},
        model="whisper-1",
        file=WAV,
    )

    image: dict[str, Any] = {
        "background": "opaque",
        "complexity": "low",
        "frame_count": 2,
        "frame_duration_ms": 100,
        "model": "gpt-image-1",
        "n": 2,
        "output_compression": beside(50, output_format="jpeg"),
        "output_format": "png",
        "partial_images": beside(1, stream=True),
        "quality": "high",
        "response_format": "b64_json",
        "safety_identifier": "user",
        "size": "256x256",
        "stream": True,
        "svg": {},
        "user": "user",
    }
    call(
        "images.generate",
        {**image, "moderation": "low", "style": "vivid"},
        prompt="a red circle",
    )
    edit = {**image, "input_fidelity": "high", "markup": PNG, "mask": PNG}
    call("images.edit", edit, image=PNG, prompt="a red circle")
    varied = ("model", "n", "response_format", "size", "user")
    call("images.create_variation", {name: image[name] for name in varied}, image=PNG)


def call_vectors_and_models(call: Calls) -> None:
    """Call embeddings, moderations and models."""
    call(
        "embeddings.create",
        {"dimensions": 1, "user": "user"},
        model="embed",
        input=["Hello"],
        encoding_format="float",
    )
    call("moderations.create", {"model": "omni-moderation-latest"}, input="Hello")
    call("models.list")
    call("models.retrieve", model="small")
    call("models.delete", model="small")
