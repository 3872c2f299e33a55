"""GET /openapi.json."""

from fastapi import APIRouter, Request, Response

router = APIRouter()


@router.get("/openapi.json", include_in_schema=False)
async def openapi_document(request: Request) -> Response:
    """Describe every path, for clients and their generators."""
    document = await request.app.state.openapi.json()
    return Response(document, media_type="application/json")
