"""Scores of texts by a rerank model: documents in the order of relevance, and pairs."""

from functools import partial
from itertools import chain

from pydantic_core import from_json

from serve_app.concurrency import gather_limited
from serve_app.models.calls import Calls
from serve_app.models.discovery import ServedModel
from wire.bodies import RerankBody
from wire.calls import Kind, Operation, Usage
from wire.errors import UnprocessableError
from wire.fields import refuse_foreign_fields
from wire.jina.rerank import (
    RerankMeta,
    RerankRequest,
    RerankResponse,
    RerankResult,
    RerankTokens,
)
from wire.jina.score import Score, ScoreRequest, ScoreResponse
from wire.openai.usage import PromptUsage

AT_ONCE = 8
"""Pairs of one request that are scored at once: the engine puts them into one pass."""


async def rank_documents(body: RerankRequest, calls: Calls) -> RerankResponse:
    """Order documents by their relevance to a query."""
    if body.top_n is not None and body.top_n < 1:
        raise UnprocessableError(f"'top_n' must be at least 1, received {body.top_n}.", "top_n")
    refuse_foreign_fields(body)
    texts = await calls.compute(body.document_texts)
    model = await calls.resolve(Kind.RERANK, body.model, body.backend)
    scores, usage = await _score(model, body.query_text(), texts, body.max_tokens_per_doc, calls)
    num_tokens = usage.prompt_tokens
    return RerankResponse(
        id=calls.record.request_id,
        model=model.card.id,
        results=_results(body, scores),
        usage=PromptUsage(prompt_tokens=num_tokens, total_tokens=num_tokens),
        meta=RerankMeta(tokens=RerankTokens(input_tokens=num_tokens)),
    )


async def score_pairs(body: ScoreRequest, calls: Calls) -> ScoreResponse:
    """Return a score for each pair of texts."""
    refuse_foreign_fields(body)
    pairs = await calls.compute(body.pairs)
    model = await calls.resolve(Kind.RERANK, body.model, body.backend)
    limit = body.max_tokens_per_doc or None
    jobs = [partial(_score, model, query, texts, limit, calls) for query, texts in pairs]
    answers = await gather_limited(jobs, AT_ONCE)
    scores = chain.from_iterable(each for each, _ in answers)
    num_tokens = sum(usage.prompt_tokens for _, usage in answers)
    return ScoreResponse(
        id=calls.record.request_id,
        model=model.card.id,
        data=[Score(index=index, score=score) for index, score in enumerate(scores)],
        usage=PromptUsage(prompt_tokens=num_tokens, total_tokens=num_tokens),
    )


async def _score(
    model: ServedModel, query: str, texts: list[str], max_tokens_per_doc: int | None, calls: Calls
) -> tuple[list[float], Usage]:
    """Return the relevance of each text to a query, in their order, and the usage."""
    limit = {} if max_tokens_per_doc is None else {"max_tokens_per_doc": max_tokens_per_doc}
    question = RerankBody(query=query, documents=texts, **limit)
    reply = await calls.run(model, Operation.RERANK, question)
    return from_json(reply.body)["scores"], reply.usage


def _results(body: RerankRequest, scores: list[float]) -> list[RerankResult]:
    """Return the most relevant documents first, equal ones in their order."""
    order = sorted(range(len(scores)), key=lambda index: -scores[index])[: body.top_n]
    results: list[RerankResult] = []
    for index in order:
        document = body.documents[index]
        if isinstance(document, str):
            document = {"text": document}
        shown = None if body.return_documents is False else document
        results.append(RerankResult(index=index, relevance_score=scores[index], document=shown))
    return results
