"""OpenAI's lists: a page of objects, and where it stands in the whole."""

from collections.abc import Sequence
from typing import Annotated, Any, Literal

from fastapi import Query

from serve_app.storage.object_rows import StoredObject
from wire.errors import InvalidRequestError, echo

Order = Literal["asc", "desc"]
Limit = Annotated[int, Query(ge=1, le=100)]


def page(
    objects: Sequence[dict[str, Any]], *, limit: int, order: str, after: str | None
) -> dict[str, Any]:
    """Return the requested page of ``objects``, which are sorted oldest first.

    Raises:
        InvalidRequestError: no object has the id ``after``.
    """
    ordered = list(objects) if order == "asc" else list(reversed(objects))
    if after is not None:
        ids = [item["id"] for item in ordered]
        if after not in ids:
            raise InvalidRequestError(f"Invalid 'after': no object with id {echo(after)}.", "after")
        ordered = ordered[ids.index(after) + 1 :]
    return listed(ordered[:limit], has_more=len(ordered) > limit)


def listed(objects: Sequence[dict[str, Any]], *, has_more: bool = False) -> dict[str, Any]:
    """Return objects as a list."""
    return {
        "object": "list",
        "data": list(objects),
        "first_id": objects[0]["id"] if objects else None,
        "last_id": objects[-1]["id"] if objects else None,
        "has_more": has_more,
    }


def page_of(found: tuple[Sequence[StoredObject], bool]) -> dict[str, Any]:
    """Return stored objects, and whether there are more, as a list."""
    objects, has_more = found
    return listed([stored.body for stored in objects], has_more=has_more)


def deleted(object_id: str, kind: str) -> dict[str, Any]:
    """Return the answer that says that an object is gone."""
    return {"id": object_id, "object": f"{kind}.deleted", "deleted": True}
