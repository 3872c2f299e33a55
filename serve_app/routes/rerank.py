"""POST /v1/rerank, and Cohere's /v2/rerank."""

from typing import Any

from fastapi import APIRouter, Response
from pydantic_core import from_json, to_json

from serve_app.http.json_body import JSONRoute
from serve_app.models.calls import Calls
from serve_app.models.discovery import ServedModel
from serve_app.routes.dependencies import CallsDep
from wire.bodies import RerankBody
from wire.calls import Kind, Operation, Usage
from wire.errors import UnprocessableError
from wire.fields import refuse_foreign_fields
from wire.jina.rerank import RerankRequest

router = APIRouter(route_class=JSONRoute)
root_router = APIRouter(route_class=JSONRoute)


@router.post("/rerank")
async def create_rerank(body: RerankRequest, calls: CallsDep) -> Response:
    """Order documents by their relevance to a query."""
    return await _answer(body, calls)


@root_router.post("/v2/rerank")
async def create_rerank_v2(body: RerankRequest, calls: CallsDep) -> Response:
    """Do the same where Cohere's newer clients ask."""
    return await _answer(body, calls)


async def _answer(body: RerankRequest, calls: Calls) -> Response:
    if body.top_n is not None and body.top_n < 1:
        raise UnprocessableError(f"'top_n' must be at least 1, received {body.top_n}.", "top_n")
    refuse_foreign_fields(body)
    texts = body.document_texts()
    model = await calls.resolve(Kind.RERANK, body.model, body.backend)
    scores, usage = await scored(model, body.query_text(), texts, body.max_tokens_per_doc, calls)
    num_tokens = usage.prompt_tokens
    answer: dict[str, Any] = {
        "id": calls.record.request_id,
        "model": model.card.id,
        "results": _results(body, scores),
        "usage": {"prompt_tokens": num_tokens, "total_tokens": num_tokens},
        "meta": {"tokens": {"input_tokens": num_tokens}},
    }
    return Response(to_json(answer), media_type="application/json")


async def scored(
    model: ServedModel, query: str, texts: list[str], max_tokens_per_doc: int | None, calls: Calls
) -> tuple[list[float], Usage]:
    """Return how well each text fits a query, in their order, and the work it took."""
    limit = {} if max_tokens_per_doc is None else {"max_tokens_per_doc": max_tokens_per_doc}
    question = RerankBody(query=query, documents=texts, **limit)
    reply = await calls.run(model, Operation.RERANK, question)
    return from_json(reply.body)["scores"], reply.usage


def _results(body: RerankRequest, scores: list[float]) -> list[dict[str, Any]]:
    """Return the most relevant documents first, equal ones in their order."""
    order = sorted(range(len(scores)), key=lambda index: -scores[index])[: body.top_n]
    results: list[dict[str, Any]] = []
    for index in order:
        result: dict[str, Any] = {"index": index, "relevance_score": scores[index]}
        if body.return_documents is not False:
            document = body.documents[index]
            result["document"] = {"text": document} if isinstance(document, str) else document
        results.append(result)
    return results
