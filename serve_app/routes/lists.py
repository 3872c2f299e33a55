"""Query parameters of lists, and pages of what is stored."""

from collections.abc import Callable, Sequence
from typing import Annotated, Any, Literal

from fastapi import Query

from serve_app.storage.object_rows import StoredObject
from wire.errors import InvalidRequestError, echo
from wire.openai.objects import ListPage

Order = Literal["asc", "desc"]
Limit = Annotated[int, Query(ge=1, le=100)]

JSONObject = dict[str, Any]


def select_page(
    objects: Sequence[JSONObject], *, limit: int, order: str, after: str | None
) -> ListPage[JSONObject]:
    """Return a page of ``objects``, which begin with the oldest.

    Raises:
        InvalidRequestError: no object has the id ``after``.
    """
    ordered = list(objects) if order == "asc" else list(reversed(objects))
    if after is not None:
        ids = [item["id"] for item in ordered]
        if after not in ids:
            raise InvalidRequestError(f"Invalid 'after': no object with id {echo(after)}.", "after")
        ordered = ordered[ids.index(after) + 1 :]
    return ListPage[JSONObject].of(ordered[:limit], has_more=len(ordered) > limit)


def stored_page(
    rows: tuple[Sequence[StoredObject], bool],
    show: Callable[[JSONObject], JSONObject] = lambda body: body,
) -> ListPage[JSONObject]:
    """Return the page of stored objects, of which the second of ``rows`` is ``has_more``."""
    objects, has_more = rows
    return ListPage[JSONObject].of([show(stored.body) for stored in objects], has_more=has_more)
