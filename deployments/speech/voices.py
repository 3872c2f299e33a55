"""Voices as the operator configures them, and the names by which every client may call them.

Uses no speech library.
"""

from collections.abc import Sequence
from itertools import cycle
from typing import Literal

from pydantic import BaseModel, Field

from wire.card import Voice

OPENAI_NAMES = {
    "alloy": "female",
    "ash": "male",
    "ballad": "male",
    "cedar": "male",
    "coral": "female",
    "echo": "male",
    "fable": "male",
    "marin": "female",
    "nova": "female",
    "onyx": "male",
    "sage": "female",
    "shimmer": "female",
    "verse": "male",
}

ELEVENLABS_NAMES = {
    "21m00Tcm4TlvDq8ikWAM": ("Rachel", "female"),
    "EXAVITQu4vr4xnSDxMaL": ("Sarah", "female"),
    "FGY2WhTYpPnrIDTdsKH5": ("Laura", "female"),
    "Xb7hH8MSUJpSbSDYk0k2": ("Alice", "female"),
    "XrExE9yKIg1WjnnlVkGX": ("Matilda", "female"),
    "cgSgspJ2msm6clMCkdW9": ("Jessica", "female"),
    "pFZP5JQG7iQjIQuC4Bku": ("Lily", "female"),
    "AZnzlk1XvdvUeBnXmlld": ("Domi", "female"),
    "MF3mGyEYCl7XYWbV9V6O": ("Elli", "female"),
    "JBFqnCBsd6RMkjVDRZzb": ("George", "male"),
    "CwhRBWXzGAHq8TQ4Fs17": ("Roger", "male"),
    "IKne3meq5aSn9XLyUdCD": ("Charlie", "male"),
    "N2lVS1w4EtoT3dr4eOWO": ("Callum", "male"),
    "TX3LPaxmHKxFdv7VOQHJ": ("Liam", "male"),
    "bIHbv24MWmeRgasZH58o": ("Will", "male"),
    "cjVigY5qzO86Huf0OWal": ("Eric", "male"),
    "iP95p4xoKVk53GoZ742B": ("Chris", "male"),
    "nPczCjzI2devNBz1zQrb": ("Brian", "male"),
    "onwK4e9ZLuTAKqWW03F9": ("Daniel", "male"),
    "pqHfZKP75CvOlQylNhV4": ("Bill", "male"),
    "pNInz6obpgDQGcFmaJgB": ("Adam", "male"),
    "ErXwobaYiN019PkySvjV": ("Antoni", "male"),
    "TxGEqnHWrfWFTfGVjxBY": ("Josh", "male"),
    "VR6AewLTigWG4xSOukaG": ("Arnold", "male"),
    "yoZ06aMxZJJ28mfd3POQ": ("Sam", "male"),
}
"""Premade voices of ElevenLabs that its documents and clients name by these ids."""


class SpeechVoice(BaseModel, frozen=True, extra="forbid"):
    """A voice in the configuration of a model."""

    id: str = Field(min_length=1, max_length=200)
    """The name in requests."""
    name: str = ""
    """For people."""
    speaker: str | None = None
    """The model's own name of the speaker; none: the model's only one, or the reference's."""
    reference_audio: tuple[str, ...] = ()
    """Recordings to clone the voice from, where the model can: paths of WAV files, 6–30 s."""
    languages: tuple[str, ...] = ()
    """Tags of what it speaks, the first is the default; empty: the model's."""
    gender: Literal["female", "male"] | None = None
    """Lets names of OpenAI's and ElevenLabs' voices find one that suits."""
    aliases: tuple[str, ...] = ()
    """More names."""

    def on_card(self) -> Voice:
        """Return the voice as the ingress receives it."""
        return Voice.model_validate(self.model_dump(exclude={"speaker", "reference_audio"}))


def with_known_names(voices: Sequence[Voice]) -> tuple[Voice, ...]:
    """Return the voices with every well-known name as an alias of one of them.

    A name goes to a voice of its gender where there is one, and in turn, so that different names
    sound different as far as there are different voices. Names that are taken stay where they are.
    """
    taken = {name.lower() for voice in voices for name in (voice.id, *voice.aliases)}
    # English names for voices that speak English, when a model has many languages.
    english = [v for v in voices if any(tag.split("-")[0] == "en" for tag in v.languages)]
    speakers = english or list(voices)
    turns = {
        gender: cycle([v for v in speakers if v.gender == gender] or speakers)
        for gender in ("female", "male")
    }
    added: dict[str, list[str]] = {voice.id: [] for voice in voices}
    groups = [((name,), gender) for name, gender in OPENAI_NAMES.items()] + [
        ((voice_id, name.lower()), gender) for voice_id, (name, gender) in ELEVENLABS_NAMES.items()
    ]
    for group, gender in groups:
        voice = next(turns[gender])
        added[voice.id] += [name for name in group if name.lower() not in taken]
    return tuple(
        voice.model_copy(update={"aliases": (*voice.aliases, *added[voice.id])}) for voice in voices
    )
