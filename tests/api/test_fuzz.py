"""Odd requests of every operation: each is answered or refused as the API does, none fails."""

import logging
import time
from collections.abc import Generator
from contextlib import contextmanager

import httpx2
import pytest

from tests.api.sdk.model import create_sdk_api
from tests.api.sdk.recording import record_sdks
from tests.support.fuzzing.checks import check_answer
from tests.support.fuzzing.requests import Mutator, Sent
from tests.support.fuzzing.sending import read_examples, send
from tests.support.scripted_model import KEY
from tests.support.sync_client import connect_synchronously

SEED = 18
NUM_REQUESTS = 2000
URL = "http://test"


class Errors(logging.Handler):
    """Keeps the log's errors."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.texts: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.texts.append(self.format(record))


@contextmanager
def collect_errors() -> Generator[list[str]]:
    handler = Errors()
    logging.getLogger("ray.serve").addHandler(handler)
    try:
        yield handler.texts
    finally:
        logging.getLogger("ray.serve").removeHandler(handler)


@pytest.mark.timeout(400)
def test_odd_requests_are_answered_or_refused() -> None:
    faults: list[str] = []
    with (
        connect_synchronously(create_sdk_api(waiting=None), httpx2) as http,
        collect_errors() as errors,
    ):
        transport = http._transport
        key = {"authorization": f"Bearer {KEY}".encode()}
        document = send(transport, URL, Sent("GET", "/openapi.json", headers=key)).json()
        mutator = Mutator(record_sdks(transport, URL) + read_examples(document), SEED)
        for number in range(NUM_REQUESTS):
            sent = mutator.make(number)
            began = time.monotonic()
            try:
                answer = send(transport, URL, sent)
            except httpx2.TimeoutException as error:
                faults.append(f"{error}: {number}: {sent}")
                continue
            seconds = time.monotonic() - began
            faults += [f"{each}: {number}: {sent}" for each in check_answer(sent, answer, seconds)]
        after = send(transport, URL, Sent("GET", "/v1/models", headers=key))

    assert not faults, f"{len(faults)} faults:\n" + "\n".join(faults[:20])
    assert not errors, "\n".join(errors[:5])
    assert after.status_code == 200
