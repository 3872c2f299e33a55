"""The cards have the sha256 of each file, as it is installed."""

import hashlib
import re
from pathlib import Path

import pytest

from deployments.config import resolve_model
from tests.models.conftest import find_application

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(("name", "card"), [("chat", "smollm2"), ("transcriptions", "whisper")])
def test_card_has_the_hash_of_each_file(name: str, card: str) -> None:
    rows = re.findall(
        r"^\| `(?:\w+/)?([\w.-]+)` \| ([\d,]+) \| `([0-9a-f]{64})` \|$",
        (ROOT / "embedded" / card / "README.md").read_text(),
        re.MULTILINE,
    )
    found = Path(resolve_model(find_application(name)["args"]["model"], (".gguf",)))
    files = [found] if found.is_file() else [file for file in found.iterdir() if file.is_file()]

    assert sorted(rows) == sorted(
        (file.name, f"{file.stat().st_size:,}", hashlib.sha256(file.read_bytes()).hexdigest())
        for file in files
    )
