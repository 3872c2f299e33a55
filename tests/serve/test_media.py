"""A model that sees, through the whole server: every door, and what is refused."""

import base64
from pathlib import Path
from typing import Any

import openai
import pytest
from anthropic import Anthropic
from openai import OpenAI

from tests.support.pictures import data_url, picture
from tests.support.server import Server, chat_application
from tests.support.tiny_multimodal import make_tiny_multimodal
from tests.support.waiting import wait_until

WORDS = {"type": "text", "text": "hi"}


@pytest.mark.timeout(400)
def test_picture_reaches_the_model_through_every_door(
    server: Server, client: OpenAI, claude: Anthropic, tmp_path: Path
) -> None:
    sees = chat_application(server, "sees", str(make_tiny_multimodal(tmp_path / "sees")))
    sees["args"] |= {"input_parts": ["text", "image_url"]}
    patient = client.with_options(timeout=120)

    with server.also(sees):
        wait_until(lambda: server.states().get("sees") == "ready", 240)

        def chat(*parts: Any, name: str = "sees") -> int:
            said: Any = [{"role": "user", "content": [WORDS, *parts]}]
            answer = patient.chat.completions.create(model=name, messages=said, max_tokens=2)
            assert answer.usage
            return answer.usage.prompt_tokens

        def image(url: str) -> dict[str, Any]:
            return {"type": "image_url", "image_url": {"url": url}}

        red = data_url(picture())
        plain, seen = chat(), chat(image(red))
        assert seen > plain

        asked: Any = [
            {"type": "input_text", "text": "hi"},
            {"type": "input_image", "image_url": red, "detail": "auto"},
        ]
        response = patient.responses.create(
            model="sees", input=[{"role": "user", "content": asked}], max_output_tokens=2
        )
        assert response.usage
        assert response.usage.input_tokens == seen

        source = {"type": "base64", "media_type": "image/png"}
        data = base64.b64encode(picture()).decode()
        blocks: Any = [WORDS, {"type": "image", "source": {**source, "data": data}}]
        message = claude.messages.create(
            model="sees", max_tokens=2, messages=[{"role": "user", "content": blocks}]
        )
        assert message.usage.input_tokens == seen

        for name, url, param in (
            ("sees", data_url(b"%PDF-1.7"), "messages[0].content[1].image_url"),
            ("sees", "http://127.0.0.1:1/x.png", "messages[0].content[1].image_url"),
            ("gpt-4o", red, "messages[0].content[1].type"),
        ):
            with pytest.raises(openai.BadRequestError) as raised:
                chat(image(url), name=name)
            assert raised.value.param == param
