"""Texts to vectors by a served embeddings model, as bytes: nothing here needs numpy."""

from base64 import b64decode
from collections.abc import Sequence

from pydantic_core import from_json

from serve_app.models.calls import Calls
from serve_app.models.retrying import JobCalls
from wire.bodies import EmbeddingsBody
from wire.calls import Kind, Operation, Reply
from wire.errors import ContextLengthError, ModelNotFoundError, ModelUnavailableError

TEXTS_AT_ONCE = 32
"""Of documents, in one request: the replica has others' to read, too."""


async def embed_questions(calls: Calls, model: str, texts: Sequence[str]) -> list[bytes]:
    """Return the vectors of questions.

    Raises:
        ModelUnavailableError: the model is not served any more, or not yet.
        APIError: it cannot answer.
    """
    try:
        served = await calls.resolve(Kind.EMBEDDINGS, model)
    except ModelNotFoundError as error:
        raise ModelUnavailableError(
            f"The embeddings model '{model}', which made the vectors, is not served."
        ) from error
    return _vectors(await calls.run(served, Operation.EMBEDDINGS, _body(texts, "search_query")))


async def embed_parts(calls: JobCalls, model: str, texts: Sequence[str]) -> list[list[bytes]]:
    """Return the vectors of parts of documents; of one that is too long for the model, several.

    Waits for a model that has no room or no replica.

    Raises:
        APIError: it cannot answer, or not in time.
    """
    found = list[list[bytes]]()
    for start in range(0, len(texts), TEXTS_AT_ONCE):
        portion = texts[start : start + TEXTS_AT_ONCE]
        try:
            found += [[vector] for vector in await _documents(calls, model, portion)]
        except ContextLengthError:
            found += [await _embed_in_pieces(calls, model, text) for text in portion]
    return found


async def _embed_in_pieces(calls: JobCalls, model: str, text: str) -> list[bytes]:
    try:
        return await _documents(calls, model, [text])
    except ContextLengthError:
        middle = len(text) // 2
        if not middle:
            raise
        halves = text[:middle], text[middle:]
        return [each for half in halves for each in await _embed_in_pieces(calls, model, half)]


async def _documents(calls: JobCalls, model: str, texts: Sequence[str]) -> list[bytes]:
    body = _body(texts, "search_document")
    return _vectors(await calls.run(model, Operation.EMBEDDINGS, body))


def _body(texts: Sequence[str], input_type: str) -> EmbeddingsBody:
    return EmbeddingsBody(input=list(texts), encoding_format="base64", input_type=input_type)


def _vectors(reply: Reply) -> list[bytes]:
    return [b64decode(each["embedding"]) for each in from_json(reply.body)["data"]]
