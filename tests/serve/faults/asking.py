"""One request of every kind, whose answer shows whether it is this request's."""

import base64
import io
import json
import random
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from time import monotonic
from typing import Any

import httpx2
import numpy as np
from PIL import Image

from tests.support.outcomes import NotAnswered, Outcome, check_status, read_error
from tests.support.waiting import wait_until

PATIENCE_S = 60
"""A client that waits longer for an answer counts it as hung."""
JOB_PATIENCE_S = 240
"""Of a run and a batch, which wait for their model."""
STREAM_TOKENS = 80
TEXTS = ("The cat sleeps on the sofa.", "A train leaves at noon.", "My garden is full of roses.")
SENTENCES = (
    "Please close the window before the rain begins.",
    "My brother lives near the river.",
    "The train leaves at nine in the morning.",
)


class Client:
    """Sends requests to one server and checks the answers."""

    def __init__(self, url: str) -> None:
        limits = httpx2.Limits(max_keepalive_connections=2, keepalive_expiry=5)
        self._http = httpx2.Client(base_url=url, timeout=PATIENCE_S, limits=limits, trust_env=False)

    def close(self) -> None:
        self._http.close()

    def post(self, path: str, **request: Any) -> httpx2.Response:
        answer = self._http.post(path, **request)
        check_status(answer)
        return answer

    def get(self, path: str) -> httpx2.Response:
        answer = self._http.get(path)
        check_status(answer)
        return answer

    def delete(self, path: str) -> None:
        check_status(self._http.delete(path))

    def events(self, path: str, body: dict[str, Any], last: str) -> Iterator[dict[str, Any]]:
        """Yield the events of a stream, and raise unless it ends with ``last``."""
        deadline = monotonic() + PATIENCE_S
        with self._http.stream("POST", path, json={**body, "stream": True}) as answer:
            if not answer.is_success:
                answer.read()
                check_status(answer)
            for line in answer.iter_lines():
                if monotonic() > deadline:
                    raise NotAnswered(Outcome.HUNG, "a stream without end")
                data = line.removeprefix("data: ")
                if data == line:
                    continue
                if data == last:
                    return
                event: dict[str, Any] = json.loads(data)
                raise_event_error(event)
                yield event
                if event.get("type") == last:
                    return
        raise NotAnswered(Outcome.LOST, "a stream without its end")


def raise_event_error(event: dict[str, Any]) -> None:
    """Raise the error that an event of a stream reports, in any dialect."""
    failed: Any = event.get("response") if event.get("type") == "response.failed" else event
    error = event if event.get("type") == "error" and "error" not in event else failed.get("error")
    if error:
        content = json.dumps({"error": error}).encode()
        raise read_error(503, {"retry-after": "1"}, content)  # a stream has no headers left


def expect(found: object, wanted: object) -> None:
    if found != wanted:
        raise NotAnswered(Outcome.WRONG, f"{found!r:.80} instead of {wanted!r:.80}")


@dataclass(frozen=True)
class Sum:
    """A question to chat that its answer repeats."""

    left: int
    right: int

    @property
    def question(self) -> str:
        return f"What is {self.left}+{self.right}?"

    def check(self, answer: str) -> None:
        beginning = f"{self.left} + {self.right} ="
        expect(answer[: len(beginning)], beginning)

    @property
    def messages(self) -> list[dict[str, str]]:
        return [{"role": "user", "content": self.question}]


def make_sum() -> Sum:
    return Sum(random.randint(1, 40), random.randint(1, 40))


def ask_chat(client: Client, _: "Samples") -> None:
    task = make_sum()
    body = {"model": "gpt-4o", "messages": task.messages, "temperature": 0}
    answer = client.post("/v1/chat/completions", json=body).json()
    task.check(answer["choices"][0]["message"]["content"])


