"""LoRA adapters through the whole server: named in the configuration, and found at run time."""

from pathlib import Path
from typing import Any

import openai
import pytest
from openai import OpenAI

from tests.support.server import Server, chat_application
from tests.support.tiny_adapter import make_tiny_adapter
from tests.support.tiny_model import make_tiny_llama
from tests.support.waiting import wait_until

HELLO: list[Any] = [{"role": "user", "content": "hello"}]


def says(client: OpenAI, name: str, **options: Any) -> str:
    """Return what a model of random weights says: it is always the same."""
    answer = client.chat.completions.create(
        model=name, messages=HELLO, max_tokens=12, temperature=0, **options
    )
    assert answer.model == name
    return str(answer.choices[0].message.content)


@pytest.mark.timeout(400)
def test_adapters_change_what_their_model_says(
    server: Server, client: OpenAI, tmp_path: Path
) -> None:
    root = tmp_path / "adapters"
    tiny = chat_application(server, "tiny", str(make_tiny_llama(tmp_path / "tiny")))
    tiny["args"] |= {
        "adapters": {"one": str(make_tiny_adapter(tmp_path / "one", seed=1))},
        "adapters_root": str(root),
        "max_adapters": 1,
    }
    make_tiny_adapter(root / "wide", seed=3, hidden=96)
    patient = client.with_options(timeout=120)

    with server.also(tiny):
        wait_until(lambda: server.states().get("tiny") == "ready", 240)
        listed = {each.id: each.to_dict() for each in client.models.list()}
        assert listed["tiny:one"]["parent"] == "tiny"
        assert client.models.retrieve("tiny-alias:one").id == "tiny:one"
        base, one = says(patient, "tiny"), says(patient, "tiny:one")

        make_tiny_adapter(root / "two", seed=2)  # while the server runs
        two = says(patient, "tiny:two")

        assert len({base, one, two}) == 3
        # Each takes the other's place, and comes back as it was.
        assert [says(patient, f"tiny:{name}") for name in ("one", "two")] == [one, two]
        assert says(patient, "tiny") == base
        stream = patient.chat.completions.create(
            model="tiny:one", messages=HELLO, max_tokens=12, temperature=0, stream=True
        )
        assert "".join(c.choices[0].delta.content or "" for c in stream if c.choices) == one
        for name in ("nosuch", "..", "%2e%2e"):
            with pytest.raises(openai.NotFoundError):
                says(patient, f"tiny:{name}")
        with pytest.raises(openai.InternalServerError, match="wide"):
            says(patient, "tiny:wide")
        assert says(patient, "tiny:two") == two
