"""Images over HTTP: what is refused before any model is asked."""

from typing import Any

import httpx2
import pytest

from tests.api.drawn import CARD, PATH, PNG, reply
from tests.support.scripted_model import ScriptedModel
from wire.card import ModelCard
from wire.errors import InvalidRequestError

FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@pytest.fixture
def cards() -> tuple[ModelCard, ...]:
    return (CARD,)


@pytest.fixture
def model() -> ScriptedModel:
    model = ScriptedModel()
    model.script = [reply(PNG)]
    return model


BAD: list[tuple[dict[str, Any], str]] = [
    *(({"size": size}, "size") for size in ("0x0", "64", "axb", "1e9x1", "-1x5", 5, "64x64x64")),
    *(({"n": n}, "n") for n in (0, 11, 1.5, "x")),
    *(({"step": step}, "step") for step in (0, -1, 1.5)),
    *(({"seed": seed}, "seed") for seed in (2**70, -2, "x")),
    *(({"mode": mode}, "mode") for mode in (3, -1)),
    *(({"prompt": prompt}, "prompt") for prompt in ("", " ", [], [""], "| b", "a" * 32001, 5)),
    ({"prompt": None}, "prompt"),
    ({"prompt": ["a"] * 11}, "n"),
    ({"clip_skip": -1}, "clip_skip"),
    ({"response_format": "nonsense"}, "response_format"),
    ({"response_format": {"type": "text"}}, "response_format"),
    ({"response_format": {}, "quality": "best"}, "quality"),
    ({"quality": 1.5}, "quality"),
    ({"background": "transparent"}, "background"),
    ({"style": "baroque"}, "style"),
    ({"output_format": "svg"}, "output_format"),
    ({"output_compression": 50}, "output_compression"),
    ({"partial_images": 2}, "partial_images"),
    ({"stream": True, "partial_images": 4}, "partial_images"),
    ({"stream": True, "n": 2}, "n"),
    ({"stream": True, "response_format": "url"}, "response_format"),
    ({"strength": 0.5}, "strength"),
    ({"negative_prompt": "b", "prompt": "a|c"}, "negative_prompt"),
    ({"temperature": 0.5}, "temperature"),
    ({"messages": [{}]}, "messages"),
    ({"ref_images": ["x"]}, "ref_images"),
    ({"backend": "stablediffusion"}, "backend"),
    ({"model": "no"}, "model"),
    *(
        ({"file": file}, "file")
        for file in (
            "http://169.254.169.254/latest/meta-data", "http://localhost/x", "file:///etc/passwd",
            "not base64!", "data:image/png,plain", "data:image/png;base64,", "https://", "http://[/",
        )
    ),
]  # fmt: skip


@pytest.mark.parametrize(("change", "param"), BAD)
async def test_bad_field_is_refused_by_name(
    http: httpx2.AsyncClient, model: ScriptedModel, change: dict[str, Any], param: str
) -> None:
    answer = await http.post(PATH, json={"prompt": "a cat", **change})

    assert answer.status_code == (404 if param == "model" else 400), answer.text
    error = answer.json()["error"]
    assert error["param"].partition("[")[0] == param
    assert param in error["message"] or param == "model"
    assert not model.calls


async def test_variation_does_not_stream(http: httpx2.AsyncClient) -> None:
    answer = await http.post("/v1/images/variations", data={"stream": "true"}, files={"image": PNG})

    assert (answer.status_code, answer.json()["error"]["param"]) == (400, "stream")


async def test_unfit_host_is_refused_before_any_work(
    http: httpx2.AsyncClient, model: ScriptedModel
) -> None:
    answer = await http.post(PATH, json={"prompt": "a"}, headers={"Host": 'a"b/c'})

    assert answer.status_code == 400
    assert not model.calls


async def test_models_refusal_reaches_the_client(
    http: httpx2.AsyncClient, model: ScriptedModel
) -> None:
    model.script = [InvalidRequestError("Invalid 'size': too large.", "size")]

    answer = await http.post(PATH, json={"prompt": "a", "size": "4096x4096"})

    assert (answer.status_code, answer.json()["error"]["param"]) == (400, "size")


@pytest.mark.parametrize(
    ("path", "files", "param"),
    [
        ("edits", {}, "image"),
        ("edits", {"image": b""}, "image"),
        ("inpainting", {"image": PNG}, "mask"),
        ("inpainting", {"mask": PNG}, "image"),
        ("variations", {}, "image"),
    ],
)
async def test_missing_picture_is_refused(
    http: httpx2.AsyncClient, path: str, files: dict[str, bytes], param: str
) -> None:
    uploads = {name: (f"{name}.png", data) for name, data in files.items()}
    fields = {} if path == "variations" else {"prompt": "a"}
    answer = await http.post(
        f"/v1/images/{path}",
        data=fields,
        files=uploads or None,
        headers=FORM if not uploads else {},
    )

    assert answer.status_code == 400
    assert answer.json()["error"]["param"] == param


async def test_edit_as_json_is_refused_as_unread(http: httpx2.AsyncClient) -> None:
    answer = await http.post("/v1/images/edits", json={"prompt": "a"})

    assert answer.status_code == 415


@pytest.mark.parametrize("charset", ["punycode", "undefined"])
async def test_form_in_an_unreadable_charset_is_refused(
    http: httpx2.AsyncClient, charset: str
) -> None:
    answer = await http.post(
        "/v1/images/edits",
        content=b'--X\r\nContent-Disposition: form-data; name="prompt"\r\n\r\na-!!\r\n--X--\r\n',
        headers={"Content-Type": f"multipart/form-data; boundary=X; charset={charset}"},
    )

    assert answer.status_code == 400, answer.text
    assert "charset" in answer.json()["error"]["message"]
