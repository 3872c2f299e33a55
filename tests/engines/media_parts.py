"""Asks a model that sees and hears, with parts of conversations."""

from typing import Any

import httpx2

from tests.support.pictures import data_url, encode

TEXT = {"type": "text", "text": "hi"}
MODEL = "omni"


def image(data: bytes, **fields: Any) -> dict[str, Any]:
    return {"type": "image_url", "image_url": {"url": data_url(data), **fields}}


def audio(data: bytes, form: str = "wav") -> dict[str, Any]:
    return {"type": "input_audio", "input_audio": {"data": encode(data), "format": form}}


def block(data: bytes) -> dict[str, Any]:
    source = {"type": "base64", "media_type": "image/png", "data": encode(data)}
    return {"type": "image", "source": source}


def ask(url: str, *parts: Any, **fields: Any) -> httpx2.Response:
    messages = [{"role": "user", "content": [TEXT, *parts]}]
    body = {
        "model": MODEL,
        "messages": messages,
        "max_completion_tokens": 2,
        "temperature": 0,
        **fields,
    }
    return httpx2.post(f"{url}/v1/chat/completions", json=body, timeout=120)


def told(url: str, *parts: Any) -> tuple[int, list[float]]:
    """Return how many tokens the model read, and how sure it was of what it said."""
    answer = ask(url, *parts, logprobs=True)
    assert answer.status_code == 200, answer.text
    said = answer.json()["choices"][0]["logprobs"]["content"]
    return answer.json()["usage"]["prompt_tokens"], [round(each["logprob"], 3) for each in said]


def refused(answer: httpx2.Response, param: str) -> str:
    """Return why; the part must be named."""
    assert answer.status_code == 400, answer.text
    error = answer.json()["error"]
    assert error["param"] == param
    return str(error["message"])
