"""One request for calls in each API, and what its answers say, whole or streamed."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import httpx2

MODEL = "caller"
APIS = ("chat", "functions", "responses", "messages")
PATHS = {"chat": "chat/completions", "functions": "chat/completions"}


@dataclass(frozen=True)
class Request:
    """A question with tools: their schemas by name."""

    question: str
    tools: Mapping[str, Any]
    choice: str = "auto"
    """Or ``none``, ``required``, or the name of a tool."""
    limit: int = 100
    stop: str | None = None
    more: Mapping[str, Any] = field(default_factory=dict)

    def with_limit(self, limit: int) -> "Request":
        return replace(self, limit=limit)

    def body(self, api: str) -> dict[str, Any]:
        """Return the request as this API spells it."""
        stop = {} if self.stop is None else {"stop": self.stop}
        said = [{"role": "user", "content": self.question}]
        match api:
            case "chat":
                tools = [{"type": "function", "function": _function(*t)} for t in self._tools()]
                fields = {"tools": tools, "tool_choice": self._choice(function=True)}
                fields |= {"messages": said, "max_tokens": self.limit, **stop}
            case "functions":
                named = self.choice not in ("auto", "none")
                choice = {"name": self.choice} if named else self.choice
                fields = {"functions": [_function(*t) for t in self._tools()], **stop}
                fields |= {"function_call": choice, "messages": said, "max_tokens": self.limit}
            case "responses":
                tools = [{"type": "function", **_function(*t)} for t in self._tools()]
                fields = {"tools": tools, "tool_choice": self._choice(function=False), **stop}
                fields |= {"input": self.question, "max_output_tokens": self.limit}
            case _:
                tools = [{"name": n, "input_schema": schema or {}} for n, schema in self._tools()]
                types = {"auto": "auto", "none": "none", "required": "any"}
                choice = {"type": types.get(self.choice, "tool")}
                if choice["type"] == "tool":
                    choice["name"] = self.choice
                fields = {"tools": tools, "tool_choice": choice, "messages": said}
                fields |= {"max_tokens": self.limit}
                fields |= {} if self.stop is None else {"stop_sequences": [self.stop]}
        return {"model": MODEL, **fields, **self.more}

    def _tools(self) -> list[tuple[str, Any]]:
        return list(self.tools.items())

    def _choice(self, *, function: bool) -> Any:
        if self.choice in ("auto", "none", "required"):
            return self.choice
        named = {"name": self.choice}
        return {"type": "function", **({"function": named} if function else named)}


def _function(name: str, schema: Any) -> dict[str, Any]:
    return {"name": name} if schema is None else {"name": name, "parameters": schema}


@dataclass
class Content:
    """The content of an answer, in the same form for each API."""

    text: str = ""
    calls: list[tuple[str, str]] = field(default_factory=list)
    """Names, and arguments as they are written."""
    ended: str = ""
    """``calls``, ``text``, ``length`` or ``stop``."""
    prompt_tokens: int = 0


ENDS = {
    "tool_calls": "calls",
    "function_call": "calls",
    "tool_use": "calls",
    "end_turn": "text",
    "max_tokens": "length",
    "max_output_tokens": "length",
    "length": "length",
    "stop_sequence": "stop",
}


def ask_model(url: str, api: str, request: Request, *, streamed: bool) -> Content:
    """Send a request and return the calls, the text and the end of its answer."""
    body = request.body(api)
    if streamed:
        body["stream"] = True
        if api in PATHS:
            body["stream_options"] = {"include_usage": True}
    answer = httpx2.post(f"{url}/v1/{PATHS.get(api, api)}", json=body, timeout=120)
    assert answer.status_code == 200, answer.text
    if not streamed:
        return READERS[api](answer.json())
    lines = (line.removeprefix("data: ") for line in answer.text.splitlines())
    return STREAM_READERS[api]([json.loads(line) for line in lines if line.startswith("{")])


def _read_chat(answer: Any) -> Content:
    (choice,) = answer["choices"]
    message = choice["message"]
    functions = [call["function"] for call in message.get("tool_calls") or ()]
    if message.get("function_call"):
        functions.append(message["function_call"])
    calls = [(each["name"], each["arguments"]) for each in functions]
    if calls:
        assert message["content"] != ""
    return Content(message["content"] or "", calls, _end(choice), answer["usage"]["prompt_tokens"])


def _end(choice: Any) -> str:
    reason = choice["finish_reason"]
    if reason == "stop":
        return "stop" if isinstance(choice.get("stop_reason"), str) else "text"
    return ENDS[reason]


def _read_chat_stream(events: list[Any]) -> Content:
    told = Content(prompt_tokens=events[-1]["usage"]["prompt_tokens"])
    for choice in [choice for event in events for choice in event["choices"]]:
        delta = choice["delta"]
        parts = [call["function"] for call in delta.get("tool_calls") or ()]
        if delta.get("function_call"):
            parts.append(delta["function_call"])
        if parts and not told.text:
            assert not delta.get("content")
        told.text += delta.get("content") or ""
        for part in parts:
            if part.get("name"):
                told.calls.append((part["name"], ""))
            name, arguments = told.calls[-1]
            told.calls[-1] = (name, arguments + (part.get("arguments") or ""))
        if choice["finish_reason"]:
            told.ended = _end(choice)
    return told


def _read_response(answer: Any) -> Content:
    told = Content(prompt_tokens=answer["usage"]["input_tokens"])
    for item in answer["output"]:
        if item["type"] == "message":
            told.text += "".join(part["text"] for part in item["content"])
        else:
            told.calls.append((item["name"], item["arguments"]))
    details = answer["incomplete_details"]
    told.ended = ENDS[details["reason"]] if details else "calls" if told.calls else "text"
    return told


def _read_response_stream(events: list[Any]) -> Content:
    told = Content()
    for event in events:
        match event["type"]:
            case "response.output_text.delta":
                told.text += event["delta"]
            case "response.output_item.added" if event["item"]["type"] == "function_call":
                told.calls.append((event["item"]["name"], ""))
            case "response.function_call_arguments.delta":
                name, arguments = told.calls[-1]
                told.calls[-1] = (name, arguments + event["delta"])
            case "response.completed" | "response.incomplete":
                whole = _read_response(event["response"])
                assert (whole.text, whole.calls) == (told.text, told.calls)
                return whole
            case _:
                pass
    raise AssertionError("the stream has no end")


def _read_message(answer: Any) -> Content:
    calls = [b for b in answer["content"] if b["type"] == "tool_use"]
    text = "".join(b["text"] for b in answer["content"] if b["type"] == "text")
    tokens = answer["usage"]["input_tokens"] + answer["usage"]["cache_read_input_tokens"]
    written = [(call["name"], json.dumps(call["input"])) for call in calls]
    return Content(text, written, ENDS[answer["stop_reason"]], tokens)


def _read_message_stream(events: list[Any]) -> Content:
    told = Content()
    for event in events:
        match event["type"]:
            case "content_block_start" if event["content_block"]["type"] == "tool_use":
                told.calls.append((event["content_block"]["name"], ""))
            case "content_block_delta" if event["delta"]["type"] == "text_delta":
                told.text += event["delta"]["text"]
            case "content_block_delta" if event["delta"]["type"] == "input_json_delta":
                name, arguments = told.calls[-1]
                told.calls[-1] = (name, arguments + event["delta"]["partial_json"])
            case "message_delta":
                told.ended = ENDS[event["delta"]["stop_reason"]]
                usage = event["usage"]
                told.prompt_tokens = usage["input_tokens"] + usage["cache_read_input_tokens"]
            case _:
                pass
    return told


READERS = {
    "chat": _read_chat,
    "functions": _read_chat,
    "responses": _read_response,
    "messages": _read_message,
}
STREAM_READERS = {
    "chat": _read_chat_stream,
    "functions": _read_chat_stream,
    "responses": _read_response_stream,
    "messages": _read_message_stream,
}
