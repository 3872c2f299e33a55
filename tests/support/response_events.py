"""Responses and their events as a replica makes them."""

import json
from typing import Any

PART: dict[str, Any] = {"type": "output_text", "annotations": [], "logprobs": []}


def make_response(text: str, status: str = "completed") -> dict[str, Any]:
    """Return a response as the replica makes it, without the fields that repeat the request."""
    return {
        "id": "resp_1",
        "object": "response",
        "created_at": 1,
        "completed_at": 2 if status == "completed" else None,
        "model": "small",
        "status": status,
        "error": None,
        "incomplete_details": {"reason": "max_output_tokens"} if status == "incomplete" else None,
        "output": [message(text, status)],
        "temperature": 1.0,
        "top_p": 1.0,
        "frequency_penalty": 0.0,
        "presence_penalty": 0.0,
        "usage": None,
    }


def message(text: str, status: str = "completed") -> dict[str, Any]:
    """Return what the model wrote as an item."""
    item = {"id": "msg_1", "type": "message", "role": "assistant", "status": status}
    return {**item, "content": [{**PART, "text": text}]}


def whole(text: str) -> bytes:
    return json.dumps(make_response(text)).encode()


def event(kind: str, number: int, **fields: Any) -> bytes:
    data = {"type": kind, "sequence_number": number, **fields}
    return f"event: {kind}\ndata: {json.dumps(data)}\n\n".encode()
