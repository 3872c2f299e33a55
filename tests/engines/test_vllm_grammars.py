"""What a request's format costs to compile is limited, and nobody else waits for it."""

import asyncio
from collections.abc import Iterator
from typing import Any

import openai
import pytest
from openai import AsyncOpenAI

from deployments.chat.config import ChatConfig
from tests.support.served import serve_chat
from tests.support.tiny_model import make_tiny_llama

MESSAGES: Any = [{"role": "user", "content": "hello"}]


def form(properties: dict[str, Any]) -> Any:
    schema = {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }
    return {"type": "json_schema", "json_schema": {"name": "x", "schema": schema}}


def emails(prefix: str, count: int) -> Any:
    """Return a format within all limits of counts, which the library compiles for long."""
    names = [f"{prefix}{index}" for index in range(count)]
    return form({name: {"type": "string", "format": "email"} for name in names})


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> str:
    return str(make_tiny_llama(tmp_path_factory.mktemp("tiny")))


@pytest.fixture(scope="module")
def url(tiny: str) -> Iterator[str]:
    options: Any = {
        "max_model_len": 512,
        "max_num_seqs": 4,
        "enforce_eager": True,
        "kv_cache_memory_bytes": 2**25,
    }
    config = ChatConfig(model_id="m", model=tiny, max_whitespace=1, engine_kwargs=options)
    with serve_chat(config) as url:
        yield f"{url}/v1"


async def ask(client: AsyncOpenAI, **fields: Any) -> Any:
    fields = {"model": "m", "messages": MESSAGES, "max_tokens": 4} | fields
    return await client.chat.completions.create(**fields)


async def test_grammar_that_the_library_refuses_is_refused_with_its_reason(url: str) -> None:
    grammar = 'root ::= "a"\nother ::= [z-a]'
    async with AsyncOpenAI(base_url=url, api_key="none", max_retries=0) as client:
        with pytest.raises(openai.BadRequestError) as raised:
            await ask(client, extra_body={"structured_outputs": {"grammar": grammar}})

    assert raised.value.param == "structured_outputs.grammar"
    assert "line 2, column" in raised.value.message
    assert "lower bound" in raised.value.message


@pytest.mark.parametrize("stream", [False, True])
async def test_schema_that_takes_too_long_is_refused_by_name(url: str, stream: bool) -> None:
    async with AsyncOpenAI(base_url=url, api_key="none", max_retries=0) as client:
        with pytest.raises(openai.BadRequestError) as raised:
            await ask(client, response_format=emails(f"a{stream}", 300), stream=stream)

    assert raised.value.param == "response_format"
    assert "2 s" in str(raised.value)


async def test_others_are_answered_while_a_schema_is_compiled(url: str) -> None:
    async with AsyncOpenAI(base_url=url, api_key="none", max_retries=0) as client:
        await ask(client)
        slow = asyncio.create_task(ask(client, response_format=emails("b", 300)))
        for index in range(3):
            await ask(client)
            await ask(client, response_format=form({f"c{index}": {"type": "string"}}))

        assert not slow.done()
        with pytest.raises(openai.BadRequestError):
            await slow


async def test_client_that_leaves_leaves_its_place_to_the_next(url: str) -> None:
    async with AsyncOpenAI(base_url=url, api_key="none", max_retries=0) as client:
        left = [
            asyncio.create_task(ask(client, response_format=emails(f"d{index}", 300)))
            for index in range(20)
        ]
        await ask(client)
        for each in left:
            each.cancel()
        await asyncio.gather(*left, return_exceptions=True)

        answer = await ask(client, response_format=form({"e": {"type": "string"}}))

    assert answer.choices


async def test_format_that_was_compiled_is_kept(url: str) -> None:
    async with AsyncOpenAI(base_url=url, api_key="none", max_retries=0) as client:
        for _ in range(2):
            assert (await ask(client, response_format=emails("f", 3))).choices


def test_engine_compiles_several_formats_at_once(tiny: str) -> None:
    from vllm import EngineArgs
    from vllm.v1.structured_output import StructuredOutputManager

    from deployments.chat.vllm.processes import COMPILED_AT_ONCE, compile_side_by_side

    compile_side_by_side()
    manager = StructuredOutputManager(EngineArgs(model=tiny).create_engine_config())

    assert manager.executor._max_workers >= COMPILED_AT_ONCE
