"""Images over HTTP: what is sent to the model, what is answered, and the URLs."""

import base64
import json
from collections.abc import AsyncIterator
from typing import Any

import httpx2
import pytest
from openai import AsyncOpenAI
from openai.types import ImagesResponse

from tests.api.conftest import CreateApi
from tests.api.drawn import BASE64, CARD, PATH, PNG, STREAM, reply
from tests.api.errors import assert_openai_error
from tests.api.files import form
from tests.support.openai_conformance import assert_conforms
from tests.support.scripted_model import KEY, ScriptedModel, connect
from wire.calls import Operation
from wire.card import ModelCard


@pytest.fixture
def cards() -> tuple[ModelCard, ...]:
    return (CARD,)


@pytest.fixture
def model() -> ScriptedModel:
    model = ScriptedModel()
    model.script = [reply(PNG)]
    return model


async def test_url_begins_with_the_servers_and_gives_the_image(http: httpx2.AsyncClient) -> None:
    body = {"prompt": "a", "n": 1, "mode": 2, "seed": 9000, "size": "256x256",
            "response_format": {"type": "url"}}  # fmt: skip
    answer = await http.post(PATH, json=body)

    (item,) = answer.json()["data"]
    assert item["url"].startswith("http://test/generated-images/")
    assert item["url"].endswith(".png")
    image = await http.get(item["url"])
    assert image.content == PNG
    assert image.headers["content-type"] == "image/png"
    assert image.headers["x-content-type-options"] == "nosniff"


async def test_sdk_gets_images_and_usage(openai_client: AsyncOpenAI, model: ScriptedModel) -> None:
    model.script = [reply(PNG, b"other")]

    answer = await openai_client.images.generate(
        model="dall-e-3", prompt="a cat", n=2, response_format="b64_json"
    )

    assert answer.data
    assert [item.b64_json for item in answer.data] == [BASE64, base64.b64encode(b"other").decode()]
    assert [item.url for item in answer.data] == [None, None]
    assert answer.usage
    assert (answer.usage.input_tokens, answer.usage.total_tokens) == (5, 5)
    assert model.asked == {"model": "draw", "n": 2,
                           "prompts": [{"positive": "a cat", "negative": ""}]}  # fmt: skip
    assert model.calls[-1].slots == 2


async def test_name_of_a_model_that_answers_base64_does(openai_client: AsyncOpenAI) -> None:
    answer = await openai_client.images.generate(model="gpt-image-1", prompt="a cat")

    assert answer.data
    assert (answer.data[0].b64_json, answer.data[0].url) == (BASE64, None)


async def test_url_needs_no_key_but_its_name(create: CreateApi) -> None:
    api = create(frozenset({KEY}))
    async with api.router.lifespan_context(api), connect(api) as http:
        answer = await http.post(PATH, json={"prompt": "a"}, headers={"x-api-key": KEY})
        url: str = answer.json()["data"][0]["url"]
        found = await http.get(url)
        guessed = await http.get(url[:-8] + "0000.png")
        elsewhere = await http.get("/generated-images/../v1/models")
        listing = await http.get("/generated-images/")

    assert (found.status_code, guessed.status_code) == (200, 404)
    assert elsewhere.status_code in (401, 404)
    assert listing.status_code in (401, 404)


async def test_image_can_be_asked_for_again_cheaply(http: httpx2.AsyncClient) -> None:
    url = (await http.post(PATH, json={"prompt": "a"})).json()["data"][0]["url"]

    first = await http.get(url)
    again = await http.get(url, headers={"If-None-Match": first.headers["etag"]})
    head = await http.head(url)

    assert again.status_code == 304
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-length"] == str(len(PNG))


async def test_prompt_parts_what_is_wanted_from_what_is_not(
    http: httpx2.AsyncClient, model: ScriptedModel
) -> None:
    model.script = [reply(PNG, PNG)]
    await http.post(PATH, json={"prompt": ["a cat | green", "a dog"]})

    assert model.asked["prompts"] == [
        {"positive": "a cat", "negative": "green"},
        {"positive": "a dog", "negative": ""},
    ]
    assert model.calls[-1].slots == 2


