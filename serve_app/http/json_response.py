"""JSON responses, made of answer types or of stored JSON objects."""

from collections.abc import Mapping
from typing import Any

from pydantic_core import to_json
from starlette.responses import Response

from wire.answers import Answer

MEDIA_TYPE = "application/json"


def json_response(answer: Answer | Mapping[str, Any], *, status_code: int = 200) -> Response:
    """Return a response with an answer; FastAPI would validate it once more."""
    return Response(to_json(answer), status_code, media_type=MEDIA_TYPE)
