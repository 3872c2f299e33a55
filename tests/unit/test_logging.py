"""What a line of any log is like: one line, its request's id, no secrets."""

import asyncio
import io
import json
import logging
import warnings
from collections.abc import Iterator

import pytest
from ray._common.formatters import JSONFormatter
from ray.serve.context import _get_serve_request_context

from serve_app.models.handles import _name_request
from tests.support.log_output import log_output
from wire.calls import Call, Operation
from wire.logging import (
    MAX_CHARACTERS,
    REQUEST_ID,
    SafeRecord,
    escape,
    get_logger,
)

FORGED = "INFO 2026-11-30 ingress -- 200 GET / id=forged"


@pytest.fixture
def output() -> Iterator[io.StringIO]:
    with log_output() as output:
        request = REQUEST_ID.set("req-1")
        yield output
        REQUEST_ID.reset(request)


@pytest.mark.parametrize("end", ["\n", "\r", "\r\n", "\x0b", "\x85", "\u2028", "\x00", "\x1b[2K"])
def test_value_of_a_client_cannot_write_a_line(output: io.StringIO, end: str) -> None:
    get_logger("test").warning("model %s is unknown", f"base:x{end}{FORGED}")

    assert len(output.getvalue().splitlines()) == 1
    assert output.getvalue().startswith("WARNING req-1 -- model base:x\\")


def test_text_without_a_meaning_for_terminals_stays(output: io.StringIO) -> None:
    get_logger("test").warning("%s %s", "Grüße, 日本", "\u202ecba \ud800")

    assert output.getvalue() == "WARNING req-1 -- Grüße, 日本 \\u202ecba \\ud800\n"


def test_lines_of_a_traceback_have_the_requests_id(output: io.StringIO) -> None:
    try:
        raise ValueError(f"no such voice\n{FORGED}") from KeyError("a\rb")
    except ValueError:
        get_logger("test").exception("Request %s failed", "req-1")

    first, *others = output.getvalue().splitlines()
    assert first == "ERROR req-1 -- Request req-1 failed"
    assert len(others) > 5
    assert all(line.startswith("  req-1| ") for line in others)
    assert f"  req-1| {FORGED}" in others


def test_other_libraries_lines_and_warnings_are_no_different(output: io.StringIO) -> None:
    logging.getLogger("a.library").error("bad input:\n%s", FORGED)
    with warnings.catch_warnings():
        warnings.simplefilter("always")  # the tests' own filter raises them
        warnings.warn(f"odd\n{FORGED}", stacklevel=1)

    lines = output.getvalue().splitlines()
    begins = [line for line in lines if not line.startswith("  req-1| ")]
    assert len(begins) == 2
    assert begins[0].endswith("a.library req-1 -- bad input:")
    assert "py.warnings req-1 -- " in begins[1]


def test_line_is_not_of_any_length(output: io.StringIO) -> None:
    get_logger("test").warning("%s", "a b" * 1_000_000)
    try:
        raise ValueError("c d" * 1_000_000)
    except ValueError:
        get_logger("test").exception("failed")

    assert max(map(len, output.getvalue().splitlines())) < MAX_CHARACTERS + 100
    assert "(3000000 characters)" in output.getvalue()


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("postgresql://me:hush@db/name", "postgresql://…@db/name"),
        ("GET https://s3.example/b/k?X-Amz-Signature=hush&a=b failed",
         "GET https://s3.example/b/k?… failed"),
        ("{'Authorization': 'Bearer hush'}", "{'Authorization': '… …'}"),
        ("[(b'authorization', b'hush')]", "[(b'authorization', b'…')]"),
        ("x-api-key: hush", "x-api-key: …"),
        ("Incorrect key sk-hush_0123456789", "Incorrect key sk-…"),
        ("token hf_hush0123456789", "token hf_…"),
        ("data:image/png;base64," + "iVBORw0KGgo" * 40 + "==", "data:image/png;base64,…"),
        ("https://example.com/a?b", "https://example.com/a?…"),
        ("model=gpt-4o task-0123456789 id=resp_0123456789abcdef", None),
    ],
)  # fmt: skip
def test_secrets_are_in_no_line(text: str, line: str | None) -> None:
    assert escape(text) == (line or text)


def test_message_that_does_not_fit_its_arguments_is_reported_by_logging() -> None:
    record = SafeRecord("n", logging.INFO, "p", 1, "%d", ("x",), None)

    with pytest.raises(TypeError):
        record.getMessage()


async def test_serve_calls_a_request_of_a_job_by_its_id() -> None:
    call = Call(Operation.CHAT_COMPLETION, b"{}", "batch_req_1")

    async def call_replica() -> str:
        _name_request(call)
        return _get_serve_request_context().request_id

    assert await asyncio.create_task(call_replica()) == "batch_req_1"
    assert _get_serve_request_context().request_id == ""


def test_json_lines_are_whole_and_have_the_requests_id() -> None:
    output = io.StringIO()
    handler = logging.StreamHandler(output)
    handler.setFormatter(JSONFormatter())  # Serve's, with `encoding: JSON`
    with log_output():
        request = REQUEST_ID.set("req-1")
        logger = get_logger("json")
        logger.addHandler(handler)
        try:
            raise ValueError(f"a\n{FORGED}")
        except ValueError:
            logger.exception("model %s\n", "x")
        finally:
            logger.removeHandler(handler)
            REQUEST_ID.reset(request)

    (line,) = output.getvalue().splitlines()
    entry = json.loads(line)
    assert entry["message"] == "model x\\n"
    assert entry["request_id"] == "req-1"
    assert entry["exc_text"].splitlines()[-1] == f"  req-1| {FORGED}"
