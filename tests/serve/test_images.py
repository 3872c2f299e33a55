"""Images on the real server: what the embedded model draws, URLs, streams, clients that leave."""

import base64
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from typing import Any

import httpx2
import pytest
from openai import OpenAI
from PIL import Image, ImageDraw

from embedded.images.recipe.measure import look_at
from tests.support.server import Server
from tests.support.waiting import wait_until

SMALL: dict[str, Any] = {"prompt": "a square", "size": "64x64", "step": 2}


def generate(server: Server, **fields: Any) -> httpx2.Response:
    return httpx2.post(f"{server.url}/v1/images/generations", json=SMALL | fields, timeout=60)


def picture(data: bytes) -> Image.Image:
    return Image.open(BytesIO(data))


def png(image: Image.Image) -> bytes:
    file = BytesIO()
    image.save(file, "PNG")
    return file.getvalue()


def test_sdk_gets_a_picture_of_what_it_asks_for(client: OpenAI) -> None:
    answer = client.images.generate(
        model="dall-e-2", prompt="a green square on a white background", size="256x256",
        response_format="b64_json", extra_body={"seed": 1},
    )  # fmt: skip

    assert answer.data
    drawn = picture(base64.b64decode(answer.data[0].b64_json or ""))
    seen = look_at(drawn)
    assert drawn.size == (256, 256)
    assert (seen.colour, seen.shape, seen.background) == ("green", "square", "white")


def test_sdk_gets_the_largest_size_of_dall_e(client: OpenAI) -> None:
    answer = client.images.generate(
        model="dall-e-3", prompt="a red circle on a yellow background", size="1792x1024",
        quality="hd", response_format="b64_json", extra_body={"seed": 1},
    )  # fmt: skip

    assert answer.data
    drawn = picture(base64.b64decode(answer.data[0].b64_json or ""))
    seen = look_at(drawn)
    assert drawn.size == (1792, 1024)
    assert (seen.colour, seen.background) == ("red", "yellow")


def test_localais_request_gets_urls_of_images(server: Server) -> None:
    answer = httpx2.post(
        f"{server.url}/v1/images/generations",
        json={"prompt": "floating hair, portrait|lowres", "n": 2, "mode": 2, "seed": 9000,
              "size": "256x256", "response_format": {"type": "url"}},
        timeout=60,
    )  # fmt: skip

    assert answer.status_code == 200, answer.text
    first, second = answer.json()["data"]
    for item in (first, second):
        assert item["url"].startswith(f"{server.url}/generated-images/")
        assert item["url"].endswith(".png")
        image = httpx2.get(item["url"], timeout=30)
        assert image.headers["content-type"] == "image/png"
        assert picture(image.content).size == (256, 256)
    assert answer.json()["usage"]["input_tokens"] > 0
    assert (first["seed"], second["seed"]) == (9000, 9001)


def test_seed_makes_the_same_file_whatever_else_is_drawn(server: Server) -> None:
    fields: dict[str, Any] = {"response_format": "b64_json"}
    alone = generate(server, seed=4, **fields).json()["data"][0]["b64_json"]

    with ThreadPoolExecutor(8) as clients:
        unseeded = [clients.submit(generate, server, **fields) for _ in range(6)]
        again = clients.submit(generate, server, seed=4, **fields).result()
        others = {work.result().json()["data"][0]["b64_json"] for work in unseeded}

    assert again.json()["data"][0]["b64_json"] == alone
    assert len(others | {alone}) == 7


