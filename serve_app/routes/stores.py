"""/v1/stores: LocalAI's stores of texts at vectors."""

from fastapi import APIRouter, Response

from serve_app.http.json_body import JSONRoute
from serve_app.http.json_response import json_response
from serve_app.routes.dependencies import KeyStoresDep, OwnerDep
from wire.localai.stores import (
    EmptyAnswer,
    StoreEntries,
    StoreFind,
    StoreKeys,
    StoreNeighbours,
    StoreSet,
)

router = APIRouter(route_class=JSONRoute)


@router.post("/stores/set")
async def set_in_store(body: StoreSet, owner: OwnerDep, stores: KeyStoresDep) -> Response:
    """Set the text of each key."""
    await stores.set(owner, body.store, body.keys, body.values)
    return json_response(EmptyAnswer())


@router.post("/stores/get")
async def get_from_store(body: StoreKeys, owner: OwnerDep, stores: KeyStoresDep) -> Response:
    """Return the texts at keys."""
    entries = await stores.get(owner, body.store, body.keys)
    keys, values = [entry.key for entry in entries], [entry.value for entry in entries]
    return json_response(StoreEntries(keys=keys, values=values))


@router.post("/stores/delete")
async def delete_from_store(body: StoreKeys, owner: OwnerDep, stores: KeyStoresDep) -> Response:
    """Delete the texts at keys."""
    await stores.delete(owner, body.store, body.keys)
    return json_response(EmptyAnswer())


@router.post("/stores/find")
async def find_in_store(body: StoreFind, owner: OwnerDep, stores: KeyStoresDep) -> Response:
    """Return the texts whose keys are most similar to a key."""
    neighbours = await stores.find(owner, body.store, body.key, body.topk)
    return json_response(
        StoreNeighbours(
            keys=[neighbour.key for neighbour in neighbours],
            values=[neighbour.value for neighbour in neighbours],
            similarities=[neighbour.similarity for neighbour in neighbours],
        )
    )
