"""Responses to store."""

import time

from serve_app.storage.responses import StoredResponse
from wire.ids import new_id

OWNER = "one"


def response(
    *,
    owner: str = OWNER,
    status: str = "completed",
    after: StoredResponse | None = None,
    background: bool = False,
    lives_s: int = 1000,
) -> StoredResponse:
    """Return a response that is not stored yet."""
    name = new_id("resp")
    now = int(time.time())
    return StoredResponse(
        id=name,
        owner=owner,
        created_at=now,
        status=status,
        model="small",
        body={"id": name, "status": status, "output": [], "a": None, "text": "é\0😀\\", "n": 2**70},
        input=[{"id": new_id("msg"), "type": "message", "content": "Hello"}],
        previous_response_id=after.id if after else None,
        conversation_id=None,
        background=background,
        request={"prompt": [1, 2]} if background else None,
        expires_at=now + lives_s,
    )