def test_sdk_edits_what_the_mask_marks(client: OpenAI) -> None:
    image = Image.new("RGB", (256, 256), "white")
    ImageDraw.Draw(image).rectangle((30, 90, 90, 150), fill="navy")
    mask = Image.new("RGBA", (256, 256), "white")
    mask.paste((0, 0, 0, 0), (128, 0, 256, 256))

    answer = client.images.edit(
        model="dall-e-2", image=png(image), mask=png(mask),
        prompt="a small red circle on the right on a white background", response_format="b64_json",
        extra_body={"seed": 1},
    )  # fmt: skip

    assert answer.data
    edited = picture(base64.b64decode(answer.data[0].b64_json or ""))
    kept, drawn = (0, 0, 128, 256), (128, 0, 256, 256)
    assert edited.crop(kept).tobytes() == image.crop(kept).tobytes()
    seen = look_at(edited.crop(drawn))
    assert (seen.colour, seen.background, seen.count) == ("red", "white", 1)


def test_sdk_streams_pictures_on_the_way(client: OpenAI) -> None:
    events = list(
        client.images.generate(
            model="gpt-image-1", prompt="a cat", size="256x256", stream=True, partial_images=2
        )
    )

    assert [event.type for event in events] == [
        "image_generation.partial_image",
        "image_generation.partial_image",
        "image_generation.completed",
    ]
    assert picture(base64.b64decode(events[-1].b64_json)).size == (256, 256)


def test_variation_takes_a_photo_of_any_size(server: Server) -> None:
    photo = BytesIO()
    Image.new("RGB", (333, 90), "orange").save(photo, "JPEG")

    answer = httpx2.post(
        f"{server.url}/v1/images/variations",
        files={"image": photo.getvalue()},
        data={"response_format": "b64_json"},
        timeout=60,
    )

    assert answer.status_code == 200, answer.text
    assert answer.json()["size"] == "333x90"


def test_proxy_that_is_trusted_says_what_urls_begin_with(server: Server) -> None:
    forwarded = {
        "X-Forwarded-Proto": "https",
        "X-Forwarded-Host": "models.example.com",
        "X-Forwarded-Prefix": "/ai",
        "x-homeport-peer": "8.8.8.8 forged",  # HAProxy writes its own
    }
    answer = httpx2.post(
        f"{server.url}/v1/images/generations", json=SMALL, headers=forwarded, timeout=60
    )

    url = answer.json()["data"][0]["url"]
    assert url.startswith("https://models.example.com/ai/generated-images/")


def test_proxy_that_is_not_trusted_says_nothing_of_urls(server: Server) -> None:
    forwarded = {
        "X-Forwarded-Proto": "https",
        "X-Forwarded-Host": "evil.com",
        "X-Forwarded-Prefix": "/evil",
        "X-Forwarded-For": "127.0.0.1",
    }
    # Another address than the one that the tests' server trusts.
    transport = httpx2.HTTPTransport(local_address="127.0.0.2")
    with httpx2.Client(transport=transport, timeout=60) as stranger:
        answer = stranger.post(f"{server.url}/v1/images/generations", json=SMALL, headers=forwarded)

    url = answer.json()["data"][0]["url"]
    assert url.startswith(f"{server.url}/generated-images/")


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"size": "4096x4096"}, "from 64 to 1792"),
        ({"step": 10**9}, "from 1 to 100"),
        ({"clip_skip": 9}, "from 0 to 1"),
        ({"file": base64.b64encode(b"<svg/>").decode()}, "PNG, JPEG and WebP"),
        ({"file": "http://169.254.169.254/"}, "does not allow this host"),
        ({"n": 10, "prompt": ["a", "b"]}, "at most 10"),
    ],
)
def test_what_cannot_be_drawn_is_refused(server: Server, fields: dict[str, Any], says: str) -> None:
    answer = generate(server, **fields)

    assert answer.status_code == 400, answer.text
    assert says in answer.json()["error"]["message"]


def test_client_that_leaves_stops_the_drawing(server: Server, replica_load: Any) -> None:
    long = {"prompt": "a", "size": "512x512", "step": 100, "n": 10}  # half a minute
    with pytest.raises(httpx2.ReadTimeout):
        httpx2.post(f"{server.url}/v1/images/generations", json=long, timeout=2)

    wait_until(lambda: replica_load("images") == {"held": 0, "unfinished": 0}, 20)
