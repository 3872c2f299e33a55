"""Files that a conversation names by URL."""

import base64
from typing import Any

import pytest

from serve_app.card import ModelCard
from serve_app.composition.media import check_parts, with_files
from serve_app.errors import InvalidRequestError

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
    card = ModelCard(id="m", kind="chat", input_parts=reads)
    text = {"type": "text", "text": "What is this?"}
    picture = {"type": "image_url", "image_url": {"url": DATA_URL}}
    messages = [{"role": "user", "content": "hi"}, {"role": "user", "content": [text, picture]}]

    if not refused:
        check_parts(messages, card)
        return
    with pytest.raises(InvalidRequestError, match="'image_url'") as raised:
        check_parts(messages, card)
    assert raised.value.param == "messages[1].content[1].type"
