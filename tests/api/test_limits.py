"""Every limit of requests: what is over it is refused with its value, and what is at it is not."""

import json
from collections.abc import Callable
from math import isqrt
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests.api.conftest import CreateApi
from tests.support.scripted_model import ScriptedModel, connect
from wire.limits import LIMITS

CHAT, ASSISTANTS, THREADS = "/v1/chat/completions", "/v1/assistants", "/v1/threads"
STORES, SEARCH = "/v1/vector_stores", "/v1/vector_stores/vs_x/search"
MESSAGES = [{"role": "user", "content": "hi"}]
TESTS = Path(__file__).resolve().parents[1]

Request = tuple[str, Any]
"""Path, and what is sent in JSON or a form."""

PART_HEADERS_BYTES = len('Content-Disposition: form-data; name=""')
FILE = ("file", ("a.wav", b"x"))


class Form(list[tuple[str, Any]]):
    """Fields of a form as httpx takes them."""

    def __init__(self, *fields: tuple[str, Any]) -> None:
        super().__init__((name, (None, v) if isinstance(v, str) else v) for name, v in fields)


def transcription(*fields: tuple[str, Any]) -> Request:
    return "/v1/audio/transcriptions", Form(FILE, *fields)


def chat(**fields: Any) -> Request:
    return CHAT, {"messages": MESSAGES} | fields


def schema(value: Any) -> Request:
    return chat(guided_json=value)


def assistant(**fields: Any) -> Request:
    return ASSISTANTS, {"model": "small"} | fields


def thread(message: Any) -> Request:
    return THREADS, {"messages": [{"role": "user", "content": "hi"} | message]}


def tools(count: int) -> list[Any]:
    return [{"type": "function", "function": {"name": f"f{index}"}} for index in range(count)]


def names(count: int, prefix: str = "n") -> list[str]:
    return [f"{prefix}{index}" for index in range(count)]


def references(count: int) -> Any:
    """Return a schema in which one follows so many references."""
    chain = {f"d{index}": {"$ref": f"#/$defs/d{index + 1}"} for index in range(count)}
    return {"$ref": "#/$defs/d0", "$defs": {**chain, f"d{count}": {"type": "string"}}}


def grammar_chain(count: int) -> str:
    rules = [f"r{index} ::= r{index + 1}" for index in range(count - 2)]
    return "\n".join(["root ::= r0", *rules, f'r{count - 2} ::= "x"'])


