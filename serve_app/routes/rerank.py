"""POST /v1/rerank, and Cohere's /v2/rerank."""

from fastapi import APIRouter, Response

from serve_app.http.json_body import JSONRoute
from serve_app.http.json_response import json_response
from serve_app.rerank.scores import rank_documents
from serve_app.routes.dependencies import CallsDep
from wire.jina.rerank import RerankRequest

router = APIRouter(route_class=JSONRoute)
root_router = APIRouter(route_class=JSONRoute)


@router.post("/rerank")
async def create_rerank(body: RerankRequest, calls: CallsDep) -> Response:
    """Order documents by their relevance to a query."""
    return json_response(await rank_documents(body, calls))


@root_router.post("/v2/rerank")
async def create_rerank_v2(body: RerankRequest, calls: CallsDep) -> Response:
    """Rerank, on the path of Cohere's newer clients."""
    return json_response(await rank_documents(body, calls))
