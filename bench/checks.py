"""Checks that every contender gives the same answers, completely."""

import base64
import json
from typing import Any

from bench.client.job import Flow, Job
from bench.contenders import MODEL
from bench.running import Running
from bench.stage import Stage

CHAT = "/v1/chat/completions"
TOKENS = 128
SENTENCE = "Count from one to forty in words."
"""Each of the first 128 tokens of its answer has text, so each can be timed."""
QUESTIONS = (SENTENCE, "Who are you and what can you do?", "What is the capital of France?")
TIMEOUT_S = 60


def chat_body(question: str, tokens: int, **more: Any) -> bytes:
    """Return a greedy request for an exact number of tokens."""
    fields = {
        "model": MODEL,
        "messages": [{"role": "user", "content": question}],
        "max_tokens": tokens,
        "temperature": 0,
        "ignore_eos": True,
    }
    return json.dumps({**fields, **more}).encode()


def check_chat(server: Running, stage: Stage) -> None:
    """Send each question, streamed and not, and compare the answers with other contenders'."""
    for question in QUESTIONS:
        whole = _request(server, stage, chat_body(question, TOKENS), stream=False)
        streamed = _request(
            server,
            stage,
            chat_body(question, TOKENS, stream=True, stream_options={"include_usage": True}),
            stream=True,
        )
        if whole is None or streamed is None:
            stage.report_faults(server, [f"no answer to {question!r}"])
            continue
        text, tokens = read_answer(json.loads(whole))
        stage.report_faults(server, _faults(question, text, tokens, *read_stream(streamed)))
        by, expected = stage.answers.setdefault(question, (server.contender.name, text))
        if text != expected:
            stage.report_faults(
                server, [f"{question!r}: {by} says {expected!r}, this one {text!r}"]
            )


def measure_agreement(stage: Stage, question: str, bodies: list[str]) -> float:
    """Return the share of streams under load that equal the answer to the same question alone."""
    expected = stage.answers[question][1]
    same = [read_stream(base64.b64decode(body))[0] == expected for body in bodies]
    return sum(same) / len(same) if same else 0.0


def read_answer(answer: dict[str, Any]) -> tuple[str, int]:
    """Return the text of a complete answer and the number of tokens in its usage."""
    return answer["choices"][0]["message"]["content"], answer["usage"]["completion_tokens"]


def read_stream(body: bytes) -> tuple[str, int, bool]:
    """Return a stream's text, the tokens in its usage if any, and whether it ends correctly."""
    text, tokens = "", 0
    events = [event for event in body.decode().split("\n\n") if event]
    for event in events:
        data = event.removeprefix("data: ")
        if data == "[DONE]":
            continue
        chunk = json.loads(data)
        for choice in chunk.get("choices", ()):
            text += choice["delta"].get("content") or ""
        tokens = (chunk.get("usage") or {}).get("completion_tokens", tokens)
    return text, tokens, bool(events) and events[-1] == "data: [DONE]"


def _faults(
    question: str, text: str, tokens: int, streamed: str, told: int, finished: bool
) -> list[str]:
    faults: list[str] = []
    if text != streamed:
        faults.append(f"{question!r}: {text!r} whole, {streamed!r} streamed")
    if (tokens, told) != (TOKENS, TOKENS):
        faults.append(f"{question!r}: {tokens} tokens whole, {told} streamed, not {TOKENS}")
    if not finished:
        faults.append(f"{question!r}: the stream does not end with [DONE]")
    return faults


def _request(server: Running, stage: Stage, body: bytes, *, stream: bool) -> bytes | None:
    flow = Flow(server.url + CHAT, body, 1, stream=stream, most_requests=1, keep=1)
    result = stage.generator.run(Job((flow,), TIMEOUT_S))
    kept = result["flows"][0]["kept"]
    return base64.b64decode(kept[0]) if kept else None
