"""GET /openapi.json."""

from fastapi import APIRouter, Response

from serve_app.routes.dependencies import DocumentDep

router = APIRouter()


@router.get("/openapi.json", include_in_schema=False)
async def openapi_document(document: DocumentDep) -> Response:
    """Describe every path, for clients and their generators."""
    return Response(await document.json(), media_type="application/json")
