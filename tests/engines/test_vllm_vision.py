# pyright: standard
"""A model that sees, by vLLM, through the whole HTTP application and the SDKs."""

from typing import Any

import httpx2
import pytest
from anthropic import Anthropic
from openai import OpenAI

from tests.engines.media_parts import MODEL, TEXT, ask, audio, block, image, refused, told
from tests.support.pictures import (
    animation,
    data_url,
    grey_of_16_bits,
    halves,
    host,
    make_png_header,
    picture,
)

TOKENS_OF_PICTURE = 6
"""A picture of 64x64 is two by two tokens, with one before and one after."""
SCHEMA = {"type": "object", "properties": {"a": {"type": "boolean"}}, "required": ["a"]}


def test_picture_is_read_and_counted(omni: str) -> None:
    without, _ = told(omni)

    red, blue, again = (told(omni, image(picture(color))) for color in ("red", "blue", "red"))

    assert red[0] == blue[0] == without + TOKENS_OF_PICTURE
    assert red[1] != blue[1]
    assert red == again


def test_several_pictures_are_read_in_their_order(omni: str) -> None:
    one, other = image(picture("red")), image(picture("blue"))

    tokens, first = told(omni, one, other)

    assert tokens == told(omni)[0] + 2 * TOKENS_OF_PICTURE
    assert told(omni, other, one)[1] != first


@pytest.mark.parametrize(
    "same",
    [
        picture(form="WEBP", lossless=True),
        picture(form="GIF"),
        picture(mode="RGBA"),
        picture(mode="P"),
    ],
    ids=["webp", "gif", "rgba", "palette"],
)
def test_picture_in_any_form_is_the_same_picture(omni: str, same: bytes) -> None:
    assert told(omni, image(same)) == told(omni, image(picture()))


def test_grey_of_16_bits_is_not_cut_to_white(omni: str) -> None:
    grey = told(omni, image(picture((116, 116, 116))))

    assert told(omni, image(grey_of_16_bits(30_000))) == grey
    assert told(omni, image(grey_of_16_bits(60_000))) != grey


def test_picture_is_turned_as_its_exif_data_say(omni: str) -> None:
    upright = told(omni, image(halves("red", "blue")))

    assert told(omni, image(halves("blue", "red", orientation=3))) == upright
    assert told(omni, image(halves("blue", "red"))) != upright


@pytest.mark.parametrize("form", ["cmyk", "16 frames a second"])
def test_odd_picture_is_read(omni: str, form: str) -> None:
    odd = picture(mode="CMYK", form="JPEG") if form == "cmyk" else animation(2000)

    assert told(omni, image(odd))[0] == told(omni)[0] + TOKENS_OF_PICTURE


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "base64"),
        (b"%PDF-1.7 and so on", "not a readable picture"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "not a readable picture"),
        (picture()[:60], "not a readable picture"),
        (picture(form="JPEG", size=(200, 200))[:400], "not a readable picture"),
        (picture(form="TIFF"), "not a readable picture"),
        (make_png_header(1001, 1000), "at most 1000000 pixels"),
        (make_png_header(50_000, 50_000), "far too many pixels"),
    ],
    ids=["nothing", "pdf", "svg", "cut png", "cut jpeg", "tiff", "large", "bomb"],
)
def test_picture_that_cannot_be_read_is_named(omni: str, data: bytes, reason: str) -> None:
    answer = ask(omni, image(picture()), image(data))

    assert reason in refused(answer, "messages[0].content[2].image_url")


@pytest.mark.parametrize("url", ["data:image/png;base64,!!!", "data:image/png,abc", "data:"])
def test_broken_data_url_is_named(omni: str, url: str) -> None:
    answer = ask(omni, {"type": "image_url", "image_url": {"url": url}})

    assert "base64" in refused(answer, "messages[0].content[1].image_url")


@pytest.mark.parametrize("url", ["file:///etc/passwd", "ftp://example.org/x", "cat.png", 5, None])
def test_url_that_is_none_is_refused(omni: str, url: Any) -> None:
    answer = ask(omni, {"type": "image_url", "image_url": {"url": url}})

    refused(answer, "messages[0].content[1].image_url")


def test_pictures_that_are_too_large_together_are_refused(omni: str) -> None:
    large = image(picture(size=(1000, 1000)))

    assert ask(omni, large, large).status_code == 200
    assert "together" in ask(omni, *[large] * 3).json()["error"]["message"]


def test_more_pictures_than_the_model_takes_are_refused(omni: str) -> None:
    reason = refused(ask(omni, *[image(picture())] * 4), "messages")

    assert reason == "At most 3 image(s) may be provided in one prompt."


