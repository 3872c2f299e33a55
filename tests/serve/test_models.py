"""Models come, fail, sleep and go while another one streams."""

import threading
from pathlib import Path
from typing import Any

import httpx2
import openai
import pytest
from openai import OpenAI

from tests.support.server import Server, chat_application
from tests.support.tiny_model import make_tiny_llama
from tests.support.waiting import wait_until

HELLO: list[Any] = [{"role": "user", "content": "hello"}]


class Streams:
    """Streams from one model without a pause, until stopped; keeps what went wrong."""

    def __init__(self, client: OpenAI) -> None:
        self._client = client
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self.finished = 0
        self.errors: list[Exception] = []

    def __enter__(self) -> "Streams":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join(60)

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                stream = self._client.chat.completions.create(
                    model="gpt-4o",
                    messages=HELLO,
                    max_tokens=50,
                    stream=True,
                    extra_body={"ignore_eos": True},
                )
                reasons = [chunk.choices[0].finish_reason for chunk in stream]
                assert reasons[-1] == "length", reasons
                self.finished += 1
            except (openai.APIError, AssertionError) as error:
                self.errors.append(error)


@pytest.mark.timeout(400)
def test_models_added_broken_asleep_and_removed_while_another_streams(
    server: Server, client: OpenAI, tmp_path: Path
) -> None:
    before, models = list(server.config["applications"]), set(server.states())
    sleeping = chat_application(
        server,
        "sleeper",
        str(make_tiny_llama(tmp_path / "tiny", context_length=4096)),
        autoscaling_config={"min_replicas": 0, "initial_replicas": 0, "max_replicas": 1},
    )
    del sleeping["deployments"][0]["num_replicas"]
    sleeping["args"]["engine_kwargs"]["max_model_len"] = 4096
    broken = chat_application(server, "broken", "/nowhere/at/all")
    misspelt = chat_application(server, "misspelt", "embedded/chat")
    misspelt["args"]["max_request"] = 3

    with Streams(client) as streams:
        server.deploy([*before, sleeping, broken, misspelt])

        wait_until(lambda: server.states().get("sleeper") == "idle", 60)
        wait_until(lambda: server.states().get("misspelt") == "failed", 60)
        wait_until(lambda: server.states().get("broken") == "failed", 120)
        assert_fails(client, "broken", "/nowhere/at/all")
        assert_fails(client, "misspelt", "max_request")
        facts = client.models.retrieve("sleeper-alias").to_dict()
        assert (facts["id"], facts["state"], facts["context_length"]) == ("sleeper", "idle", 4096)
        ready = httpx2.get(f"{server.url}/readyz", timeout=30)
        assert ready.json()["not_ready"] == ["broken", "misspelt"]

        woken = client.with_options(timeout=240).chat.completions.create(
            model="sleeper", messages=HELLO, max_tokens=3, stream=True
        )
        assert len(list(woken)) >= 2

        under_way = client.chat.completions.create(
            model="sleeper",
            messages=HELLO,
            max_tokens=1500,
            stream=True,
            extra_body={"ignore_eos": True},
        )
        next(under_way)
        server.deploy(before)
        reasons = [chunk.choices[0].finish_reason for chunk in under_way]
        assert reasons[-1] == "length", "a model that is removed ends its streams first"
        wait_until(lambda: set(server.states()) == models, 60)
        with pytest.raises(openai.NotFoundError):
            client.chat.completions.create(model="sleeper", messages=HELLO)
    server.settle()

    assert not streams.errors
    assert streams.finished > 5
    assert httpx2.get(f"{server.url}/readyz", timeout=30).status_code == 200


def assert_fails(client: OpenAI, name: str, reason: str) -> None:
    with pytest.raises(openai.InternalServerError) as raised:
        client.chat.completions.create(model=name, messages=HELLO)
    assert raised.value.code == "model_failed"
    assert reason in raised.value.message
    assert reason in str(client.models.retrieve(name).to_dict()["reason"])
