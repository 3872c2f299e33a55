"""The requests of the SDKs' calls, with the ids of objects that the server has."""

from contextlib import suppress
from typing import Any

from tests.api.sdk.sdks import SDKS, Sdk
from tests.support.fuzzing.requests import Sent, from_request
from tests.support.fuzzing.sending import send
from tests.support.sdk_calls import Calls

ENDS = ("/cancel", "/complete")
NOT_FOUND = {
    "error": {
        "message": "Not sent.",
        "type": "invalid_request_error",
        "param": None,
        "code": "not_found",
    }
}


def record_sdks(transport: Any, base_url: str) -> list[Sent]:
    """Call every method of the SDKs, and return the requests.

    Objects remain: what would delete or end one is recorded but not sent.
    """
    recorded: list[Sent] = []
    for sdk in SDKS:
        http = sdk.http.Client(transport=_record(sdk, transport, base_url, recorded))
        client = sdk.connect(http)
        for group in sdk.groups:
            with suppress(Exception):  # what follows a call that was not sent, or went otherwise
                group(Calls(client, sdk.refusal, lambda: ""))
    return recorded


def _record(sdk: Sdk, transport: Any, base_url: str, recorded: list[Sent]) -> Any:
    library: Any = sdk.http

    class Transport(library.BaseTransport):
        def handle_request(self, request: Any) -> Any:
            request.read()
            sent = from_request(request)
            recorded.append(sent)
            if sent.method == "DELETE" or sent.path.endswith(ENDS):
                return library.Response(404, json=NOT_FOUND)
            answer = send(transport, base_url, sent)
            return library.Response(
                answer.status_code, headers=answer.headers, content=answer.content
            )

    return Transport()
