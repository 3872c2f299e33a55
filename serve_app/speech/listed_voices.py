"""Finds a voice among those of all speech models: ElevenLabs' clients need not name a model."""

from serve_app.models.registry import Registry
from wire.calls import Kind
from wire.card import ModelCard, Voice
from wire.openai.speech import find_voice


def speech_cards(registry: Registry) -> list[ModelCard]:
    """Return the cards of all speech models."""
    return [model.card for model in registry.models if model.card.kind == Kind.SPEECH]


def find_listed_voice(registry: Registry, name: str) -> tuple[ModelCard, Voice] | None:
    """Return the first voice with this id; without any, the first with this alias."""
    found = [
        (card, voice)
        for card in speech_cards(registry)
        if (voice := find_voice(card, name)) is not None
    ]
    wanted = name.strip().lower()
    return min(found, key=lambda each: each[1].id.lower() != wanted, default=None)
