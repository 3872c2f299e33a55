"""Aliases with wildcards, alone and in the configurations."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from serve_app.models.wildcards import Wildcards, matches
from wire.calls import Kind
from wire.card import ModelCard

ROOT = Path(__file__).resolve().parents[2]
CONFIGS = ("local", "cpu", "prod")


def card(model_id: str, kind: Kind, *aliases: str) -> ModelCard:
    return ModelCard(id=model_id, kind=kind, aliases=aliases)


@pytest.mark.parametrize(
    ("alias", "name", "fits"),
    [
        ("gpt-*", "gpt-5-mini", True),
        ("gpt-*", "gpt-", True),
        ("gpt-*", "xgpt-5", False),
        ("gpt-*", "gpt-5:adapter", False),
        ("gpt-*", "gpt-" + "x" * 200, False),
        ("o?-*", "o3-mini", True),
        ("o?-*", "o10-mini", False),
        ("o?", "o3", True),
        ("o?", "o:", False),
        ("text-embedding-*", "text-embedding-3-small", True),
        ("a.c*", "abcd", False),
        ("a[bc]*", "ab", False),
        ("gpt-4o", "gpt-4o", True),
        ("gpt-4o", "gpt-4", False),
    ],
)
def test_wildcard_stands_for_characters(alias: str, name: str, fits: bool) -> None:
    assert matches(alias, name) is fits


def test_most_specific_alias_wins_and_then_the_kind() -> None:
    wildcards = Wildcards(
        [
            card("chat", Kind.CHAT, "gpt-*", "same-*"),
            card("voice", Kind.SPEECH, "gpt-*-tts*", "same-*"),
        ]
    )

    assert wildcards.find("gpt-5", Kind.CHAT) == "chat"
    assert wildcards.find("gpt-4o-mini-tts", Kind.CHAT) == "voice"
    assert wildcards.find("same-1", Kind.SPEECH) == "voice"
    assert wildcards.find("same-1", None) == "chat"
    assert wildcards.find("other", None) is None


TODAY: dict[Kind, list[str]] = {
    Kind.CHAT: [
        "gpt-5",
        "gpt-5-mini",
        "gpt-5.2-codex",
        "gpt-4.1-nano",
        "gpt-4o-2024-08-06",
        "gpt-4o-audio-preview",
        "gpt-3.5-turbo-instruct",
        "o1",
        "o3-mini",
        "o4-mini",
        "chatgpt-4o-latest",
        "claude-sonnet-4-5",
        "claude-opus-4-1-20250805",
        "claude-haiku-4-5",
        "davinci-002",
    ],
    Kind.EMBEDDINGS: ["text-embedding-3-small", "text-embedding-3-large", "text-embedding-ada-002"],
    Kind.IMAGES: ["dall-e-2", "dall-e-3", "gpt-image-1", "gpt-image-1-mini", "gpt-image-2"],
    Kind.SPEECH: [
        "tts-1",
        "tts-1-hd-1106",
        "gpt-4o-mini-tts",
        "gpt-4o-mini-tts-2025-12-15",
        "eleven_multilingual_v2",
        "eleven_v3",
        "eleven_flash_v2",
        "eleven_turbo_v2",
    ],
    Kind.TRANSCRIPTIONS: [
        "whisper-1",
        "gpt-transcribe",
        "gpt-4o-transcribe",
        "gpt-4o-mini-transcribe",
        "gpt-4o-transcribe-diarize",
        "scribe_v1",
        "scribe_v2",
    ],
}


def find_kind(cards: list[ModelCard], name: str, kind: Kind) -> Kind | None:
    exact = [card for card in cards if name in (card.id, *card.aliases)]
    model_id = exact[0].id if exact else Wildcards(cards).find(name, kind)
    return next((card.kind for card in cards if card.id == model_id), None)


@pytest.mark.parametrize("config", CONFIGS)
@pytest.mark.parametrize(("kind", "name"), [(kind, name) for kind in TODAY for name in TODAY[kind]])
def test_name_of_today_leads_to_a_model_of_its_kind(config: str, kind: Kind, name: str) -> None:
    read: dict[str, Any] = yaml.safe_load((ROOT / "configs" / f"{config}.yaml").read_text())
    cards = [
        ModelCard(id=args["model_id"], kind=args["kind"], aliases=args.get("aliases", ()))
        for application in read["applications"]
        if "model_id" in (args := application["args"])
    ]

    assert find_kind(cards, name, kind) == kind
    assert find_kind(cards, "llama-3", kind) is None
