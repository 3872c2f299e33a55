"""The models as ``configs/local.yaml`` serves them."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from deployments.chat.config import ChatConfig
from tests.support.served import serve_chat
from tests.support.word_model import CARD as WORDS
from tests.support.word_model import WordModel

ROOT = Path(__file__).parents[2]


def find_application(name: str) -> dict[str, Any]:
    """Return an application of the configuration."""
    applications = yaml.safe_load((ROOT / "configs" / "local.yaml").read_text())["applications"]
    return next(each for each in applications if each["name"] == name)


@pytest.fixture(scope="package")
def chat() -> Iterator[str]:
    """The URL of a server with the chat model, and one of embeddings that knows its words."""
    application = find_application("chat")
    options = application["deployments"][0]["ray_actor_options"]
    with pytest.MonkeyPatch.context() as environment:
        for name, value in options["runtime_env"]["env_vars"].items():
            environment.setenv(name, value)
        config = ChatConfig.model_validate(application["args"])
        with serve_chat(config, others=[(WORDS, WordModel())]) as url:
            yield url


@pytest.fixture
def transcriptions() -> dict[str, Any]:
    """The arguments of the transcription model."""
    return find_application("transcriptions")["args"]
