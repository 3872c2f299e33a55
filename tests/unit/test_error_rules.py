"""The rules by which each 4xx of the suite is checked."""

import json
from typing import Any

import httpx2
import pytest

from tests.support.error_rules import find_faults

SENT = {"messages": [{"role": "user", "name": "ChatCompletionParam"}]}


def answer(message: str, param: str | None = None, status: int = 400) -> httpx2.Response:
    request = httpx2.Request("POST", "http://test/v1/chat/completions", json=SENT)
    error: dict[str, Any] = {"error": {"message": message, "param": param}}
    return httpx2.Response(status, content=json.dumps(error), request=request)


@pytest.mark.parametrize(
    ("message", "param"),
    [
        ("ChatCompletionDeveloperMessageParam.role is wrong.", None),
        ("Invalid 'VoiceReference': must be an object.", None),
        ("7 validation errors for ValidatorIterator", None),
        ("Invalid 'n': Input should be less than 2.", "n"),
        ("Traceback (most recent call last): serving.py", None),
        ("Invalid 'messages[1].role': must be a string.", "messages[1].role"),
        ("Invalid 'messages[0].content[0].text'.", "messages[0].content[0].text"),
        ("Invalid.", "messages[0].DeveloperParam"),
    ],
)
def test_internal_words_and_unknown_paths_are_faults(message: str, param: str | None) -> None:
    assert find_faults(answer(message, param))
    assert not find_faults(answer(message, param, 500))


@pytest.mark.parametrize(
    ("message", "param"),
    [
        ("Invalid 'messages[0].name': 'ChatCompletionParam' is wrong.", "messages[0].name"),
        ("Missing required parameter: 'messages[0].content'.", "messages[0].content"),
        ("Missing required parameter: 'prompt'.", "prompt"),
        ("ElevenLabs has no such voice.", None),
    ],
)
def test_paths_of_the_request_are_none(message: str, param: str | None) -> None:
    assert not find_faults(answer(message, param))
