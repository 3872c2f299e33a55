"""Vectors of a client's texts; those of vector stores are made in ``vector_stores.embedding``."""

from serve_app.models.calls import Calls
from wire.bodies import EmbeddingsBody
from wire.calls import Kind, Operation
from wire.fields import own_fields
from wire.openai.embeddings import EmbeddingsRequest


async def embed(body: EmbeddingsRequest, model_name: str | None, calls: Calls) -> bytes:
    """Return the engine's answer, as JSON: a vector for each input."""
    model = await calls.resolve(Kind.EMBEDDINGS, model_name, body.backend)
    fields = await calls.compute(lambda: own_fields(body))
    if body.dimensions is not None and body.dimensions not in model.card.vector_lengths:
        calls.record.ignore(["dimensions"])
        del fields["dimensions"]
    reply = await calls.run(model, Operation.EMBEDDINGS, EmbeddingsBody(**fields))
    return reply.body
