"""GET /, for people and programs that look there, and /metrics."""

from fastapi import APIRouter, Request, Response

from serve_app.http.json_response import json_response
from wire.errors import NotFoundError

router = APIRouter(include_in_schema=False)

NAME = "Homeport"
DESCRIPTION = "One endpoint for every model, with the APIs of OpenAI, Anthropic and ElevenLabs."
PATHS = {
    "v1/models": "the models",
    "openapi.json": "a description of every path",
    "readyz": "which models are ready",
}
"""Relative, since a proxy may have put the server below a path."""

PAGE = f"""\
<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>{NAME}</title>
<h1>{NAME}</h1>
<p>{DESCRIPTION}
Clients use this address with <code>/v1</code> as their base URL.</p>
<ul>
{"".join(f'<li><a href="{path}">/{path}</a>: {text}</li>' for path, text in PATHS.items())}
</ul>
</html>
"""


@router.get("/")
async def describe_server(request: Request) -> Response:
    """Describe the server in a page or in JSON; both need no key and name no model."""
    if "text/html" in request.headers.get("accept", ""):
        response = Response(PAGE, media_type="text/html")
    else:
        paths = {f"/{path}": text for path, text in PATHS.items()}
        response = json_response({"name": NAME, "description": DESCRIPTION, "paths": paths})
    response.headers["Vary"] = "Accept"
    return response


@router.get("/metrics")
async def refuse_metrics() -> Response:
    """Refuse: one ingress replica does not have the metrics of the others."""
    raise NotFoundError(
        "Ray exports the metrics of each node to Prometheus, at the MetricsExportPort of the node "
        "(`ray start --metrics-export-port`). The file prom_metrics_service_discovery.json of "
        "Ray's temporary directory, /tmp/ray, lists all targets."
    )