def test_shape_that_the_model_does_not_take_is_refused_without_its_libraries_words(
    omni: str,
) -> None:
    reason = refused(ask(omni, image(picture(size=(4000, 10)))), "messages")

    assert reason == "A picture or recording has a shape that the model does not take."


def test_picture_is_fetched_from_a_host_that_the_operator_allows_and_no_other(omni: str) -> None:
    here = told(omni, image(picture()))

    with host(picture()) as url:
        linked = {"type": "image_url", "image_url": {"url": url}}
        elsewhere = {"type": "image_url", "image_url": {"url": url.replace("127.0.0.1", "[::1]")}}
        assert told(omni, linked) == here
        refused(ask(omni, elsewhere), "messages[0].content[1].image_url")


def test_detail_is_a_label(omni: str) -> None:
    low = ask(omni, image(picture(), detail="low"))

    assert low.json()["usage"] == ask(omni, image(picture())).json()["usage"]
    refused(ask(omni, image(picture(), detail="much")), "messages[0].content[1].image_url.detail")


def test_name_of_another_clients_picture_is_refused(omni: str) -> None:
    refused(ask(omni, {**image(picture()), "uuid": "a"}), "messages[0].content[1].uuid")
    refused(ask(omni, TEXT, media_io_kwargs={"image": {}}), "media_io_kwargs")


@pytest.mark.parametrize(
    "asked",
    [
        {
            "response_format": {
                "type": "json_schema",
                "json_schema": {"name": "a", "schema": SCHEMA},
            }
        },
        {"tools": [{"type": "function", "function": {"name": "f", "parameters": SCHEMA}}]},
    ],
    ids=["form", "tools"],
)
def test_picture_goes_with_forms_and_tools(omni: str, asked: dict[str, Any]) -> None:
    answer = ask(omni, image(picture()), **asked, max_completion_tokens=8)

    assert answer.status_code == 200, answer.text


def test_stream_reads_pictures_and_fails_before_it_begins(omni: str) -> None:
    answer = ask(omni, image(picture()), stream=True)

    assert answer.text.endswith("data: [DONE]\n\n")
    refused(ask(omni, image(b"x"), stream=True), "messages[0].content[1].image_url")


def test_responses_read_pictures(omni: str) -> None:
    client = OpenAI(base_url=f"{omni}/v1", api_key="none")
    part: Any = {"type": "input_image", "image_url": data_url(picture()), "detail": "low"}
    words: Any = {"type": "input_text", "text": "hi"}

    def create(*parts: Any, **fields: Any) -> Any:
        asked: Any = [{"role": "user", "content": [words, *parts]}]
        return client.responses.create(
            model=MODEL, input=asked, max_output_tokens=2, store=False, **fields
        )

    plain, seen = create(), create(part)

    assert seen.usage.input_tokens == plain.usage.input_tokens + TOKENS_OF_PICTURE
    assert [event.type for event in create(part, stream=True)][-1] == "response.incomplete"
    for wrong, param in (
        ({**part, "image_url": data_url(b"x")}, "input[0].content[1].image_url"),
        ({"type": "input_image", "file_id": "file-1"}, "input[0].content[1].file_id"),
        (audio(b"x"), "input[0].content[1].type"),
        ({"type": "input_file", "file_id": "file-1"}, "input[0].content[1].type"),
    ):
        body = {"model": MODEL, "input": [{"role": "user", "content": [words, wrong]}]}
        refused(httpx2.post(f"{omni}/v1/responses", json=body, timeout=60), param)


def test_messages_read_pictures(omni: str) -> None:
    client = Anthropic(base_url=omni, api_key="none")

    def create(*blocks: Any) -> Any:
        said: Any = [{"role": "user", "content": [TEXT, *blocks]}]
        return client.messages.create(model=MODEL, max_tokens=2, messages=said)

    tokens = [create(*blocks).usage.input_tokens for blocks in ([], [block(picture())])]

    assert tokens[1] == tokens[0] + TOKENS_OF_PICTURE
    result = {"type": "tool_result", "tool_use_id": "a", "content": [block(b"x")]}
    use = {"type": "tool_use", "id": "a", "name": "f", "input": {}}
    turns = [
        {"role": "user", "content": "hi"},
        {"role": "assistant", "content": [use]},
        {"role": "user", "content": [result]},
    ]
    answer = httpx2.post(
        f"{omni}/v1/messages", json={"model": MODEL, "max_tokens": 2, "messages": turns}, timeout=60
    )
    assert answer.status_code == 400
    assert "messages[2].content[0].content[0].source" in answer.json()["error"]["message"]
