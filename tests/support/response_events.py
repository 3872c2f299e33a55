"""Responses and their events as a replica makes them."""

import json
from typing import Any


def said(text: str, status: str = "completed") -> dict[str, Any]:
    """Return a response as the replica makes it."""
    part = {"type": "output_text", "text": text, "annotations": []}
    message = {"id": "msg_1", "type": "message", "role": "assistant", "status": "completed"}
    return {
        "id": "resp_1",
        "object": "response",
        "created_at": 1,
        "model": "small",
        "status": status,
        "output": [{**message, "content": [part]}],
        "usage": None,
    }


def whole(text: str) -> bytes:
    return json.dumps(said(text)).encode()


def event(kind: str, number: int, **fields: Any) -> bytes:
    data = {"type": kind, "sequence_number": number, **fields}
    return f"event: {kind}\ndata: {json.dumps(data)}\n\n".encode()
