"""/v1/vector_stores: files that can be searched by meaning."""

from dataclasses import replace
from typing import Any

from fastapi import APIRouter

from serve_app.http.json_body import JSONRoute
from serve_app.routes.dependencies import CallsDep, CursorDep, OwnerDep, VectorStoresDep
from serve_app.routes.lists import deleted, listed
from serve_app.storage.object_rows import StoredObject
from serve_app.storage.vector_store_rows import STORE, shown_store
from serve_app.vector_stores.vector_stores import requests
from wire.openai.vector_stores import (
    RankingOptions,
    VectorStoreRequest,
    VectorStoreSearch,
    VectorStoreUpdate,
)

router = APIRouter(route_class=JSONRoute)

Answer = dict[str, Any]


@router.post("/vector_stores")
async def create_vector_store(
    body: VectorStoreRequest, owner: OwnerDep, parts: VectorStoresDep
) -> Answer:
    """Make a store, of files or empty."""
    expires = body.expires_after
    fields = {
        "name": body.name or "",
        "description": body.description,
        "metadata": body.metadata or {},
        "expires_after": expires.model_dump() if expires else None,
    }
    files = requests(body.file_ids or [], body.chunking_strategy)
    made = await parts.filling.create(owner, fields, files)
    return shown_store(made, (await parts.stores.counts([made.id]))[made.id])


@router.get("/vector_stores")
async def list_vector_stores(owner: OwnerDep, parts: VectorStoresDep, cursor: CursorDep) -> Answer:
    """List the stores."""
    stores, has_more = await parts.stores.objects.page(owner, STORE, cursor)
    counts = await parts.stores.counts([store.id for store in stores])
    return listed([shown_store(store, counts[store.id]) for store in stores], has_more=has_more)


@router.get("/vector_stores/{vector_store_id}")
async def retrieve_vector_store(
    vector_store_id: str, owner: OwnerDep, parts: VectorStoresDep
) -> Answer:
    """Return a store, and how far the reading of its files is."""
    store = await parts.stores.get(owner, vector_store_id)
    return shown_store(store, (await parts.stores.counts([store.id]))[store.id])


@router.post("/vector_stores/{vector_store_id}")
async def update_vector_store(
    vector_store_id: str, body: VectorStoreUpdate, owner: OwnerDep, parts: VectorStoresDep
) -> Answer:
    """Change what the request names."""
    fields = body.model_dump(include=set(VectorStoreUpdate.model_fields), exclude_unset=True)
    if "name" in fields:
        fields["name"] = fields["name"] or ""
    if "metadata" in fields:
        fields["metadata"] = fields["metadata"] or {}

    def changed(stored: StoredObject) -> StoredObject:
        return replace(stored, body={**stored.body, **fields})

    await parts.stores.get(owner, vector_store_id)
    store = await parts.stores.objects.change(owner, STORE, vector_store_id, changed)
    return shown_store(store, (await parts.stores.counts([store.id]))[store.id])


@router.delete("/vector_stores/{vector_store_id}")
async def delete_vector_store(
    vector_store_id: str, owner: OwnerDep, parts: VectorStoresDep
) -> Answer:
    """Forget a store and what was read for it. The files stay."""
    await parts.stores.delete(owner, vector_store_id)
    parts.indexes.forget(vector_store_id)
    return deleted(vector_store_id, STORE)


@router.post("/vector_stores/{vector_store_id}/search")
async def search_vector_store(
    vector_store_id: str,
    body: VectorStoreSearch,
    owner: OwnerDep,
    parts: VectorStoresDep,
    calls: CallsDep,
) -> Answer:
    """Return the parts of files that are nearest to a question."""
    found = await parts.search.search(
        calls,
        owner,
        [vector_store_id],
        body.query,
        max_num_results=body.max_num_results,
        score_threshold=(body.ranking_options or RankingOptions()).score_threshold,
        filters=body.filters,
    )
    results = [
        {
            "file_id": one.file_id,
            "filename": one.filename,
            "score": one.score,
            "attributes": one.attributes,
            "content": [{"type": "text", "text": one.text}],
        }
        for one in found
    ]
    return {
        "object": "vector_store.search_results.page",
        "search_query": [body.query] if isinstance(body.query, str) else body.query,
        "data": results,
        "has_more": False,
        "next_page": None,
    }