async def test_fields_reach_the_model(http: httpx2.AsyncClient, model: ScriptedModel) -> None:
    fields = {"size": "64x128", "step": 3, "seed": 5, "clip_skip": 1, "quality": "hd",
              "output_format": "jpeg", "output_compression": 50}  # fmt: skip
    answer = await http.post(
        "/images/generations", json={"prompt": "a", "negative_prompt": "b", **fields}
    )

    assert answer.status_code == 200
    assert {name: model.asked[name] for name in fields} == fields
    assert model.asked["prompts"] == [{"positive": "a", "negative": "b"}]
    assert answer.json()["data"][0]["url"].endswith(".jpg")


async def test_neutral_fields_change_nothing(
    http: httpx2.AsyncClient, model: ScriptedModel
) -> None:
    answer = await http.post(
        PATH,
        json={"prompt": "a", "size": "auto", "n": None, "style": "vivid", "background": "auto",
              "moderation": "low", "user": "u", "n_keep": 0, "unknown": 1},
    )  # fmt: skip

    assert answer.status_code == 200
    assert set(model.asked) == {"model", "prompts"}


@pytest.mark.parametrize("text", [BASE64, f"data:image/png;base64,{BASE64}", BASE64.rstrip("=")])
async def test_file_reaches_the_model(
    http: httpx2.AsyncClient, model: ScriptedModel, text: str
) -> None:
    await http.post(PATH, json={"prompt": "a", "file": text, "strength": 0.5})

    assert model.calls[-1].files == (PNG,)
    assert model.asked["strength"] == 0.5


async def test_stream_has_openais_events(openai_client: AsyncOpenAI, model: ScriptedModel) -> None:
    model.script = list(STREAM)

    stream = await openai_client.images.generate(
        model="dall-e-3", prompt="a", stream=True, partial_images=1, quality="low"
    )
    events = [event async for event in stream]

    partial, completed = events
    assert partial.type == "image_generation.partial_image"
    assert (partial.partial_image_index, partial.b64_json) == (0, BASE64)
    assert completed.type == "image_generation.completed"
    assert (completed.size, completed.quality, completed.usage.input_tokens) == ("64x64", "low", 5)


@pytest.mark.parametrize(
    ("sent", "shown"),
    [(None, "medium"), ("standard", "medium"), ("low", "low"), ("hd", "high"), ("max", "max")],
)
async def test_answer_repeats_the_quality_by_its_name_of_today(
    openai_client: AsyncOpenAI, sent: Any, shown: str
) -> None:
    fields = {} if sent is None else {"quality": sent}

    raw = await openai_client.images.with_raw_response.generate(
        model="dall-e-3", prompt="a", **fields
    )

    assert assert_conforms(ImagesResponse, raw.text).quality == shown


async def test_answer_has_no_quality_for_a_number_of_steps(http: httpx2.AsyncClient) -> None:
    answer = await http.post(PATH, json={"prompt": "a", "quality": 7})

    assert "quality" not in answer.json()


async def test_streams_events_are_named_as_their_type(
    http: httpx2.AsyncClient, model: ScriptedModel
) -> None:
    model.script = list(STREAM)

    answer = await http.post(PATH, json={"prompt": "a", "stream": True})

    assert answer.headers["content-type"].startswith("text/event-stream")
    for frame in answer.text.strip().split("\n\n"):
        name, data = frame.split("\n")
        assert name.removeprefix("event: ") == json.loads(data.removeprefix("data: "))["type"]


async def test_edit_sends_image_and_mask(openai_client: AsyncOpenAI, model: ScriptedModel) -> None:
    answer = await openai_client.images.edit(
        model="dall-e-3", image=PNG, mask=b"mask", prompt="a hat", n=1, size="256x256",
        response_format="b64_json",
    )  # fmt: skip

    assert answer.data
    assert answer.data[0].b64_json == BASE64
    assert model.calls[-1].operation == Operation.IMAGE_EDIT
    assert model.calls[-1].files == (PNG, b"mask")
    assert model.asked["prompts"] == [{"positive": "a hat", "negative": ""}]


