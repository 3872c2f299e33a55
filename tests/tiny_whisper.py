"""A Whisper of the smallest shape, untrained, which hears something in any noise."""

from pathlib import Path

from embedded.transcriptions.recipe.build import build


def make_tiny_whisper(directory: Path) -> str:
    """Write it as faster-whisper loads it."""
    directory.mkdir(exist_ok=True)
    build(directory)
    return str(directory)