def ask_chat_stream(client: Client, _: "Samples") -> None:
    task = make_sum()
    body = {
        "model": "gpt-4o",
        "messages": task.messages,
        "temperature": 0,
        "max_tokens": STREAM_TOKENS,
        "ignore_eos": True,
        "stream_options": {"include_usage": True},
    }
    text, tokens = "", 0
    for event in client.events("/v1/chat/completions", body, "[DONE]"):
        text += "".join(choice["delta"].get("content") or "" for choice in event["choices"])
        tokens = (event.get("usage") or {}).get("completion_tokens", tokens)
    task.check(text)
    expect(tokens, STREAM_TOKENS)


def ask_responses(client: Client, _: "Samples") -> None:
    task = make_sum()
    body = {"model": "gpt-4o", "input": task.question, "temperature": 0}
    answer = client.post("/v1/responses", json=body).json()
    task.check(answer["output"][0]["content"][0]["text"])
    kept = client.get(f"/v1/responses/{answer['id']}").json()
    expect(kept["output"], answer["output"])


def ask_responses_stream(client: Client, _: "Samples") -> None:
    task = make_sum()
    body = {"model": "gpt-4o", "input": task.question, "temperature": 0}
    text = ""
    for event in client.events("/v1/responses", body, "response.completed"):
        if event["type"] == "response.output_text.delta":
            text += event["delta"]
    task.check(text)


def ask_messages(client: Client, _: "Samples") -> None:
    task = make_sum()
    body = {"model": "claude-x", "messages": task.messages, "max_tokens": 40, "temperature": 0}
    answer = client.post("/v1/messages", json=body).json()
    task.check(answer["content"][0]["text"])


def ask_messages_stream(client: Client, _: "Samples") -> None:
    task = make_sum()
    body = {"model": "claude-x", "messages": task.messages, "max_tokens": 40, "temperature": 0}
    text = ""
    for event in client.events("/v1/messages", body, "message_stop"):
        text += event.get("delta", {}).get("text", "")
    task.check(text)


def ask_embeddings(client: Client, samples: "Samples") -> None:
    text = random.choice(TEXTS)
    body = {"model": "text-embedding-3-small", "input": text}
    vector = np.array(client.post("/v1/embeddings", json=body).json()["data"][0]["embedding"])
    nearest = max(TEXTS, key=lambda other: float(samples.vectors[other] @ vector))
    expect(nearest, text)


def ask_images(client: Client, samples: "Samples") -> None:
    colour = random.choice(list(samples.pictures))
    found = draw(client, colour)
    nearest = min(
        samples.pictures, key=lambda other: float(abs(samples.pictures[other] - found).mean())
    )
    expect(nearest, colour)


def draw(client: Client, colour: str) -> Any:
    """Return the pixels of a circle."""
    body = {
        "prompt": f"a big {colour} circle on a white background",
        "size": "128x128",
        "response_format": "b64_json",
        "seed": 1,
        "step": 6,
    }
    (picture,) = client.post("/v1/images/generations", json=body).json()["data"]
    data = base64.b64decode(picture["b64_json"])
    return np.asarray(Image.open(io.BytesIO(data)).convert("RGB"), dtype=float)


def ask_speech(client: Client, samples: "Samples") -> None:
    text = random.choice(SENTENCES)
    expect(speak(client, text) == samples.recordings[text], True)


def speak(client: Client, text: str) -> bytes:
    body = {"model": "tts-1", "voice": "alloy", "input": text, "response_format": "wav"}
    return client.post("/v1/audio/speech", json=body).content


def ask_transcriptions(client: Client, samples: "Samples") -> None:
    text = random.choice(SENTENCES)
    files = {"file": ("speech.wav", samples.recordings[text])}
    answer = client.post("/v1/audio/transcriptions", files=files, data={"model": "whisper-1"})
    expect(answer.json()["text"], text)


def ask_files(client: Client, _: "Samples") -> None:
    content = random.randbytes(20_000)
    file_id = upload(client, content, "user_data")
    expect(client.get(f"/v1/files/{file_id}/content").content == content, True)
    client.delete(f"/v1/files/{file_id}")


def upload(client: Client, content: bytes, purpose: str) -> str:
    files = {"file": ("content.jsonl", content)}
    return client.post("/v1/files", files=files, data={"purpose": purpose}).json()["id"]