async def test_edit_streams_its_own_events(
    openai_client: AsyncOpenAI, model: ScriptedModel
) -> None:
    model.script = list(STREAM)

    stream = await openai_client.images.edit(image=PNG, prompt="a", stream=True, partial_images=1)

    assert [event.type async for event in stream] == [
        "image_edit.partial_image",
        "image_edit.completed",
    ]


async def test_variation_sends_the_image(http: httpx2.AsyncClient, model: ScriptedModel) -> None:
    model.script = [reply(PNG, PNG)]

    answer = await http.post("/v1/images/variations", data={"n": "2"}, files={"image": PNG})

    assert [item["index"] for item in answer.json()["data"]] == [0, 1]
    assert model.calls[-1].operation == Operation.IMAGE_VARIATION
    assert model.calls[-1].files == (PNG,)
    assert model.calls[-1].slots == 2


async def test_forms_empty_fields_are_as_if_left_out(
    http: httpx2.AsyncClient, model: ScriptedModel
) -> None:
    empty = {"n": "", "background": "", "size": "", "quality": "", "model": ""}
    answer = await http.post(
        "/v1/images/edits", data={"prompt": "a", **empty}, files={"image": PNG}
    )

    assert answer.status_code == 200, answer.text
    assert set(model.asked) == {"model", "prompts"}


async def test_variation_that_asks_for_no_stream_is_drawn(http: httpx2.AsyncClient) -> None:
    answer = await http.post(
        "/v1/images/variations", data={"stream": "false"}, files={"image": PNG}
    )

    assert answer.status_code == 200, answer.text


@pytest.fixture
async def logged(caplog: pytest.LogCaptureFixture) -> AsyncIterator[pytest.LogCaptureFixture]:
    with caplog.at_level("INFO", logger="ray.serve.homeport"):
        yield caplog


async def test_log_does_not_tell_the_name_of_an_image(
    http: httpx2.AsyncClient, logged: pytest.LogCaptureFixture
) -> None:
    url = (await http.post(PATH, json={"prompt": "a secret"})).json()["data"][0]["url"]
    await http.get(url)

    assert "/generated-images/…" in logged.text
    assert url.rpartition("/")[2] not in logged.text
    assert "secret" not in logged.text


@pytest.mark.parametrize(
    "names", [("image[]", "image[]"), ("image[0]", "image[1]"), ("image",) * 2]
)
async def test_edit_takes_several_images(
    http: httpx2.AsyncClient, model: ScriptedModel, names: tuple[str, str]
) -> None:
    files = [(name, (f"{index}.png", PNG + bytes([index]))) for index, name in enumerate(names)]

    answer = await http.post("/v1/images/edits", data={"prompt": "a"}, files=files)

    assert answer.status_code == 200, answer.text
    assert model.calls[-1].files == (PNG + b"\0", PNG + b"\1")
    assert model.asked["num_sources"] == 2


async def test_edit_of_several_images_takes_no_mask_and_16_images(
    http: httpx2.AsyncClient,
) -> None:
    several = [("image[]", PNG)] * 2

    masked = await http.post(
        "/v1/images/edits", data={"prompt": "a"}, files=[*several, ("mask", PNG)]
    )
    many = await http.post("/v1/images/edits", data={"prompt": "a"}, files=several * 9)

    assert "2 files" in assert_openai_error(masked, 400, "mask")
    assert "16" in assert_openai_error(many, 400, "image")


async def test_file_that_a_browser_sends_empty_and_without_a_name_is_absent(
    http: httpx2.AsyncClient, model: ScriptedModel
) -> None:
    body, headers = form(("prompt", None, b"a"), ("image", "a.png", PNG), ("mask", "", b""))

    answer = await http.post("/v1/images/edits", content=body, headers=headers)

    assert answer.status_code == 200, answer.text
    assert model.calls[-1].files == (PNG,)
