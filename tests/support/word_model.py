"""A scripted embeddings model that knows its words: texts with the same words are near."""

import json
import struct
from base64 import b64encode
from typing import Any
from zlib import crc32

from openai import AsyncOpenAI

from tests.support.scripted_model import ScriptedModel
from wire.calls import Call, Kind, Reply, Usage
from wire.card import ModelCard

SEA = b"The whale lives in the sea. It is a mammal."
SKY = b"The eagle flies high in the sky. It is a bird."
DIMENSIONS = 64
CARD = ModelCard(
    id="vec",
    kind=Kind.EMBEDDINGS,
    aliases=("text-embedding-3-small",),
    backend="sentence-transformers",
    context_length=100,
    dimensions=DIMENSIONS,
)


class WordModel(ScriptedModel):
    """Answers with vectors of words; raises what its script says first."""

    async def run(self, call: Call) -> Reply:
        self.calls.append(call)
        if self.script:
            piece = self.script.pop(0)
            assert isinstance(piece, Exception)
            raise piece
        return Reply(answer([vector(text) for text in json.loads(call.body)["input"]]), Usage(3))


def vector(text: str) -> list[float]:
    """Return how often each word is in a text, the words in no order."""
    numbers = [0.0] * DIMENSIONS
    for word in text.lower().split():
        numbers[crc32(word.strip(".,!?").encode()) % DIMENSIONS] += 1
    return numbers


def answer(vectors: list[list[float]]) -> bytes:
    """Return an engine's answer in base64."""
    data: list[dict[str, Any]] = [
        {
            "object": "embedding",
            "index": index,
            "embedding": b64encode(struct.pack(f"<{len(each)}f", *each)).decode(),
        }
        for index, each in enumerate(vectors)
    ]
    usage = {"prompt_tokens": 3, "total_tokens": 3}
    return json.dumps({"object": "list", "data": data, "model": "vec", "usage": usage}).encode()


async def upload(client: AsyncOpenAI, data: bytes = SEA, name: str = "sea.txt") -> str:
    return (await client.files.create(file=(name, data), purpose="assistants")).id


async def fill_store(client: AsyncOpenAI, **files: bytes) -> str:
    """Return a store of text files, read."""
    ids = [await upload(client, data, f"{name}.txt") for name, data in files.items()]
    store = await client.vector_stores.create(name="animals")
    if ids:
        await client.vector_stores.file_batches.create_and_poll(
            store.id, file_ids=ids, poll_interval_ms=10
        )
    return store.id


async def names(
    client: AsyncOpenAI, store_id: str, query: str = "whale sea", **how: Any
) -> list[str]:
    found = await client.vector_stores.search(store_id, query=query, **how)
    return [one.filename for one in found.data]
