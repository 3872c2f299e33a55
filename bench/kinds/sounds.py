"""Time to the first sound of a spoken answer, spoken during generation and afterwards."""

import json
import time
from typing import Any

import aiohttp


async def time_first_sounds(url: str, asked: str) -> tuple[float, float]:
    """Return the seconds to the first sound: spoken during generation, and after it."""
    async with aiohttp.ClientSession(url) as session:
        question = {"messages": [{"role": "user", "content": asked}], "max_tokens": 256}
        during = await _speak_during_generation(session, question)
        return during, await _speak_afterwards(session, question)


async def _speak_during_generation(
    session: aiohttp.ClientSession, question: dict[str, Any]
) -> float:
    body = {
        **question,
        "stream": True,
        "modalities": ["text", "audio"],
        "audio": {"voice": "alloy", "format": "pcm16"},
    }
    started = time.perf_counter()
    async with session.post("/v1/chat/completions", json=body) as answer:
        answer.raise_for_status()
        async for line in answer.content:
            if line.startswith(b"data: {"):
                choices = json.loads(line[len(b"data: ") :])["choices"]
                if choices and (choices[0]["delta"].get("audio") or {}).get("data"):
                    return time.perf_counter() - started
    raise AssertionError("The answer had no sound.")


async def _speak_afterwards(session: aiohttp.ClientSession, question: dict[str, Any]) -> float:
    started = time.perf_counter()
    async with session.post("/v1/chat/completions", json=question) as answer:
        answer.raise_for_status()
        text = (await answer.json())["choices"][0]["message"]["content"]
    body = {"input": text, "voice": "alloy", "response_format": "pcm"}
    async with session.post("/v1/audio/speech", json=body) as answer:
        answer.raise_for_status()
        await answer.content.readany()
    return time.perf_counter() - started
