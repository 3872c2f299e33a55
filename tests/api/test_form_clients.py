"""Forms as clients send them: the bytes of each, rebuilt, around the same fields and file."""

from collections.abc import AsyncIterator
from typing import Any

import httpx2
import pytest
from fastapi import FastAPI, Request

from serve_app.http.exception_handlers import add_exception_handlers
from serve_app.http.forms import StreamedForm, read_form
from serve_app.observability import RequestRecord
from tests.api.errors import assert_openai_error
from tests.support.scripted_model import connect
from wire.requests import RequestBody

CONTENT = b"line\r\n--not-the-boundary\r\n\r\n\xff\x00end\r\n"
FILENAME = 'Zü"ri\\ch 1.txt'


class Expiry(RequestBody):
    """An object in a form."""

    anchor: str
    seconds: int


class Fields(RequestBody):
    """Fields of each shape."""

    one: str | None = None
    many: list[str] | None = None
    expires_after: Expiry | None = None
    pairs: list[dict[str, int]] | None = None
    metadata: dict[str, str] | None = None


@pytest.fixture(params=["in memory", "streamed"])
def http(request: pytest.FixtureRequest) -> httpx2.AsyncClient:
    """A server that answers with the fields of a form, and its file's name and content."""
    api = FastAPI()
    add_exception_handlers(api)

    @api.post("/")
    async def read(received: Request) -> dict[str, Any]:  # pyright: ignore[reportUnusedFunction]
        received.state.record = RequestRecord("POST", "/", "req")
        if request.param == "in memory":
            fields, uploads = await read_form(received, Fields, {"file": 1})
            (file,) = uploads["file"]
            name, content = file.filename, file.data
        else:
            streamed = StreamedForm(received, "file", Fields, 1000)
            await streamed.open()
            content = b"".join([chunk async for chunk in streamed.chunks()])
            fields, name = streamed.fields(), streamed.filename
        sent = fields.model_dump(exclude_none=True)
        return {**sent, "name": name, "content": content.decode("latin-1")}

    return connect(api)


ONE = b'Content-Disposition: form-data; name="one"'
FILE = b'Content-Disposition: form-data; name="file"; filename='
TEXT = b"Content-Type: text/plain"
OCTETS = b"Content-Type: application/octet-stream"
UTF_8 = 'form-data; name="file"; filename="Zü%22ri\\ch 1.txt"'.encode()

