"""Pictures in responses, named by the file in which their client keeps them."""

import base64
from typing import Any

import pytest
from openai import AsyncOpenAI, BadRequestError

from tests.support.response_events import whole
from tests.support.scripted_model import ScriptedModel
from wire.calls import Kind
from wire.card import ModelCard

PICTURE = b"\x89PNG\r\n\x1a\n and so on"


@pytest.fixture
def cards() -> tuple[ModelCard, ...]:
    return (
        ModelCard(id="seeing", kind=Kind.CHAT, input_parts=("text", "image_url"), backend="vllm"),
        ModelCard(id="blind", kind=Kind.CHAT, backend="vllm"),
    )


def make_response(file_id: Any, **more: Any) -> Any:
    part = {"type": "input_image", "file_id": file_id, "detail": "auto", **more}
    return [{"role": "user", "content": [{"type": "input_text", "text": "What?"}, part]}]


async def test_model_sees_the_file_in_this_turn_and_in_the_next(
    openai_client: AsyncOpenAI, model: ScriptedModel
) -> None:
    kept = await openai_client.files.create(file=("a.png", PICTURE), purpose="vision")
    model.script = [whole("A cat.")]

    await openai_client.responses.create(model="seeing", input=make_response(kept.id))
    first = model.asked
    await openai_client.responses.create(
        model="seeing", input="Sure?", previous_response_id=first["request_id"]
    )

    url = f"data:image/png;base64,{base64.b64encode(PICTURE).decode()}"
    part = {"type": "input_image", "detail": "auto", "image_url": url}
    for asked in (first, model.asked):
        assert asked["input"][0]["content"][1] == part
    items = [each async for each in openai_client.responses.input_items.list(first["request_id"])]
    assert kept.id in items[0].to_json()


@pytest.mark.parametrize(
    ("file_id", "more", "said_of_it"),
    [
        ("file-none", {}, "no file found"),
        ("../x", {}, "no file found"),
        (5, {}, "id of a file"),
        ("kept", {"image_url": "data:image/png;base64,AA=="}, "no 'image_url'"),
        ("kept", {}, "is no picture"),
    ],
)
async def test_file_that_is_no_picture_is_refused_by_name(
    openai_client: AsyncOpenAI, file_id: Any, more: dict[str, Any], said_of_it: str
) -> None:
    if file_id == "kept":
        file_id = (await openai_client.files.create(file=b"text", purpose="vision")).id

    with pytest.raises(BadRequestError, match=said_of_it) as refusal:
        await openai_client.responses.create(model="seeing", input=make_response(file_id, **more))
    assert refusal.value.param == "input[0].content[1].file_id"


async def test_pictures_too_large_together_are_refused_unread(
    openai_client: AsyncOpenAI, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("serve_app.media.kept_pictures.MAX_BYTES", 30)
    kept = await openai_client.files.create(file=("a.png", PICTURE), purpose="vision")
    (one,) = make_response(kept.id)

    with pytest.raises(BadRequestError, match="12 are left") as refusal:
        await openai_client.responses.create(model="seeing", input=[one, one])
    assert refusal.value.param == "input[1].content[1].file_id"


async def test_model_that_reads_no_pictures_gets_none(openai_client: AsyncOpenAI) -> None:
    with pytest.raises(BadRequestError, match="'blind' does not read"):
        await openai_client.responses.create(model="blind", input=make_response("file-1"))
