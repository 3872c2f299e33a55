"""A speech model for tests of routes: its card, and what it says."""

from wire.calls import Kind, Usage
from wire.card import ModelCard, Voice

VOICE_CARD = ModelCard(
    id="voice",
    kind=Kind.SPEECH,
    aliases=("tts-1",),
    backend="espeak-ng",
    voices=(
        Voice(id="ana", name="Ana", languages=("en-us",), gender="female", aliases=("alloy",)),
        Voice(id="bo", languages=("de",), gender="male", aliases=("21m00Tcm4TlvDq8ikWAM",)),
    ),
)


def spoken_script() -> list[bytes | Usage]:
    """Return a short file in two pieces, and its usage."""
    return [b"ID3", b"more", Usage(characters=5, audio_seconds=1.5)]
