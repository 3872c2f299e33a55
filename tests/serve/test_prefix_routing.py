"""Two replicas of one chat model: conversations come back to where their beginning is cached."""

import os
import random
import signal
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx2
import pytest
from openai import OpenAI

from tests.support.server import Server, chat_application
from tests.support.tiny_model import make_tiny_llama
from tests.support.waiting import wait_until

CONVERSATIONS = 12
PLACES = 12
"""Of each replica."""


@pytest.fixture(scope="module")
def pair(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The name of a model with two replicas."""
    path = make_tiny_llama(tmp_path_factory.mktemp("pair") / "tiny", context_length=8192)
    app = chat_application(server, "pair", str(path), num_replicas=2)
    app["args"]["engine_kwargs"]["max_model_len"] = 8192
    app["args"]["max_requests"] = PLACES
    with server.also(app):
        wait_until(lambda: len(pids(server)) == 2, 300)
        wait_until(lambda: server.states().get("pair") == "ready", 60)
        yield "pair"


def pids(server: Server) -> list[int]:
    """Return the processes of the replicas that run."""
    deployments = server.applications().get("pair", {}).get("deployments", {})
    replicas = deployments.get("ChatDeployment", {}).get("replicas", ())
    return [each["pid"] for each in replicas if each["state"] == "RUNNING"]


class Conversation:
    """A conversation that begins with a text of its own."""

    def __init__(self, client: OpenAI, name: str, number: int) -> None:
        self._client = client
        self._name = name
        self._said: list[Any] = []
        self._next = f"{number} begins in its own way. " + f"Lake {number}. " * 750

    def turn(self) -> float:
        """Say something; return how much of what was said before had not to be read again.

        What the template adds is read again, too, so it may be a little more than all.
        """
        self._said.append({"role": "user", "content": self._next})
        before = sum(len(each["content"]) for each in self._said[:-1])
        answer = self._client.chat.completions.create(
            model=self._name, messages=self._said, max_tokens=4, temperature=0
        )
        content = answer.choices[0].message.content or ""
        self._said.append({"role": "assistant", "content": content})
        self._next = "Is that so?"
        assert answer.usage
        assert answer.usage.prompt_tokens_details
        return (answer.usage.prompt_tokens_details.cached_tokens or 0) / max(before, 1)


@pytest.mark.timeout(400)
@pytest.mark.parametrize("stream", [True, False])
def test_nobody_is_refused_while_replicas_have_room(
    server: Server, pair: str, stream: bool
) -> None:
    """Though answers differ in length: who was asked last tells little of who is busy."""
    url = f"{server.url}/v1/chat/completions"
    lengths = [random.Random(number).choice((2, 20, 80, 200)) for number in range(300)]

    def ask(length: int) -> int:
        said = {"role": "user", "content": f"{length}" if length > 20 else "the same"}
        fields = {"max_tokens": length, "ignore_eos": True, "stream": stream}
        answer = http.post(url, json={"model": pair, "messages": [said], **fields})
        return answer.status_code

    with httpx2.Client(timeout=60) as http, ThreadPoolExecutor(PLACES + PLACES // 3) as threads:
        assert Counter(threads.map(ask, lengths)) == {200: len(lengths)}


@pytest.mark.timeout(400)
def test_conversations_come_back_to_their_replica_which_may_die(
    server: Server, client: OpenAI, pair: str
) -> None:
    patient = client.with_options(max_retries=5)  # a replica that ends takes its requests along
    talks = [Conversation(patient, pair, number) for number in range(CONVERSATIONS)]
    # Four at once: a replica with as many more requests as a prompt has KiB is rightly passed over,
    # and a prompt has six.
    with ThreadPoolExecutor(4) as threads:
        assert list(threads.map(Conversation.turn, talks)) == [0] * CONVERSATIONS

        # The engine's cache has blocks of 128 tokens; what a byte-level model reads are bytes.
        again = list(threads.map(Conversation.turn, talks))
        assert all(cached > 0.7 for cached in again), again

        os.kill(pids(server)[0], signal.SIGKILL)
        assert all(cached >= 0 for cached in threads.map(Conversation.turn, talks))
        again = list(threads.map(Conversation.turn, talks))
        assert all(cached > 0.7 for cached in again), again
