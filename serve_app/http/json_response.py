"""JSON responses, made of answer types, of stored JSON objects or of an engine's JSON."""

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic_core import to_json
from starlette.responses import Response

from wire.answers import Answer

MEDIA_TYPE = "application/json"


def json_response(
    answer: Answer | Sequence[Answer] | Mapping[str, Any] | bytes, *, status_code: int = 200
) -> Response:
    """Return a response with an answer; FastAPI would validate it once more.

    Bytes are JSON already.
    """
    content = answer if isinstance(answer, bytes) else to_json(answer)
    return Response(content, status_code, media_type=MEDIA_TYPE)