CLIENTS: dict[str, tuple[str, list[bytes], list[bytes]]] = {
    "requests with urllib3 2": (
        "0a8df54a745a371e75bebbcc519a9eac",
        [ONE],
        [b"Content-Disposition: " + UTF_8],
    ),
    "requests with urllib3 1": (
        "0a8df54a745a371e75bebbcc519a9eac",
        [ONE],
        [FILE[:-1] + b"*=utf-8''Z%C3%BC%22ri%5Cch%201.txt"],
    ),
    "httpx": (
        "7bb9346a545ffdf6ea374fbedb8c798b",
        [ONE],
        [FILE + '"Zü%22ri\\\\ch 1.txt"'.encode(), TEXT],
    ),
    "aiohttp": (
        "c8fc6f02ae1d4a13858f6039d7685d6c",
        [TEXT + b"; charset=utf-8", ONE],
        [OCTETS, FILE + b'"Z%C3%BC%22ri%5Cch%201.txt"'],
    ),
    "curl": (
        "------------------------d789b5866977ab9a",
        [ONE],
        [b"Content-Disposition: " + UTF_8, TEXT],
    ),
    "curl --form-escape and PHP": (
        "------------------------c2010185ded254f2",
        [ONE],
        [FILE + '"Zü\\"ri\\\\ch 1.txt"'.encode(), OCTETS],
    ),
    "axios and form-data": (
        "--------------------------7925fe98fe07dd80e42fbe4e",
        [ONE],
        [b"Content-Disposition: " + UTF_8, TEXT],
    ),
    "FormData of Node": (
        "----formdata-undici-032041392905",
        [ONE],
        [b"Content-Disposition: " + UTF_8, OCTETS],
    ),
    "FormData of Chrome": (
        "----WebKitFormBoundary7MA4YWxkTrZu0gW",
        [ONE],
        [b"Content-Disposition: " + UTF_8, TEXT],
    ),
    "FormData of Firefox": (
        "----geckoformboundary9f3d5e2b7a1c4d60",
        [ONE],
        [b"Content-Disposition: " + UTF_8, TEXT],
    ),
    "Go's mime/multipart": (
        "b5e1f6a0c9d84e2fb7a3146d58c09e7f2ab41c6d93e5870f1a2b3c4d5e6f",
        [ONE],
        [FILE + '"Zü\\"ri\\\\ch 1.txt"'.encode(), OCTETS],
    ),
    "OkHttp": (
        "1c4b7a0e-31c8-4a7e-9d55-6f2f0c1a8e34",
        [ONE, b"Content-Length: 2"],
        [b"Content-Disposition: " + UTF_8, OCTETS, b"Content-Length: 36"],
    ),
    "Retrofit 1 and Apache HttpClient": (
        "5f1d_Zk2pQ",
        [ONE, TEXT + b"; charset=UTF-8", b"Content-Transfer-Encoding: 8bit"],
        [FILE + '"Zü\\"ri\\\\ch 1.txt"'.encode(), OCTETS, b"Content-Transfer-Encoding: binary"],
    ),
    "Ruby's net/http": (
        "K9zv1cQdI2sWnPq3hV8n0g",
        [b'Content-Disposition: form-data; name="one"'],
        [FILE + '"Zü\\"ri\\\\ch 1.txt"'.encode(), OCTETS],
    ),
    "Ruby's multipart-post": (
        "-----------RubyMultipartPost-8c8b2f",
        [b'content-disposition: form-data; name="one"'],
        [
            b"content-disposition: " + UTF_8,
            b"content-length: 36",
            b"content-type: text/plain",
            b"content-transfer-encoding: binary",
        ],
    ),
    ".NET": (
        '"3d1b7b0c-0c1e-4f0a-8f43-8f0f7c8f2b11"',
        [TEXT + b"; charset=utf-8", b"Content-Disposition: form-data; name=one"],
        [
            b"Content-Disposition: form-data; name=file; "
            b'filename="=?utf-8?B?WsO8InJpXGNoIDEudHh0?="; '
            b"filename*=utf-8''Z%C3%BC%22ri%5Cch%201.txt"
        ],
    ),
    "an encoded word": (
        "x",
        [ONE],
        [FILE + b'"=?utf-8?B?WsO8InJpXGNoIDEudHh0?="'],
    ),
    "a folded header, continued": (
        "=_Part_1_(2)+x:y",
        [b'Content-Disposition: form-data;\r\n\tname="one"'],
        [
            b"Content-Disposition: form-data; name=file;\r\n filename*0*=utf-8''Z%C3%BC%22ri;"
            b"\r\n filename*1*=%5Cch%201.txt",
            b"Content-Transfer-Encoding: binary",
        ],
    ),
}
"""By client: the boundary as it stands in the header, and the headers of a field and of a file."""


def write(
    boundary: str,
    *parts: tuple[list[bytes], bytes],
    end: bytes = b"--\r\n",
    newline: bytes = b"\r\n",
) -> bytes:
    """Return a form of (headers, data)."""
    line = b"--" + boundary.strip('"').encode()
    body = b"".join(
        line + newline + newline.join(headers) + newline * 2 + data + newline
        for headers, data in parts
    )
    return body + line + end


async def send(
    http: httpx2.AsyncClient, boundary: str, body: bytes, size: int = 2**16, options: str = ""
) -> httpx2.Response:
    """Send a form in pieces of a size."""

    async def pieces() -> AsyncIterator[bytes]:
        for start in range(0, len(body), size):
            yield body[start : start + size]

    content_type = f"multipart/form-data; {options}boundary={boundary}"
    return await http.post("/", content=pieces(), headers={"content-type": content_type})


@pytest.mark.parametrize("client", CLIENTS)
@pytest.mark.parametrize("size", [2**16, 1, 7])
async def test_form_of_a_client_is_read(http: httpx2.AsyncClient, client: str, size: int) -> None:
    boundary, field, file = CLIENTS[client]
    if ":" in boundary:
        boundary = f'"{boundary}"'
    body = write(boundary, (field, "ü".encode()), (file, CONTENT))

    answer = await send(http, boundary, body, size)

    received = {"one": "ü", "name": FILENAME, "content": CONTENT.decode("latin-1")}
    assert answer.json() == received