CASES: dict[str, Callable[[int], Request]] = {
    "MAX_BODY_VALUES": lambda n: chat(x=[0] * (n - 1)),
    "MAX_BODY_OBJECTS": lambda n: chat(x=[{}] * (n - 2)),
    "MAX_BODY_BACKSLASHES": lambda n: chat(x='"' * n),
    "MAX_BODY_MEMBERS": lambda n: (CHAT, {"messages": MESSAGES} | dict.fromkeys(names(n - 1), 1)),
    "MAX_FORM_FIELD_BYTES": lambda n: transcription(("other", "x" * n)),
    "MAX_FORM_FIELD_BYTES_BESIDE_FILE": lambda n: ("/v1/files", Form(("purpose", "x" * n), FILE)),
    "MAX_PART_HEADERS_BYTES": lambda n: transcription(("x" * (n - PART_HEADERS_BYTES), "")),
    "MAX_METADATA_PAIRS": lambda n: assistant(metadata=dict.fromkeys(names(n), "")),
    "MAX_METADATA_KEY_CHARS": lambda n: assistant(metadata={"k" * n: ""}),
    "MAX_METADATA_VALUE_CHARS": lambda n: assistant(metadata={"k": "v" * n}),
    "MAX_ID_CHARS": lambda n: (STORES, {"file_ids": ["f" * n]}),
    "MAX_NAME_CHARS": lambda n: assistant(name="n" * n),
    "MAX_DESCRIPTION_CHARS": lambda n: assistant(description="d" * n),
    "MAX_SCHEMA_BYTES": lambda n: schema({"description": "x" * (n - len('{"description":""}'))}),
    "MAX_SCHEMA_PARTS": lambda n: schema({"properties": {name: {} for name in names(n)}}),
    "MAX_SCHEMA_VALUES": lambda n: schema({"enum": list(range(n - 2))}),
    "MAX_MERGES": lambda n: schema(
        {"oneOf": [{"const": index} for index in range(isqrt(2 * n) + 2 if n > 6000 else 2)]}
    ),
    "MAX_NAME_COMPARISONS": lambda n: schema(
        {
            "properties": {"a" * (200 if n > 100_000 else 10): {}},
            "patternProperties": {"a" * 1000: {}},
        }
    ),
    "MAX_VALUE_COMPARISONS": lambda n: schema(
        {"enum": ["a" * (n if n > 500_000 else 100)], "pattern": "^a"}
    ),
    "MAX_REFERENCES": lambda n: schema(references(n - 2)),
    "MAX_LISTED_VALUES": lambda n: schema(
        {"type": "integer", "multipleOf": 7, "minimum": 1, "maximum": n}
    ),
    "MAX_UNIQUE_VALUES": lambda n: schema(
        {"type": "array", "items": {"enum": names(n)}, "uniqueItems": True, "maxItems": 2}
    ),
    "MAX_REGEX_CHARS": lambda n: chat(guided_regex="a" * n),
    "MAX_REGEX_PARTS": lambda n: schema(
        {"type": "string", "pattern": f"^(ab){{{n if n > 6000 else n // 4}}}$"}
    ),
    "MAX_GRAMMAR_CHARS": lambda n: chat(grammar='root ::= "x"'.ljust(n)),
    "MAX_GRAMMAR_NESTING": lambda n: chat(grammar=f'root ::= {"(" * n}"x"{")" * n}'),
    "MAX_GRAMMAR_REPETITIONS": lambda n: chat(grammar=f'root ::= "x"{{{n}}}'),
    "MAX_GRAMMAR_CHAIN": lambda n: chat(grammar=grammar_chain(n)),
    "MAX_GRAMMAR_OPTIONAL": lambda n: chat(
        grammar="root ::= " + " ".join(f'"{index}"?' for index in range(n))
    ),
    "MAX_CHOICES": lambda n: chat(n=n),
    "MAX_TOOLS": lambda n: chat(tools=tools(n)),
    "MAX_TOKENIZED_CHARS": lambda n: ("/v1/tokenize", {"content": "x" * n}),
    "MAX_LOGIT_BIASES": lambda n: chat(logit_bias=dict.fromkeys(map(str, range(n)), 1)),
    "MAX_LOGPROBS": lambda n: chat(logprobs=True, top_logprobs=n),
    "MAX_CONVERSATION_ITEMS": lambda n: (
        "/v1/conversations",
        {"items": [{"type": "message", "role": "user", "content": "hi"}] * n},
    ),
    "MAX_MESSAGE_CHARS": lambda n: assistant(instructions="x" * n),
    "MAX_NEW_MESSAGES": lambda n: (
        "/v1/threads/thread_x/runs",
        {"assistant_id": "asst_x", "additional_messages": MESSAGES * n},
    ),
    "MAX_ASSISTANT_FILES": lambda n: assistant(
        tool_resources={"code_interpreter": {"file_ids": names(n)}}
    ),
    "MAX_ASSISTANT_STORES": lambda n: assistant(
        tool_resources={"file_search": {"vector_store_ids": names(n)}}
    ),
    "MAX_MESSAGE_PARTS": lambda n: thread({"content": [{"type": "text", "text": "hi"}] * n}),
    "MAX_ATTACHMENTS": lambda n: thread(
        {"attachments": [{"file_id": "file_x", "tools": [{"type": "file_search"}]}] * n}
    ),
    "MAX_TOOL_OUTPUTS": lambda n: (
        "/v1/threads/thread_x/runs/run_x/submit_tool_outputs",
        {"tool_outputs": [{"tool_call_id": "c", "output": ""}] * n},
    ),
    "MAX_FILENAME_CHARS": lambda n: (
        "/v1/uploads",
        {"filename": "f" * n, "bytes": 1, "mime_type": "text/plain", "purpose": "assistants"},
    ),
    "MAX_UPLOAD_PARTS": lambda n: ("/v1/uploads/upload_x/complete", {"part_ids": names(n)}),
    "MAX_STORE_FILES": lambda n: (STORES, {"file_ids": names(n)}),
    "MAX_STORE_BATCH_FILES": lambda n: (f"{STORES}/vs_x/file_batches", {"file_ids": names(n)}),
    "MAX_STORE_TOTAL_FILES": lambda n: assistant(
        tool_resources={"file_search": {"vector_stores": [{"file_ids": names(n)}]}}
    ),
    "MAX_SEARCH_RESULTS": lambda n: (SEARCH, {"query": "q", "max_num_results": n}),
    "MAX_SEARCH_QUERIES": lambda n: (SEARCH, {"query": names(n)}),
    "MAX_SEARCH_FILTERS": lambda n: (
        SEARCH,
        {
            "query": "q",
            "filters": {"type": "or", "filters": [{"type": "eq", "key": "k", "value": 1}] * n},
        },
    ),
    "MAX_KEYS": lambda n: ("/stores/get", {"keys": [[0.5]] * n}),
    "MAX_KEY_LENGTH": lambda n: ("/stores/get", {"keys": [[0.5] * n]}),
    "MAX_TOPK": lambda n: ("/stores/find", {"key": [0.5], "topk": n}),
    "MAX_INPUTS": lambda n: ("/v1/embeddings", {"input": names(n)}),
    "MAX_TOKEN_IDS": lambda n: ("/v1/embeddings", {"input": [[1] * (n // 2), [1] * (n - n // 2)]}),
    "MAX_DOCUMENTS": lambda n: ("/v1/rerank", {"query": "q", "documents": names(n)}),
    "MAX_RANK_FIELDS": lambda n: (
        "/v1/rerank",
        {"query": "q", "documents": [{"text": "d"}], "rank_fields": names(n)},
    ),
    "MAX_TEXTS": lambda n: ("/v1/moderations", {"input": names(n)}),
    "MAX_IMAGES": lambda n: ("/v1/images/generations", {"prompt": "a cat", "n": n}),
    "MAX_IMAGE_PROMPT_CHARS": lambda n: ("/v1/images/generations", {"prompt": "x" * n}),
    "MAX_SOURCES": lambda n: (
        "/v1/images/edits",
        Form(("prompt", "a cat"), *[("image[]", ("a.png", b"x", "image/png"))] * n),
    ),
    "MAX_TRANSCRIPTION_PROMPT_CHARS": lambda n: transcription(("prompt", "x" * n)),
    "MAX_KEYWORDS": lambda n: transcription(*(("keywords[]", name) for name in names(n))),
    "MAX_KEYWORD_CHARS": lambda n: transcription(("keywords[]", "k" * n)),
    "MAX_LANGUAGES": lambda n: transcription(*[("languages[]", "en")] * n),
    "MAX_KEYTERMS": lambda n: (
        "/v1/speech-to-text",
        Form(FILE, ("model_id", "scribe_v1"), *(("keyterms", name) for name in names(n))),
    ),
}
"""A request with so many."""

ELSEWHERE = {
    "MAX_RESPONSE_CHAIN": "storage/test_responses.py",
    "MAX_BATCH_BYTES": "api/test_batches_bad_input.py",
    "MAX_BATCH_LINES": "api/test_batches_bad_input.py",
    "MAX_CUSTOM_ID_CHARS": "unit/test_batch_lines.py",
    "MAX_FORM_FIELDS": "api/test_forms.py",
    "MAX_SAMPLES": "api/test_vad.py",
    "MAX_RUN_TURNS": "api/test_run_limits.py",
    "MAX_WRITTEN_FILES": "api/test_code_interpreter.py",
    "MAX_DOCUMENT_CHARS": "engines/test_documents.py",
    "MAX_PICTURE_PIXELS": "engines/test_diffusers_edits.py",
}
"""Limits that one request in JSON does not reach, and the modules with their tests."""

NOT_SENT = {"MAX_ALTERNATIVES", "MAX_HEADER_PARAMETERS", "MAX_SCHEMA_GOALS"}
"""Limits of what is derived from a request: their value is in no body as a count."""


@pytest.fixture
async def server(create: CreateApi, model: ScriptedModel) -> Any:
    model.script = [b"{}"]
    api = create(max_body_bytes=2**25)
    async with api.router.lifespan_context(api), connect(api) as client:
        yield client


async def send(server: httpx2.AsyncClient, request: Request) -> tuple[int, str]:
    path, body = request
    if isinstance(body, Form):
        answer = await server.post(path, files=body)
    else:
        answer = await server.post(path, json=body)
    return answer.status_code, json.dumps(answer.json())


@pytest.mark.parametrize("name", sorted(CASES))
async def test_what_is_over_a_limit_is_refused_with_its_value(
    server: httpx2.AsyncClient, name: str
) -> None:
    limit, _ = LIMITS[name]

    status, answer = await send(server, CASES[name](limit + 1))

    assert status in (400, 413), answer
    assert str(limit) in answer

    status, answer = await send(server, CASES[name](limit))

    assert status < 500
    assert status in (200, 404) or str(limit) not in answer, answer


def test_every_limit_has_a_test() -> None:
    assert set(LIMITS) == {*CASES, *ELSEWHERE, *NOT_SENT}
    for name, path in ELSEWHERE.items():
        assert name in (TESTS / path).read_text(), (name, path)
