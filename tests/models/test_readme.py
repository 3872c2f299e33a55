# pyright: standard
"""The README's examples, with the models that it promises: what their answers say."""

import io
import json
import re
import subprocess
import sys
from typing import Any

import httpx2
import numpy as np
import pytest
from PIL import Image

from tests.support.commands import README, blocks, commands, run
from tests.support.server import Server

CALLS = [command for command in commands([README]) if command.startswith("curl")]


def call(server: Server, path: str) -> Any:
    """Run the README's call of a path, and return its answer."""
    (command,) = [each for each in CALLS if path in each]
    result = run(command, server)
    assert result.returncode == 0, result.stdout + result.stderr
    return json.loads(result.stdout) if result.stdout else None


def test_no_example_is_left_out() -> None:
    paths = {re.findall(r"localhost:8000(/v1/\S+)", command)[0] for command in CALLS}

    assert paths == {
        "/v1/chat/completions",
        "/v1/embeddings",
        "/v1/rerank",
        "/v1/images/generations",
        "/v1/audio/speech",
        "/v1/audio/transcriptions",
    }


def test_sum_is_right(server: Server) -> None:
    assert "4" in call(server, "chat/completions")["choices"][0]["message"]["content"]


@pytest.mark.parametrize("block", blocks("python", [README]))
def test_python_names_the_capital(server: Server, block: str) -> None:
    code = block.replace("http://localhost:8000", server.url)

    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True
    )

    assert "Paris" in result.stdout


def test_kitten_is_nearer_to_the_cat_than_tax_law(server: Server) -> None:
    data = call(server, "embeddings")["data"]

    cat, kitten, law = (np.asarray(each["embedding"]) for each in data)
    assert cat @ kitten > 2 * (cat @ law)


def test_document_about_paris_is_first(server: Server) -> None:
    assert call(server, "rerank")["results"][0]["index"] == 1


def test_picture_is_what_was_asked_for(server: Server) -> None:
    (picture,) = call(server, "images/generations")["data"]

    image = Image.open(io.BytesIO(httpx2.get(picture["url"], timeout=30).content)).convert("RGB")
    assert image.size == (256, 256)
    colours = np.asarray(image).reshape(-1, 3).astype(int)
    is_green = (colours[:, 1] > colours[:, 0] + 60) & (colours[:, 1] > colours[:, 2] + 60)
    is_white = colours.min(axis=1) > 200
    assert is_green.mean() > 0.02
    assert is_white.mean() > 0.3


def test_spoken_text_is_understood(server: Server) -> None:
    call(server, "audio/speech")

    text = call(server, "audio/transcriptions")["text"]

    assert re.sub(r"\W+", " ", text).strip().lower() == "good morning"
