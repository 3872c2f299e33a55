# pyright: standard
"""espeak-ng: speech by rules, in over a hundred languages, hundreds of times faster than real time.

The library is one state for its whole process, so one thread uses it. Knows neither formats nor
requests' turns.
"""

import ctypes
from collections.abc import Iterable
from typing import Any

import espeakng_loader

from deployments.speech.engine import Spoken
from deployments.speech.espeak_voices import Throat, throat_of
from deployments.speech.segments import Segment, segments
from deployments.speech.tempo import change_tempo
from deployments.threads import Cancelled
from serve_app.errors import ModelLoadError
from serve_app.protocol.speech import SpeechCall

SEGMENT_CHARS = 400
"""Half a minute of speech, made in about 40 ms: how long others wait for their turn."""
BUFFER_MS = 500
"""How often the library looks whether it should stop: well below a millisecond of work."""
NORMAL_RATE = 175
"""Words a minute, the library's default."""
SLOWEST_RATE, FASTEST_RATE = 88, 900
"""Beyond the first the library does not go; beyond the second nobody asks."""

_SYNCHRONOUS = 2
_NO_EXIT = 0x8000
_UTF8 = 1
_RATE, _VOLUME, _PITCH = 1, 2, 3
_VOLUME_PERCENT = 80
_WORD_EVENT, _LIST_END = 1, 0


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


class EspeakSynthesizer:
    """The library, loaded."""

    speaks_whole_segments = True

    def __init__(self) -> None:
        self._library: Any = ctypes.CDLL(espeakng_loader.get_library_path())
        data = espeakng_loader.get_data_path().encode()
        self.sample_rate: int = self._library.espeak_Initialize(
            _SYNCHRONOUS, BUFFER_MS, data, _NO_EXIT
        )
        if self.sample_rate <= 0:
            raise ModelLoadError("espeak-ng could not read its data.")
        self._library.espeak_SetParameter(_VOLUME, _VOLUME_PERCENT, 0)
        self._samples: list[bytes] = []
        self._marks: list[tuple[int, int]] = []
        self._cancelled = Cancelled()
        self._callback = _Callback(self._receive)  # the library keeps no reference to it
        self._library.espeak_SetSynthCallback(self._callback)

    def segments(self, call: SpeechCall) -> Iterable[Segment]:
        """Return the text in pieces of a few sentences."""
        return segments(call.input, SEGMENT_CHARS)

    def speak(self, segment: Segment, call: SpeechCall, cancelled: Cancelled) -> Iterable[Spoken]:
        """Yield the segment's audio and where its words begin."""
        self._samples, self._marks, self._cancelled = [], [], cancelled
        rate = round(min(FASTEST_RATE, max(SLOWEST_RATE, NORMAL_RATE * call.speed)))
        self._set(throat_of(call.voice, call.language), rate)
        text = segment.text.encode() + b"\0"
        self._library.espeak_Synth(text, len(text), 0, 1, 0, _UTF8, None, None)
        samples = b"".join(self._samples)
        slower = min(1.0, call.speed * NORMAL_RATE / rate)
        marks = tuple((index, number / self.sample_rate / slower) for index, number in self._marks)
        yield Spoken(change_tempo(samples, self.sample_rate, slower), marks)

    def close(self) -> None:
        """Leave the library to the end of the process: another engine may use the same."""

    def _set(self, throat: Throat, rate: int) -> None:
        name = f"{throat.language}+{throat.variant}" if throat.variant else throat.language
        self._library.espeak_SetVoiceByName(name.encode())
        self._library.espeak_SetParameter(_RATE, rate, 0)
        self._library.espeak_SetParameter(_PITCH, throat.pitch, 0)

    def _receive(self, samples: int | None, num_samples: int, events: Any) -> int:
        """Take what the library made; not 0 stops it."""
        if samples and num_samples:
            self._samples.append(ctypes.string_at(samples, 2 * num_samples))
        index = 0
        while events[index].type != _LIST_END:
            if events[index].type == _WORD_EVENT:
                self._marks.append((events[index].text_position - 1, events[index].sample))
            index += 1
        return int(self._cancelled.is_set())
