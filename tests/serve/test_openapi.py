"""What the real engines answer is what the OpenAPI document says, and its examples work."""

import base64
import io
from typing import Any

import httpx2
import pytest
from PIL import Image

from serve_app.openapi.operations import OPERATIONS
from tests.support.openapi_document import Document
from tests.support.server import Server

Fields = dict[str, Any]

NEED_MORE = {
    "/v1/moderations",
    "/v1/batches",
    "/v1/threads/runs",
    "/v1/uploads/{upload_id}/parts",
    "/v1/uploads/{upload_id}/complete",
    "/v1/vector_stores",
    "/v1/vector_stores/{vector_store_id}",
    "/v1/vector_stores/{vector_store_id}/search",
    "/v1/vector_stores/{vector_store_id}/files",
    "/v1/vector_stores/{vector_store_id}/files/{file_id}",
    "/v1/vector_stores/{vector_store_id}/file_batches",
}
"""Some of their examples need what the configuration or the client has not made here."""


@pytest.fixture(scope="module")
def http(server: Server) -> httpx2.Client:
    return httpx2.Client(base_url=server.url, timeout=60)


@pytest.fixture(scope="module")
def document(http: httpx2.Client) -> Document:
    return Document(http.get("/openapi.json").json())


@pytest.fixture(scope="module")
def files(http: httpx2.Client) -> dict[str, bytes]:
    """What the examples' files are: a recording, a picture and a mask for it."""
    said = {"input": "Good morning.", "response_format": "wav"}
    drawn = {"prompt": "a red circle", "size": "64x64", "step": 2, "response_format": "b64_json"}
    picture = http.post("/v1/images/generations", json=drawn).json()["data"][0]["b64_json"]
    mask = io.BytesIO()
    Image.new("L", (64, 64), 255).save(mask, "PNG")
    return {
        "@speech.wav": http.post("/v1/audio/speech", json=said).content,
        "@picture.png": base64.b64decode(picture),
        "@mask.png": mask.getvalue(),
        "@handbook.txt": b"The office opens at nine.",
        "@part.bin": b"one part",
    }


def send(
    http: httpx2.Client, url: str, media_type: str, body: Fields, files: dict[str, bytes]
) -> httpx2.Response:
    if media_type == "application/json":
        return http.post(url, json=body)
    uploads = {
        name: (value[1:], files[value])
        for name, value in body.items()
        if isinstance(value, str) and value in files
    }
    fields = {name: value for name, value in body.items() if name not in uploads}
    return http.post(url, data=fields, files=uploads)


def holds(document: Document, path: str, method: str, answer: httpx2.Response) -> Any:
    """Check an answer with a 200, and return it."""
    operation = document.whole["paths"][path][method]
    assert answer.status_code == 200, answer.text
    document.check_answer(operation, 200, answer.headers["content-type"], answer.content)
    return answer.json() if answer.headers["content-type"] == "application/json" else None


@pytest.mark.parametrize("name", [o.name or o.endpoint.__name__ for o in OPERATIONS if o.examples])
def test_examples_are_answered_as_declared(
    http: httpx2.Client, document: Document, files: dict[str, bytes], name: str
) -> None:
    for _, path, operation in document.operations():
        known: Fields = {p["name"]: p.get("example") for p in operation.get("parameters", ())}
        of_path = [p["name"] for p in operation.get("parameters", ()) if p["in"] == "path"]
        if operation["operationId"] != name or not all(known[each] for each in of_path):
            continue
        for media_type, _, body in document.examples(operation):
            answer = send(http, path.format(**known), media_type, body, files)
            if path not in NEED_MORE or answer.status_code not in (400, 404):
                holds(document, path, "post", answer)


@pytest.mark.parametrize(
    "path",
    [
        *("/v1/models", "/v1/models/{model}", "/v1/voices", "/v1/voices/{voice_id}"),
        *("/v1/voices/{voice_id}/settings", "/v1/voices/settings/default", "/v1/audio/voices"),
        *("/v2/voices", "/healthz", "/readyz", "/version"),
    ],
)
def test_what_the_server_tells_of_itself_is_declared(
    http: httpx2.Client, document: Document, path: str
) -> None:
    answer = http.get(path.format(model="gpt-4o", voice_id="alloy"))

    holds(document, path, "get", answer)


def test_what_is_kept_is_declared(http: httpx2.Client, document: Document) -> None:
    one, items = "/v1/conversations/{conversation_id}", "/v1/conversations/{conversation_id}/items"
    said = {"role": "user", "content": "Hello!"}
    made = holds(document, "/v1/conversations", "post", http.post("/v1/conversations", json={}))
    url = f"/v1/conversations/{made['id']}"
    added = holds(document, items, "post", http.post(f"{url}/items", json={"items": [said]}))
    item = f"{items}/{{item_id}}"
    item_url = f"{url}/items/{added['data'][0]['id']}"

    asked = {"input": "What is 2+2?", "conversation": made["id"]}
    response = holds(document, "/v1/responses", "post", http.post("/v1/responses", json=asked))

    holds(document, items, "get", http.get(f"{url}/items"))
    holds(document, item, "get", http.get(item_url))
    holds(document, item, "delete", http.delete(item_url))
    holds(document, one, "get", http.get(url))
    holds(document, one, "post", http.post(url, json={"metadata": {"a": "b"}}))
    holds(document, one, "delete", http.delete(url))
    kept, kept_url = "/v1/responses/{response_id}", f"/v1/responses/{response['id']}"
    holds(document, kept, "get", http.get(kept_url))
    holds(document, f"{kept}/input_items", "get", http.get(f"{kept_url}/input_items"))
    holds(document, kept, "delete", http.delete(kept_url))


def test_image_under_its_url_is_declared(http: httpx2.Client, document: Document) -> None:
    drawn = {"prompt": "a red circle", "size": "64x64", "step": 2, "response_format": "url"}
    (image,) = http.post("/v1/images/generations", json=drawn).json()["data"]

    holds(document, "/generated-images/{name}", "get", http.get(image["url"]))
