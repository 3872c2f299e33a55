"""Callers of all kinds. Each sends its next request when the answer to the last has ended."""

import asyncio
import json
import time
from collections import Counter
from collections.abc import Awaitable, Callable

import aiohttp

from bench.kinds.workloads import BODIES, FORM, PATHS, TEXT, form

SHORT = {"messages": [{"role": "user", "content": "What is 2+2?"}], "max_tokens": 8}
TIMEOUT_S = 120
PAUSE_S = 0.5
"""After an answer that is an error, so that errors do not become the load."""
CALLERS = {
    "chat": 3,
    "streams": 3,
    "tokens": 4,
    "messages": 1,
    "responses": 1,
    "lists": 2,
    "embeddings": 2,
    "rerank": 1,
    "speech": 1,
    "transcriptions": 1,
    "images": 1,
    "files": 1,
    "refused": 1,
}
"""By what they call. Of short requests more, since each costs the ingress as much as a long one."""

Call = Callable[[aiohttp.ClientSession, str], Awaitable[None]]


class Load:
    """All callers of a server, and the number of their answers."""

    def __init__(self, url: str, recording: bytes) -> None:
        self.answered: Counter[str] = Counter()
        self.errors: Counter[str] = Counter()
        self._url = url
        self._calls = make_calls(recording)

    async def run(self, seconds: float) -> None:
        """Call until the time is over."""
        end = time.monotonic() + seconds
        timeout = aiohttp.ClientTimeout(TIMEOUT_S)
        async with aiohttp.ClientSession(timeout=timeout) as session:
            callers = [
                self._call(name, session, end)
                for name, count in CALLERS.items()
                for _ in range(count)
            ]
            await asyncio.gather(*callers)

    async def _call(self, name: str, session: aiohttp.ClientSession, end: float) -> None:
        while time.monotonic() < end:
            try:
                await self._calls[name](session, self._url)
                self.answered[name] += 1
            except (aiohttp.ClientError, TimeoutError) as error:
                self.errors[f"{name}: {str(error) or type(error).__name__}"[:200]] += 1
                await asyncio.sleep(PAUSE_S)


def make_calls(recording: bytes) -> dict[str, Call]:
    """Return a function for each kind of request."""

    def post(path: str, body: dict[str, object], status: int = 200) -> Call:
        return send(path, json.dumps(body).encode(), "application/json", status)

    def send(path: str, body: bytes, content_type: str, status: int = 200) -> Call:
        async def call(session: aiohttp.ClientSession, url: str) -> None:
            headers = {"Content-Type": content_type}
            async with session.post(url + path, data=body, headers=headers) as answer:
                await check(answer, status)

        return call

    async def list_models(session: aiohttp.ClientSession, url: str) -> None:
        async with session.get(f"{url}/v1/models") as answer:
            await check(answer)

    async def respond(session: aiohttp.ClientSession, url: str) -> None:
        body = {"model": "gpt-4o", "input": "What is 2+2?", "max_output_tokens": 16}
        async with session.post(f"{url}/v1/responses", json=body) as answer:
            made = json.loads(await check(answer))
        async with session.delete(f"{url}/v1/responses/{made['id']}") as answer:
            await check(answer)

    async def keep_file(session: aiohttp.ClientSession, url: str) -> None:
        data = aiohttp.FormData({"purpose": "assistants"})
        data.add_field("file", TEXT.encode() * 1000, filename="text.txt")
        async with session.post(f"{url}/v1/files", data=data) as answer:
            made = json.loads(await check(answer))
        async with session.get(f"{url}/v1/files/{made['id']}/content") as answer:
            await check(answer)
        async with session.delete(f"{url}/v1/files/{made['id']}") as answer:
            await check(answer)

    chat = "/v1/chat/completions"
    return {
        "chat": post(chat, {"model": "gpt-4o", **SHORT}),
        "streams": post(chat, {"model": "gpt-4o", **SHORT, "max_tokens": 64, "stream": True}),
        "tokens": post("/v1/tokenize", {"model": "gpt-4o", "content": TEXT}),
        "messages": post("/v1/messages", {"model": "claude-sonnet-5", **SHORT}),
        "responses": respond,
        "lists": list_models,
        "embeddings": post(PATHS["embeddings"], {"model": "text-embedding-3-small", "input": TEXT}),
        "rerank": post(PATHS["rerank"], BODIES["rerank"]),
        "speech": post(PATHS["speech"], BODIES["speech"]),
        "transcriptions": send(PATHS["transcriptions"], form(recording), FORM),
        "images": post(PATHS["images"], BODIES["images"]),
        "files": keep_file,
        "refused": post(chat, {"model": "gpt-4o", "messages": []}, 400),
    }


async def check(answer: aiohttp.ClientResponse, status: int = 200) -> bytes:
    """Return the whole body of an answer.

    Raises:
        aiohttp.ClientError: it has another status.
    """
    body = await answer.read()
    if answer.status != status:
        raise aiohttp.ClientError(f"{answer.status} {body[:120]!r}")
    return body
