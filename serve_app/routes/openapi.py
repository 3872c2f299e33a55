"""GET /openapi.json."""

from fastapi import APIRouter, Response

from serve_app.http.json_response import json_response
from serve_app.routes.dependencies import DocumentDep

router = APIRouter()


@router.get("/openapi.json", include_in_schema=False)
async def openapi_document(document: DocumentDep) -> Response:
    """Describe every path, for clients and their generators."""
    return json_response(await document.json())
