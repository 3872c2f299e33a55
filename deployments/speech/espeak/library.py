# pyright: standard
"""espeak-ng's shared library: samples and word positions of a text, or its phonemes.

It is one state for the whole process, so only one thread may use it.
"""

import ctypes
import os
import shutil
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import espeakng_loader

from deployments.threads import Cancelled
from wire.errors import ModelLoadError

BUFFER_MS = 500
"""How much audio it makes before it looks whether to stop: less than a millisecond of work."""
VOLUME_PERCENT = 70
"""At 100 loud vowels of some voices are clipped."""

_SYNCHRONOUS = 2
_NO_EXIT = 0x8000
_UTF8 = 1
_RATE, _VOLUME, _PITCH = 1, 2, 3
_WORD_EVENT, _LIST_END = 1, 0
_IPA = 2

_close = ctypes.CDLL(None).dlclose
_close.argtypes = (ctypes.c_void_p,)


class _EventId(ctypes.Union):
    _fields_ = (("number", ctypes.c_int), ("name", ctypes.c_char_p), ("string", ctypes.c_char * 8))


class _Event(ctypes.Structure):
    _fields_ = (
        ("type", ctypes.c_int),
        ("unique_identifier", ctypes.c_uint),
        ("text_position", ctypes.c_int),
        ("length", ctypes.c_int),
        ("audio_position", ctypes.c_int),
        ("sample", ctypes.c_int),
        ("user_data", ctypes.c_void_p),
        ("id", _EventId),
    )


_Callback = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_int, ctypes.POINTER(_Event))


@dataclass(slots=True)
class Utterance:
    """What the library made of a text."""

    samples: bytearray = field(default_factory=bytearray)
    words: list[tuple[int, int]] = field(default_factory=list[tuple[int, int]])
    """The index of each word's first character and of its first sample."""


@cache
def espeak() -> "EspeakLibrary":
    """Return the library of this process."""
    return EspeakLibrary()


class EspeakLibrary:
    """The library, initialized. Only ``espeak`` makes one in a server.

    ``options`` are those of its ``espeak_Initialize``.
    """

    def __init__(self, options: int = 0) -> None:
        self._options = options
        self._path = _copy_library()
        self._load()
        self._utterance = Utterance()
        self._cancelled = Cancelled()
        self._callback = _Callback(self._receive)  # the library keeps no reference to it

    def speak(
        self, text: str, voice: str, rate: int, pitch: int, cancelled: Cancelled, seed: int = 0
    ) -> Utterance:
        """Return the utterance; as far as it came when ``cancelled`` is set meanwhile.

        The same arguments give the same samples.
        """
        self._utterance, self._cancelled = Utterance(), cancelled
        self._reload()
        self._library.espeak_ng_SetRandSeed(ctypes.c_long(seed))
        self._library.espeak_SetSynthCallback(self._callback)
        self._use(voice)
        self._library.espeak_SetParameter(_RATE, rate, 0)
        self._library.espeak_SetParameter(_PITCH, pitch, 0)
        encoded = text.encode() + b"\0"
        # The flags leave out markup and phonemes in brackets: a text is only ever a text.
        self._library.espeak_Synth(encoded, len(encoded), 0, 1, 0, _UTF8, None, None)
        return self._utterance

    def phonemes(self, text: str, language: str) -> str:
        """Return the text in the International Phonetic Alphabet."""
        self._use(language)
        rest = ctypes.c_void_p()
        encoded = ctypes.create_string_buffer(text.encode())
        rest.value = ctypes.addressof(encoded)
        clauses: list[str] = []
        while rest.value:
            clause = self._library.espeak_TextToPhonemes(ctypes.byref(rest), _UTF8, _IPA)
            clauses.append((clause or b"").decode().strip())
        return " ".join(clause for clause in clauses if clause)

    def _load(self) -> None:
        self._library: Any = ctypes.CDLL(self._path)
        data = espeakng_loader.get_data_path().encode()
        self.sample_rate: int = self._library.espeak_Initialize(
            _SYNCHRONOUS, BUFFER_MS, data, _NO_EXIT | self._options
        )
        if self.sample_rate <= 0:
            raise ModelLoadError("espeak-ng could not read its data.")
        self._library.espeak_TextToPhonemes.restype = ctypes.c_char_p
        self._library.espeak_SetParameter(_VOLUME, VOLUME_PERCENT, 0)

    def _reload(self) -> None:
        """Load the library again, which takes half a millisecond.

        Its voices vary the pitch by a table, in which each utterance continues where the last one
        ended. Only loading resets the position.
        """
        self._library.espeak_Terminate()
        _close(self._library._handle)
        self._load()

    def _use(self, voice: str) -> None:
        if self._library.espeak_SetVoiceByName(voice.encode()):
            raise ValueError(f"espeak-ng has no voice {voice!r}")  # without one it would crash

    def _receive(self, samples: int | None, num_samples: int, events: Any) -> int:
        """Take what the library made; not 0 stops it."""
        if samples and num_samples:
            self._utterance.samples += ctypes.string_at(samples, 2 * num_samples)
        index = 0
        while events[index].type != _LIST_END:
            if events[index].type == _WORD_EVENT:
                word = (events[index].text_position - 1, events[index].sample)
                self._utterance.words.append(word)
            index += 1
        return int(self._cancelled.is_set())


def _copy_library() -> str:
    """Return the path of a copy in memory, which lasts as long as the process.

    A library is unloaded only when nothing else in the process has opened the same file.
    """
    copy = os.memfd_create("libespeak-ng.so")
    with (
        Path(espeakng_loader.get_library_path()).open("rb") as library,
        os.fdopen(copy, "wb", closefd=False) as file,
    ):
        shutil.copyfileobj(library, file)
    return f"/proc/self/fd/{copy}"