A_FILE = ([FILE + b"a.txt"], CONTENT)


def field(name: str, value: str) -> tuple[list[bytes], bytes]:
    return [f'Content-Disposition: form-data; name="{name}"'.encode()], value.encode()


@pytest.mark.parametrize(
    ("fields", "received"),
    [
        ({"many[0]": "a", "many[1]": "b"}, {"many": ["a", "b"]}),
        ({"many[10]": "k", "many[9]": "j"}, {"many": ["j", "k"]}),
        ({"many[0]": "a"}, {"many": ["a"]}),
        ({"many[]": "a"}, {"many": ["a"]}),
        ({"many": '["a", "b"]'}, {"many": ["a", "b"]}),
        ({"many": "[a"}, {"many": ["[a"]}),
        (
            {"expires_after[anchor]": "x", "expires_after[seconds]": "5"},
            {"expires_after": {"anchor": "x", "seconds": 5}},
        ),
        (
            {"expires_after": '{"anchor": "x", "seconds": 5}'},
            {"expires_after": {"anchor": "x", "seconds": 5}},
        ),
        (
            {"pairs[0][a]": "1", "pairs[0][b]": "2", "pairs[1][a]": "3"},
            {"pairs": [{"a": 1, "b": 2}, {"a": 3}]},
        ),
        ({"metadata[0]": "a", "metadata[b]": "c"}, {"metadata": {"0": "a", "b": "c"}}),
        ({"metadata[0]": "a"}, {"metadata": {"0": "a"}}),
        ({"one": '{"a": 1}'}, {"one": '{"a": 1}'}),
        ({"one": "[a]"}, {"one": "[a]"}),
        ({"unknown[0]": "a", "unknown[1]": "b"}, {"unknown": ["a", "b"]}),
        ({"unknown[a][b][0]": "1"}, {"unknown": {"a": {"b": ["1"]}}}),
        ({"un[known": "1", "a]": "2", "[b]": "3"}, {"un[known": "1", "a]": "2", "[b]": "3"}),
        ({"a[b][c][d][e][f]": "1"}, {"a[b][c][d][e][f]": "1"}),
    ],
)
async def test_lists_and_objects_of_a_form_are_read(
    http: httpx2.AsyncClient, fields: dict[str, str], received: dict[str, Any]
) -> None:
    body = write("x", *(field(name, value) for name, value in fields.items()), A_FILE)

    answer = (await send(http, "x", body)).json()

    del answer["name"], answer["content"]
    assert answer == received


@pytest.mark.parametrize("name", ["file", "file[]", "file[0]"])
async def test_file_may_be_a_list_of_one(http: httpx2.AsyncClient, name: str) -> None:
    headers = [f'Content-Disposition: form-data; name="{name}"; filename="a.txt"'.encode()]

    assert (await send(http, "x", write("x", (headers, CONTENT)))).json()["name"] == "a.txt"


@pytest.mark.parametrize(
    ("filename", "received"),
    [
        (b"a.txt", "a.txt"),
        (b'"a;b.txt"', "a;b.txt"),
        (b'"C:\\dir\\a.txt"', "C:\\dir\\a.txt"),
        (b'"\xe9.txt"', "é.txt"),
        (b'"\x80 5.txt"', "€ 5.txt"),
        (b"\"a.txt\"; filename*=utf-8''%C3%A9.txt", "é.txt"),
        (b"\"a.txt\"; filename*=iso-8859-1'en'%E9.txt", "é.txt"),
        (b"\"a.txt\"; filename*=utf-8''%FF.txt", "a.txt"),
        (b"\"a.txt\"; filename*=no-charset''%FF.txt", "a.txt"),
        (b'"=?iso-8859-1?Q?=E9.txt?="', "é.txt"),
        (b'"=?no-charset?Q?=E9.txt?="', "=?no-charset?Q?=E9.txt?="),
        (b'"=?utf-8?B?!?="', "=?utf-8?B?!?="),
        (b'"100% sure.txt"', "100% sure.txt"),
        (b'"a%0D%0Ab.txt"', "a\r\nb.txt"),
    ],
)
async def test_name_of_a_file_is_read(
    http: httpx2.AsyncClient, filename: bytes, received: str
) -> None:
    body = write("x", ([FILE + filename], CONTENT))

    assert (await send(http, "x", body)).json()["name"] == received


