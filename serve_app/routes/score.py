"""POST /v1/score: how well two texts fit, by a rerank model."""

from fastapi import APIRouter, Response

from serve_app.http.json_body import JSONRoute
from serve_app.http.json_response import json_response
from serve_app.rerank.scores import score_pairs
from serve_app.routes.dependencies import CallsDep
from wire.jina.score import ScoreRequest

router = APIRouter(route_class=JSONRoute)


@router.post("/score")
async def create_scores(body: ScoreRequest, calls: CallsDep) -> Response:
    """Return a score for each pair."""
    return json_response(await score_pairs(body, calls))