def ask_run(client: Client, samples: "Samples") -> None:
    task = make_sum()
    body = {"assistant_id": samples.assistant, "thread": {"messages": task.messages}}
    run = client.post("/v1/threads/runs", json=body).json()
    thread = f"/v1/threads/{run['thread_id']}"
    ended = await_end(client, f"{thread}/runs/{run['id']}")
    check_job(ended, ended["last_error"])
    messages = retrying(client, f"{thread}/messages").json()["data"]
    task.check(messages[0]["content"][0]["text"]["value"])


def ask_batch(client: Client, _: "Samples") -> None:
    tasks = [make_sum() for _ in range(4)]
    lines = [
        {
            "custom_id": str(number),
            "method": "POST",
            "url": "/v1/chat/completions",
            "body": {"model": "gpt-4o", "messages": task.messages, "temperature": 0},
        }
        for number, task in enumerate(tasks)
    ]
    file_id = upload(client, "\n".join(map(json.dumps, lines)).encode(), "batch")
    body = {
        "input_file_id": file_id,
        "endpoint": "/v1/chat/completions",
        "completion_window": "24h",
    }
    batch = client.post("/v1/batches", json=body).json()
    ended = await_end(client, f"/v1/batches/{batch['id']}")
    check_job(ended, ended["errors"])
    if ended["error_file_id"]:
        failures = retrying(client, f"/v1/files/{ended['error_file_id']}/content").text
        raise NotAnswered(Outcome.UNTYPED, f"lines of a batch: {failures:.200}")
    answers = retrying(client, f"/v1/files/{ended['output_file_id']}/content").text.splitlines()
    expect(len(answers), len(tasks))
    for line in map(json.loads, answers):
        answer = line["response"]["body"]["choices"][0]["message"]["content"]
        tasks[int(line["custom_id"])].check(answer)


def await_end(client: Client, path: str) -> dict[str, Any]:
    """Return a job when it has ended. A poll that fails is repeated, as an SDK does."""
    found: list[dict[str, Any]] = []

    def has_ended() -> bool:
        found.append(retrying(client, path).json())
        return found[-1]["status"] not in ("queued", "in_progress", "validating", "finalizing")

    try:
        wait_until(has_ended, JOB_PATIENCE_S, every_s=0.2)
    except AssertionError:
        raise NotAnswered(Outcome.HUNG, "a job without end") from None
    return found[-1]


def retrying(client: Client, path: str) -> httpx2.Response:
    """Read until there is an answer; only errors that say to try again are tried again."""
    answers: list[httpx2.Response] = []

    def is_answered() -> bool:
        try:
            answers.append(client.get(path))
        except (httpx2.ConnectError, httpx2.NetworkError, httpx2.RemoteProtocolError):
            return False
        except NotAnswered as error:
            if error.outcome != Outcome.TYPED:
                raise
            return False
        return True

    try:
        wait_until(is_answered, PATIENCE_S, every_s=0.2)
    except AssertionError:
        raise NotAnswered(Outcome.HUNG, "no poll is answered") from None
    return answers[-1]


def check_job(job: dict[str, Any], error: Any) -> None:
    if job["status"] != "completed":
        raise NotAnswered(Outcome.UNTYPED, f"{job['status']}: {error!r:.120}")


class Samples:
    """What the answers are compared with, made while nothing is wrong."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def make(self) -> None:
        """Make all of it."""
        _ = self.vectors, self.pictures, self.recordings, self.assistant

    @cached_property
    def vectors(self) -> dict[str, Any]:
        body = {"model": "text-embedding-3-small", "input": list(TEXTS)}
        data = self._client.post("/v1/embeddings", json=body).json()["data"]
        return {text: np.array(each["embedding"]) for text, each in zip(TEXTS, data, strict=True)}

    @cached_property
    def pictures(self) -> dict[str, Any]:
        return {colour: draw(self._client, colour) for colour in ("red", "blue", "black")}

    @cached_property
    def recordings(self) -> dict[str, bytes]:
        return {text: speak(self._client, text) for text in SENTENCES}

    @cached_property
    def assistant(self) -> str:
        return self._client.post("/v1/assistants", json={"model": "gpt-4o"}).json()["id"]