async def test_file_without_a_name_is_a_file_by_its_type(http: httpx2.AsyncClient) -> None:
    headers = [b'Content-Disposition: form-data; name="file"', b"Content-Type: audio/wav"]

    answer = (await send(http, "x", write("x", (headers, CONTENT)))).json()

    assert answer == {"name": "file", "content": CONTENT.decode("latin-1")}


@pytest.mark.parametrize(
    ("options", "part_type"),
    [("charset=iso-8859-1; ", b""), ("", b"Content-Type: text/plain; charset=ISO-8859-1")],
)
async def test_charset_of_the_form_or_the_part_is_used(
    http: httpx2.AsyncClient, options: str, part_type: bytes
) -> None:
    body = write("x", ([ONE, part_type] if part_type else [ONE], b"\xe9"), A_FILE)

    assert (await send(http, "x", body, options=options)).json()["one"] == "é"


@pytest.mark.parametrize(
    "body",
    [
        b"a preamble\r\nof two lines\r\n" + write("x", field("one", "a"), A_FILE),
        b"\r\n" + write("x", field("one", "a"), A_FILE),
        write("x", field("one", "a"), A_FILE, end=b"--"),
        write("x", field("one", "a"), A_FILE, end=b"--\r\nan epilogue\r\n--x\r\n"),
        write("x", field("one", "a"), A_FILE, newline=b"\n"),
        write("x", field("one", "a"), A_FILE).replace(b"--x\r\n", b"--x \t\r\n"),
    ],
    ids=["preamble", "line break", "no line break", "epilogue", "line feeds", "padding"],
)
@pytest.mark.parametrize("size", [2**16, 1, 5])
async def test_what_is_around_the_parts_is_skipped(
    http: httpx2.AsyncClient, body: bytes, size: int
) -> None:
    answer = (await send(http, "x", body, size)).json()

    assert answer == {"one": "a", "name": "a.txt", "content": CONTENT.decode("latin-1")}


async def test_data_that_resembles_a_boundary_is_data(http: httpx2.AsyncClient) -> None:
    data = b"\r\n--x\r\r\n--xy\r\n--x-\r\n--x" + b" " * 100 + b"\r\n\r\n-"
    body = write("x", (A_FILE[0], data))

    for size in (1, 3, 2**16):
        assert (await send(http, "x", body, size)).json()["content"] == data.decode()


async def test_form_that_ends_early_is_refused_as_such_wherever_it_ends(
    http: httpx2.AsyncClient,
) -> None:
    body = write("x", field("one", "a"), A_FILE, end=b"--")

    for length in range(len(body)):
        answer = await send(http, "x", body[:length])
        assert "ends before its last boundary" in assert_openai_error(answer, 400)


@pytest.mark.parametrize(
    ("headers", "options", "message"),
    [
        ([ONE, b"Content-Transfer-Encoding: base64"], "", "base64"),
        ([ONE, b"A: " + b"a" * 10_000], "", "bytes of headers"),
        ([ONE + b"; a*0=b; a*=c"], "", "cannot be read"),
        ([ONE + b"; a*" + b"1" * 5000 + b"=b"], "", "cannot be read"),
        ([ONE + b";" * 5000], "", "cannot be read"),
        ([b"Content-Type: text/plain"], "", "no name"),
        ([ONE], "charset=punycode; ", "charset punycode"),
    ],
)
async def test_form_that_cannot_be_read_is_refused(
    http: httpx2.AsyncClient, headers: list[bytes], options: str, message: str
) -> None:
    answer = await send(http, "x", write("x", (headers, b"a"), A_FILE), options=options)

    assert message in assert_openai_error(answer, 400)


async def test_long_number_in_brackets_is_a_name(http: httpx2.AsyncClient) -> None:
    name = f"metadata[{'1' * 5000}]"

    answer = await send(http, "x", write("x", field(name, "a"), A_FILE))

    assert answer.json()["metadata"] == {"1" * 5000: "a"}
