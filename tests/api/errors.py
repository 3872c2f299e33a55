"""The shape of OpenAI's errors, for tests of every route."""

import httpx2


def assert_openai_error(answer: httpx2.Response, status: int, param: str | None = None) -> str:
    error = answer.json()["error"]
    assert answer.status_code == status, error
    assert set(error) == {"message", "type", "param", "code"}
    assert error["param"] == param
    assert error["type"] == "invalid_request_error"
    return error["message"]
