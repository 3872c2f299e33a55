"""SmolLM2 answers from the files of an assistant that must search them."""

import pytest
from openai import AsyncOpenAI

from tests.support.server import Server
from tests.support.word_model import fill_store


@pytest.mark.timeout(120)
async def test_assistant_that_must_search_answers_from_a_file_and_cites_it(
    server: Server,
) -> None:
    client = AsyncOpenAI(base_url=f"{server.url}/v1", api_key="none", max_retries=0, timeout=60)
    store = await fill_store(
        client, france=b"France lies in Europe. Its capital is Paris, on the Seine."
    )
    assistant = await client.beta.assistants.create(  # pyright: ignore[reportDeprecated]
        model="gpt-4o",
        tools=[{"type": "file_search"}],
        tool_resources={"file_search": {"vector_store_ids": [store]}},
        temperature=0.01,
    )

    run = await client.beta.threads.create_and_run_poll(  # pyright: ignore[reportDeprecated]
        assistant_id=assistant.id,
        thread={"messages": [{"role": "user", "content": "What is the capital of France?"}]},
        tool_choice={"type": "file_search"},
        poll_interval_ms=50,
    )

    assert run.status == "completed", run.last_error
    messages = await client.beta.threads.messages.list(run.thread_id)  # pyright: ignore[reportDeprecated]
    (part,) = messages.data[0].content
    assert part.type == "text"
    assert "Paris" in part.text.value
    assert any("france.txt" in mark.text for mark in part.text.annotations)
