"""POST /v1/score: how well two texts fit, by a rerank model."""

from functools import partial
from itertools import chain
from typing import Any

from fastapi import APIRouter

from serve_app.concurrency import gather_limited
from serve_app.http.json_body import JSONRoute
from serve_app.routes.dependencies import CallsDep
from serve_app.routes.rerank import scored
from wire.calls import Kind
from wire.fields import refuse_foreign_fields
from wire.jina.score import ScoreRequest

router = APIRouter(route_class=JSONRoute)

AT_ONCE = 8
"""Pairs of one request that are scored at once: the engine puts them into one pass."""


@router.post("/score")
async def create_scores(body: ScoreRequest, calls: CallsDep) -> dict[str, Any]:
    """Return a score for each pair."""
    refuse_foreign_fields(body)
    pairs = body.pairs()
    model = await calls.resolve(Kind.RERANK, body.model, body.backend)
    limit = body.max_tokens_per_doc or None
    jobs = [partial(scored, model, query, texts, limit, calls) for query, texts in pairs]
    answers = await gather_limited(jobs, AT_ONCE)
    scores = chain.from_iterable(each for each, _ in answers)
    num_tokens = sum(usage.prompt_tokens for _, usage in answers)
    return {
        "id": calls.record.request_id,
        "object": "list",
        "model": model.card.id,
        "data": [
            {"index": index, "object": "score", "score": value}
            for index, value in enumerate(scores)
        ],
        "usage": {"prompt_tokens": num_tokens, "total_tokens": num_tokens},
    }
