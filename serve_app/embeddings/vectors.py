"""Vectors of a client's texts; those of vector stores are made in ``vector_stores.embedding``."""

from serve_app.models.calls import Calls
from wire.bodies import EmbeddingsBody
from wire.calls import Kind, Operation
from wire.fields import own_fields
from wire.openai.embeddings import EmbeddingsRequest


async def embed(body: EmbeddingsRequest, model_name: str | None, calls: Calls) -> bytes:
    """Return the engine's answer, as JSON: a vector for each input."""
    model = await calls.resolve(Kind.EMBEDDINGS, model_name, body.backend)
    reply = await calls.run(model, Operation.EMBEDDINGS, EmbeddingsBody(**own_fields(body)))
    return reply.body
