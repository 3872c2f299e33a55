"""Sends requests as they are, and reads those of a document's examples."""

from contextlib import suppress
from typing import Any

import httpx
import httpx2

from tests.support.fuzzing.requests import Sent, from_request
from tests.support.openapi_document import Document
from tests.support.scripted_model import KEY

FILES = {
    "@speech.wav": ("a.wav", b"RIFF....WAVE", "audio/wav"),
    "@picture.png": ("a.png", b"\x89PNG picture", "image/png"),
    "@mask.png": ("b.png", b"\x89PNG picture", "image/png"),
    "@handbook.txt": ("a.txt", b"The office opens at nine.", "text/plain"),
    "@part.bin": ("a.bin", b"one part", "application/octet-stream"),
}
"""In place of the files of examples."""


def send(transport: Any, base_url: str, sent: Sent, timeout_s: float = 60) -> httpx2.Response:
    """Send a request and return its whole answer."""
    request = httpx2.Request(
        sent.method,
        base_url + sent.target,
        headers=[(name.encode(), value) for name, value in sent.headers.items()],
        content=sent.body,
        extensions={"timeout": dict.fromkeys(("connect", "read", "write", "pool"), timeout_s)},
    )
    answer: httpx2.Response = transport.handle_request(request)
    answer.request = request
    answer.read()
    with suppress(AttributeError):
        answer.close()
    headers = [
        (name, value)
        for name, value in answer.headers.multi_items()
        if name not in ("content-encoding", "transfer-encoding", "content-length")
    ]
    return httpx2.Response(
        answer.status_code, headers=headers, content=answer.content, request=request
    )


def read_examples(document: dict[str, Any]) -> list[Sent]:
    """Return the requests of a document's examples, and one of each operation without a body."""
    described = Document(document)
    found: list[Sent] = []
    for method, path, operation in described.operations():
        parameters: Any = operation.get("parameters", ())
        known = {each["name"]: each.get("example", f"{each['name']}_123456") for each in parameters}
        url = path.format(**known)
        if "requestBody" not in operation:
            found.append(_from_parts(method, url))
        for media_type, _, body in described.examples(operation):
            if media_type == "application/json":
                found.append(_from_parts(method, url, json=body))
            else:
                files = {
                    name: FILES[value]
                    for name, value in body.items()
                    if isinstance(value, str) and value in FILES
                }
                fields = {name: value for name, value in body.items() if name not in files}
                found.append(_from_parts(method, url, data=fields, files=files))
    return found


def _from_parts(method: str, url: str, **parts: Any) -> Sent:
    headers = {"authorization": f"Bearer {KEY}"}
    request = httpx.Request(method.upper(), f"http://test{url}", headers=headers, **parts)
    request.read()
    return from_request(request)
