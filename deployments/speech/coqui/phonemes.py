# pyright: standard
"""Gives Coqui's models espeak-ng's phonemes from the installed package.

Coqui calls a program `espeak-ng`, which a fresh machine lacks; most of its models need it.
"""

import re

from TTS.tts.utils.text.phonemizers import DEF_LANG_TO_PHONEMIZER, PHONEMIZERS
from TTS.tts.utils.text.phonemizers.base import BasePhonemizer
from TTS.tts.utils.text.phonemizers.espeak_wrapper import ESpeak

from deployments.speech.espeak.library import espeak
from deployments.speech.espeak.voices import languages

_LANGUAGE_FLAG = re.compile(r"\(.+?\)")
_COQUIS_NAMES = {"en": "en-us", "zh-cn": "cmn", "fr": "fr-fr"}


class LibraryPhonemizer(BasePhonemizer):
    """Coqui's phonemizer ``espeak`` without a program."""

    def __init__(self, language: str, **options: object) -> None:
        super().__init__(_COQUIS_NAMES.get(language, language), **{"keep_puncs": True, **options})

    @staticmethod
    def name() -> str:
        """Return the name that models' configs use."""
        return ESpeak.name()

    def version(self) -> str:
        """Return the package's version of espeak-ng."""
        return "1.52"

    @classmethod
    def is_available(cls) -> bool:
        """Return True: the package is a dependency."""
        return True

    @staticmethod
    def supported_languages() -> dict[str, str]:
        """Return tags and names."""
        return {language.tag: language.name for language in languages().values()}

    def _phonemize(self, text: str, separator: str = "") -> str:
        voice = languages()[self._language].file
        phonemes = espeak().phonemes(text, voice)
        return _LANGUAGE_FLAG.sub("", phonemes).strip().replace("_", separator)


def provide_phonemes() -> None:
    """Register the phonemizer where Coqui has found no program."""
    if ESpeak.is_available():
        return
    PHONEMIZERS[LibraryPhonemizer.name()] = LibraryPhonemizer
    for tag in (*LibraryPhonemizer.supported_languages(), *_COQUIS_NAMES):
        DEF_LANG_TO_PHONEMIZER.setdefault(tag, LibraryPhonemizer.name())
