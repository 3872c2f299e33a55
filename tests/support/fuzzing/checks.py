"""What each answer to an odd request keeps to."""

import json
import re
from typing import Any

import httpx2

from serve_app.http.error_answers import (
    ANTHROPIC_HEADER,
    ELEVENLABS_HEADER,
    ELEVENLABS_PATHS,
    MODELS_PATHS,
    OVERLOADED,
    is_anthropic_path,
)
from tests.support.error_rules import find_faults
from tests.support.fuzzing.requests import Sent

MAX_S = 5.0
"""For an answer that no model was asked for."""
MAX_MESSAGE_CHARS = 3000
FAILED = re.compile(rb'"(?:type|code)": ?"(?:server_error|api_error|model_error)"')
"""In a stream or a stored object: what would have been a 500."""


def check_answer(sent: Sent, answer: httpx2.Response, seconds: float) -> list[str]:
    """Return what is wrong with an answer."""
    status = answer.status_code
    if status in (503, OVERLOADED):
        return [] if answer.headers.get("retry-after") else ["has no Retry-After"]
    if status >= 500:
        return [f"is a {status}: {answer.text[:300]}"]
    if status < 400:
        failed = FAILED.search(answer.content)
        where = answer.content[max(0, failed.start() - 300) : failed.end() + 300] if failed else b""
        return [f"has an error of the server: {where!r}"] if failed else []
    faults = [f"took {seconds:.1f} s"] if seconds > MAX_S else []
    if sent.method != "HEAD":
        faults += _check_error(sent, answer)
    return faults + find_faults(answer)


def _check_error(sent: Sent, answer: httpx2.Response) -> list[str]:
    try:
        body: Any = answer.json()
        error = body["error"]
        message = error["message"]
    except (ValueError, KeyError, TypeError):
        return [f"is no error in JSON: {answer.content[:200]!r}"]
    path = answer.request.url.path.rstrip("/") or "/"
    of_models = MODELS_PATHS.fullmatch(path) is not None
    headers = answer.request.headers
    is_anthropic = is_anthropic_path(path) or (of_models and ANTHROPIC_HEADER in headers)
    members = {"type", "error", "request_id"} if is_anthropic else {"error"}
    is_elevenlabs = of_models and not is_anthropic and ELEVENLABS_HEADER in headers
    if is_elevenlabs or ELEVENLABS_PATHS.fullmatch(path):
        members.add("detail")
    inner = {"type", "message"} if is_anthropic else {"message", "type", "param", "code"}
    faults: list[str] = []
    if set(body) != members or not inner <= set(error):
        faults.append(f"has another shape: {json.dumps(body)[:300]}")
    if not isinstance(message, str) or not 0 < len(message) <= MAX_MESSAGE_CHARS:
        faults.append(f"has a message of a wrong length: {str(message)[:300]}")
    return faults
