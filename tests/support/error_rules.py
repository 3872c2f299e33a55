"""What every 4xx keeps to: no names of the code, no library's words, and a path in the request.

``watch_answers`` looks at each answer that a test's client receives, whatever the test is about.
"""

import json
import re
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

import httpx2
import pytest

INTERNAL_NAME = re.compile(r"\b[A-Z][a-z0-9]+(?:[A-Z][a-z0-9]+)+\b|\w+\.py\b")
"""A class such as ``ChatCompletionUserMessageParam``, or a file of code."""
PROPER_NAMES = {
    "ElevenLabs",
    "GitHub",
    "JavaScript",
    "MetricsExportPort",
    "PowerPoint",
    "WebSocket",
}
LIBRARYS_WORDS = re.compile(
    r"pydantic|Traceback|validation errors? for|Input should|after validation|Value error|"
    r"Field required|valid (dictionary|string|integer|list)|type=\w+_|NoneType|<class|"
    r" object at 0x|\b(dict|list|tuple)\[|unexpected keyword|function-(after|before|wrap)",
)
PATH = re.compile(r"[^.\[\]]+|\[\d+\]")


def find_faults(answer: httpx2.Response) -> list[str]:
    """Return what is wrong with an error that a client receives."""
    if not 400 <= answer.status_code < 500:
        return []
    try:
        error = answer.json()["error"]
        message, param = error["message"], error.get("param")
    except (ValueError, KeyError, TypeError, httpx2.ResponseNotRead):
        return []
    sent, text = _read_body(answer.request), _text_of(answer.request)
    where = f"{answer.request.method} {answer.request.url.path}: {message}"
    own = set(INTERNAL_NAME.findall(f"{message} {param}")) - PROPER_NAMES
    faults = [f"names '{name}': {where}" for name in own if name not in text]
    words = {found[0] for found in LIBRARYS_WORDS.finditer(message)}
    faults += [f"has a library's words, '{each}': {where}" for each in words if each not in text]
    is_of_body = isinstance(param, str) and not _is_in_query(answer.request, param)
    if is_of_body and isinstance(sent, dict) and not _has_parent(sent, param):
        faults.append(f"names {param!r}, which is not in the request: {where}")
    return faults


def _text_of(request: httpx2.Request) -> str:
    try:
        return request.content.decode(errors="replace") + str(request.url)
    except httpx2.RequestNotRead:
        return ""


def _read_body(request: httpx2.Request) -> Any:
    try:
        return json.loads(request.content)
    except (httpx2.RequestNotRead, ValueError, RecursionError):
        return None


def _is_in_query(request: httpx2.Request, param: str) -> bool:
    first = param.partition("[")[0]
    return any(name.removesuffix("[]") == first for name in request.url.params)


def _has_parent(sent: Any, param: str) -> bool:
    """Return whether the parent of a path, which may be missing itself, is in a body."""
    value = sent
    for part in PATH.findall(param)[:-1]:
        try:
            value = value[int(part[1:-1])] if part.startswith("[") else value[part]
        except (KeyError, IndexError, TypeError):
            return False
    return True


@contextmanager
def watch_answers() -> Generator[None]:
    """Collect the faults of all answers, and fail with them at the end."""
    faults: list[str] = []
    whole, whole_async = httpx2.Client.send, httpx2.AsyncClient.send

    def send(self: httpx2.Client, *args: Any, **kwargs: Any) -> httpx2.Response:
        answer = whole(self, *args, **kwargs)
        if 400 <= answer.status_code < 500:
            answer.read()
        faults.extend(find_faults(answer))
        return answer

    async def send_async(self: httpx2.AsyncClient, *args: Any, **kwargs: Any) -> httpx2.Response:
        answer = await whole_async(self, *args, **kwargs)
        if 400 <= answer.status_code < 500:
            await answer.aread()
        faults.extend(find_faults(answer))
        return answer

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(httpx2.Client, "send", send)
        patch.setattr(httpx2.AsyncClient, "send", send_async)
        yield
    assert not faults, "\n".join(dict.fromkeys(faults))
