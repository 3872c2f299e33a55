"""/v1/vector_stores: files that can be searched by meaning."""

from dataclasses import replace

from fastapi import APIRouter, Response

from serve_app.http.json_body import JSONRoute
from serve_app.http.json_response import json_response
from serve_app.routes.dependencies import CallsDep, CursorDep, OwnerDep, VectorStoresDep
from serve_app.storage.object_rows import StoredObject
from serve_app.storage.vector_store_rows import STORE, as_vector_store
from serve_app.vector_stores.vector_stores import VectorStoreParts, file_requests
from wire.openai.vector_stores import (
    RankingOptions,
    TextContent,
    VectorStoreDeleted,
    VectorStoreList,
    VectorStoreRequest,
    VectorStoreSearch,
    VectorStoreSearchResult,
    VectorStoreSearchResults,
    VectorStoreUpdate,
)

router = APIRouter(route_class=JSONRoute)


@router.post("/vector_stores")
async def create_vector_store(
    body: VectorStoreRequest, owner: OwnerDep, parts: VectorStoresDep
) -> Response:
    """Create a store, with files or empty."""
    expires = body.expires_after
    fields = {
        "name": body.name or "",
        "description": body.description,
        "metadata": body.metadata or {},
        "expires_after": expires.model_dump() if expires else None,
    }
    files = file_requests(body.file_ids or [], body.chunking_strategy)
    return await _answer(parts, await parts.filling.create(owner, fields, files))


@router.get("/vector_stores")
async def list_vector_stores(
    owner: OwnerDep, parts: VectorStoresDep, cursor: CursorDep
) -> Response:
    """List the stores."""
    stores, has_more = await parts.stores.objects.page(owner, STORE, cursor)
    counts = await parts.stores.counts([store.id for store in stores])
    answers = [as_vector_store(store, counts[store.id]) for store in stores]
    return json_response(VectorStoreList.of(answers, has_more=has_more))


@router.get("/vector_stores/{vector_store_id}")
async def retrieve_vector_store(
    vector_store_id: str, owner: OwnerDep, parts: VectorStoresDep
) -> Response:
    """Return a store, with the progress of its files."""
    return await _answer(parts, await parts.stores.get(owner, vector_store_id))


@router.post("/vector_stores/{vector_store_id}")
async def update_vector_store(
    vector_store_id: str, body: VectorStoreUpdate, owner: OwnerDep, parts: VectorStoresDep
) -> Response:
    """Change the fields in the request."""
    fields = body.model_dump(include=set(VectorStoreUpdate.model_fields), exclude_unset=True)
    if "name" in fields:
        fields["name"] = fields["name"] or ""
    if "metadata" in fields:
        fields["metadata"] = fields["metadata"] or {}

    def change(stored: StoredObject) -> StoredObject:
        return replace(stored, body={**stored.body, **fields})

    await parts.stores.get(owner, vector_store_id)
    store = await parts.stores.objects.change(owner, STORE, vector_store_id, change)
    return await _answer(parts, store)


@router.delete("/vector_stores/{vector_store_id}")
async def delete_vector_store(
    vector_store_id: str, owner: OwnerDep, parts: VectorStoresDep
) -> Response:
    """Delete a store; the files remain."""
    await parts.stores.delete(owner, vector_store_id)
    parts.indexes.forget(vector_store_id)
    return json_response(VectorStoreDeleted(id=vector_store_id))


@router.post("/vector_stores/{vector_store_id}/search")
async def search_vector_store(
    vector_store_id: str,
    body: VectorStoreSearch,
    owner: OwnerDep,
    parts: VectorStoresDep,
    calls: CallsDep,
) -> Response:
    """Return the parts of files that are most similar to a query."""
    passages = await parts.search.search(
        calls,
        owner,
        [vector_store_id],
        body.query,
        max_num_results=body.max_num_results,
        score_threshold=(body.ranking_options or RankingOptions()).score_threshold,
        filters=body.filters,
    )
    results = [
        VectorStoreSearchResult(
            file_id=passage.file_id,
            filename=passage.filename,
            score=passage.score,
            attributes=passage.attributes,
            content=[TextContent(text=passage.text)],
        )
        for passage in passages
    ]
    queries = [body.query] if isinstance(body.query, str) else body.query
    return json_response(VectorStoreSearchResults(search_query=queries, data=results))


async def _answer(parts: VectorStoreParts, store: StoredObject) -> Response:
    counts = await parts.stores.counts([store.id])
    return json_response(as_vector_store(store, counts[store.id]))
