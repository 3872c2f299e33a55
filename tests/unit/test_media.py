"""Files that a conversation names by URL."""

import base64
from typing import Any

import pytest

from serve_app.media.parts import check_items, check_parts, with_files
from wire.calls import Kind
from wire.card import ModelCard
from wire.errors import InvalidRequestError

PNG = b"\x89PNG and so on"
ENCODED = base64.b64encode(PNG).decode()
URL = "https://example.com/cat.png"
DATA_URL = f"data:image/png;base64,{ENCODED}"


class Web:
    """Has one picture; refuses everything else, as the operator's list of hosts does."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    async def fetch(self, url: str, param: str) -> bytes:
        self.asked.append(url)
        if url != URL:
            raise InvalidRequestError(f"Invalid '{param}': no.", param)
        return PNG


@pytest.mark.parametrize(
    ("part", "fetched"),
    [
        (
            {"type": "image_url", "image_url": {"url": URL, "detail": "low"}},
            {"type": "image_url", "image_url": {"url": DATA_URL, "detail": "low"}},
        ),
        ({"type": "image_url", "image_url": URL}, {"type": "image_url", "image_url": DATA_URL}),
        (
            {"type": "input_image", "image_url": f" {URL}"},
            {"type": "input_image", "image_url": DATA_URL},
        ),
        (
            {"type": "image", "source": {"type": "url", "url": URL}},
            {
                "type": "image",
                "source": {"type": "base64", "media_type": "image/png", "data": ENCODED},
            },
        ),
        (
            {"type": "tool_result", "content": [{"type": "input_image", "image_url": URL}]},
            {"type": "tool_result", "content": [{"type": "input_image", "image_url": DATA_URL}]},
        ),
    ],
)
async def test_file_takes_the_place_of_its_url_in_every_doors_shape(
    part: dict[str, Any], fetched: dict[str, Any]
) -> None:
    web: Any = Web()
    messages = [{"role": "user", "content": "hi"}, {"role": "user", "content": [part]}]

    answer = await with_files(messages, web, "messages")

    assert answer == [messages[0], {"role": "user", "content": [fetched]}]
    assert messages[1] == {"role": "user", "content": [part]}
    assert web.asked == [URL]


async def test_file_that_is_here_is_not_fetched() -> None:
    web: Any = Web()
    part = {"type": "image_url", "image_url": {"url": DATA_URL}}
    messages = [{"role": "user", "content": [part, {"type": "text", "text": URL}]}]

    assert await with_files(messages, web, "messages") is messages
    assert not web.asked


async def test_file_that_may_not_be_fetched_is_named_by_its_place() -> None:
    web: Any = Web()
    part = {"type": "image_url", "image_url": {"url": "http://169.254.169.254/latest"}}

    with pytest.raises(InvalidRequestError) as raised:
        await with_files([{"role": "user", "content": [part]}], web, "messages")

    assert raised.value.param == "messages[0].content[0].image_url"


@pytest.mark.parametrize(("reads", "refused"), [(("text",), True), (("text", "image_url"), False)])
def test_part_that_the_model_does_not_read_is_refused(reads: Any, refused: bool) -> None:
    card = ModelCard(id="m", kind=Kind.CHAT, input_parts=reads)
    text = {"type": "text", "text": "What is this?"}
    picture = {"type": "image_url", "image_url": {"url": DATA_URL}}
    messages = [{"role": "user", "content": "hi"}, {"role": "user", "content": [text, picture]}]

    if not refused:
        check_parts(messages, card)
        return
    with pytest.raises(InvalidRequestError, match="'image_url'") as raised:
        check_parts(messages, card)
    assert raised.value.param == "messages[1].content[1].type"


SEES = ModelCard(id="m", kind=Kind.CHAT, input_parts=("text", "image_url", "input_audio"))


@pytest.mark.parametrize(
    ("part", "param"),
    [
        ({"type": "image_url", "image_url": DATA_URL}, "image_url"),
        ({"type": "image_url"}, "image_url"),
        ({"type": "image_url", "image_url": {"url": "file:///etc/passwd"}}, "image_url"),
        ({"type": "image_url", "image_url": {"url": None}}, "image_url"),
        ({"type": "image_url", "image_url": {"url": URL, "detail": 1}}, "image_url.detail"),
        ({"type": "image_url", "image_url": {"url": URL}, "uuid": "a"}, "uuid"),
        ({"type": "text", "text": "", "image_url": URL, "uuid": "a"}, "uuid"),
        ({"type": None, "image_url": URL}, "type"),
        ({"type": "image_pil", "image_pil": "x"}, "type"),
        ({"type": "video_url", "video_url": {"url": URL}}, "type"),
        ({"type": "input_audio", "input_audio": {"data": ""}}, "input_audio.data"),
    ],
)
def test_part_of_a_wrong_shape_is_named_to_a_model_that_sees(
    part: dict[str, Any], param: str
) -> None:
    with pytest.raises(InvalidRequestError) as raised:
        check_parts([{"role": "user", "content": [part]}], SEES)

    assert raised.value.param == f"messages[0].content[0].{param}"


@pytest.mark.parametrize("url", [URL, DATA_URL])
@pytest.mark.parametrize("detail", [{}, {"detail": "low"}, {"detail": "high"}, {"detail": None}])
def test_picture_passes_to_a_model_that_sees(url: str, detail: dict[str, Any]) -> None:
    check_parts([{"content": [{"type": "image_url", "image_url": {"url": url, **detail}}]}], SEES)
    check_items([{"content": [{"type": "input_image", "image_url": url, **detail}]}], SEES)
    check_items([{"output": [{"type": "input_image", "image_url": url, **detail}]}], SEES)


@pytest.mark.parametrize(
    ("part", "param"),
    [
        ({"type": "input_file", "file_id": "file-1"}, "type"),
        ({"type": "input_audio", "input_audio": {}}, "type"),
        ({"type": "input_image", "file_id": 5}, "file_id"),
        ({"type": "input_image", "file_id": "file-1", "image_url": URL}, "file_id"),
        ({"type": "input_image"}, "image_url"),
        ({"type": "input_image", "image_url": {"url": URL}}, "image_url"),
        ({"type": "input_image", "image_url": URL, "detail": "x"}, "detail"),
    ],
)
@pytest.mark.parametrize("field", ["content", "output"])
def test_part_of_an_item_is_named_where_it_cannot_be_read(
    part: dict[str, Any], param: str, field: str
) -> None:
    items = [{"content": "hi"}, {field: [{"type": "input_text", "text": "hi"}, part]}]

    with pytest.raises(InvalidRequestError) as raised:
        check_items(items, SEES)

    assert raised.value.param == f"input[1].{field}[1].{param}"


def test_picture_in_a_tools_result_is_refused_for_a_model_without_sight() -> None:
    card = ModelCard(id="m", kind=Kind.CHAT)
    items = [{"output": [{"type": "input_image", "image_url": DATA_URL}]}]

    with pytest.raises(InvalidRequestError, match="it reads input_text"):
        check_items(items, card)
