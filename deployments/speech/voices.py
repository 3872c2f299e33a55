"""The names of voices that clients of OpenAI and ElevenLabs send, given to the voices of any model.

Pure; knows no library.
"""

from collections.abc import Sequence
from itertools import cycle

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
