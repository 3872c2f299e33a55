"""The voices of espeak-ng, read from its data without loading the library.

A voice is a language of espeak-ng with a variant (a throat) and a pitch.
"""

from collections.abc import Generator
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from deployments.speech.voices import with_known_names
from wire.card import Voice
from wire.errors import ModelLoadError


@dataclass(frozen=True, slots=True)
class Throat:
    """How espeak-ng speaks with a voice."""

    language: str
    variant: str = ""
    pitch: int = 50
    """0–99, around the variant's own."""


THROATS = {
    "alloy": Throat("en-us", "f2", 40),
    "ash": Throat("en-us", "m3", 45),
    "ballad": Throat("en-gb-x-rp", "m7", 60),
    "cedar": Throat("en-us", "m8", 35),
    "coral": Throat("en-us", "Annie", 55),
    "echo": Throat("en-us", "m1", 60),
    "fable": Throat("en-gb", "m6", 70),
    "marin": Throat("en-us", "f3", 60),
    "nova": Throat("en-us", "f5", 55),
    "onyx": Throat("en-us", "m4", 15),
    "sage": Throat("en-gb-x-rp", "f4", 45),
    "shimmer": Throat("en-us", "f4", 75),
    "verse": Throat("en-us", "Michael", 50),
}
"""OpenAI's voice names: each a different way to speak English."""

FEMALE = ("alloy", "coral", "marin", "nova", "sage", "shimmer")


@dataclass(frozen=True, slots=True)
class Language:
    """A language that espeak-ng speaks."""

    tag: str
    name: str
    file: str
    """Its path in the data; the library does not find every language by its tag."""


def data_directory() -> Path:
    """Return espeak-ng's data.

    Raises:
        ModelLoadError: the package is not installed.
    """
    spec = find_spec("espeakng_loader")
    if spec is None or not spec.submodule_search_locations:
        raise ModelLoadError("backend 'espeak-ng' needs the Python package 'espeakng-loader'.")
    return Path(spec.submodule_search_locations[0], "espeak-ng-data")


@cache
def languages() -> dict[str, Language]:
    """Return the languages whose dictionary is there, by tag."""
    found = {language.tag: language for language in _read(data_directory())}
    return {tag: found[tag] for tag in sorted(found)}


def _read(data: Path) -> Generator[Language]:
    for path in sorted(path for path in data.joinpath("lang").rglob("*") if path.is_file()):
        fields = [
            line.split(maxsplit=1)
            for line in path.read_text("utf-8", errors="replace").splitlines()
            if line.startswith(("name ", "language ", "dictionary "))
        ]
        first = {key: value.strip() for key, value in reversed(fields)}
        tag = first["language"].split()[0].lower()
        dictionary = first.get("dictionary", tag.split("-")[0])
        if data.joinpath(f"{dictionary}_dict").is_file():
            yield Language(
                tag,
                first.get("name", tag).split("//")[0].strip(),
                f"{path.relative_to(data / 'lang')}",
            )


def espeak_voices() -> tuple[Voice, ...]:
    """Return every voice: OpenAI's names in English, then each language by its tag."""
    spoken = languages().values()
    named = [
        Voice(
            id=name,
            name=name.capitalize(),
            languages=(throat.language,),
            gender="female" if name in FEMALE else "male",
        )
        for name, throat in THROATS.items()
    ]
    own = [
        Voice(id=language.tag, name=language.name, languages=(language.tag,), gender="male")
        for language in spoken
    ]
    return (*with_known_names(named), *own)


def find_throat(voice: str, language: str | None) -> Throat:
    """Return how a voice of the card speaks, in a language of its list."""
    throat = THROATS.get(voice) or Throat(voice)
    if language is None or throat.language.startswith(f"{language}-"):
        return throat
    return Throat(language, throat.variant, throat.pitch)
