"""/v1/stores: LocalAI's stores of texts at vectors."""

from typing import Any

from fastapi import APIRouter

from serve_app.http.json_body import JSONRoute
from serve_app.routes.dependencies import KeyStoresDep, OwnerDep
from serve_app.vector_stores.key_stores import Neighbour
from wire.localai.stores import StoreFind, StoreKeys, StoreSet

router = APIRouter(route_class=JSONRoute)

Answer = dict[str, Any]


@router.post("/stores/set")
async def set_in_store(body: StoreSet, owner: OwnerDep, stores: KeyStoresDep) -> Answer:
    """Put a text at each key, in place of what was there."""
    await stores.set(owner, body.store, body.keys, body.values)
    return {}


@router.post("/stores/get")
async def get_from_store(body: StoreKeys, owner: OwnerDep, stores: KeyStoresDep) -> Answer:
    """Return the texts at keys."""
    return _columns(await stores.get(owner, body.store, body.keys))


@router.post("/stores/delete")
async def delete_from_store(body: StoreKeys, owner: OwnerDep, stores: KeyStoresDep) -> Answer:
    """Forget the texts at keys."""
    await stores.delete(owner, body.store, body.keys)
    return {}


@router.post("/stores/find")
async def find_in_store(body: StoreFind, owner: OwnerDep, stores: KeyStoresDep) -> Answer:
    """Return the texts whose keys are nearest in direction."""
    found = await stores.find(owner, body.store, body.key, body.topk)
    return {**_columns(found), "similarities": [one.similarity for one in found]}


def _columns(found: list[Neighbour]) -> Answer:
    return {"keys": [one.key for one in found], "values": [one.value for one in found]}
