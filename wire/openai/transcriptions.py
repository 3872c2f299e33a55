"""Request types of transcriptions, translations and voice detection, and the engine's body.

Reference: https://platform.openai.com/docs/api-reference/audio/createTranscription.
"""

from typing import Annotated, Any, Literal, cast

from pydantic import AfterValidator, BeforeValidator, Field, model_validator
from pydantic_core import from_json

from wire.bodies import AudioBody, TranscriptionBody
from wire.errors import InvalidRequestError, echo
from wire.fields import own_fields, refuse_foreign_fields
from wire.languages import language_code
from wire.limits import (
    MAX_KEYWORD_CHARS,
    MAX_KEYWORDS,
    MAX_LANGUAGES,
    MAX_SAMPLES,
    MAX_TRANSCRIPTION_PROMPT_CHARS,
)
from wire.requests import ModelRequest, RequestBody

MAX_SAMPLE = 2.0
"""Samples are between -1 and 1. Mixed or filtered audio may exceed that slightly; unscaled integers
exceed it by far and would be noise."""
STREAMED_FORMATS = ("json", "text", "verbose_json")

Format = Literal["json", "text", "srt", "vtt", "verbose_json", "txt", "lrc"]
Task = Literal["transcribe", "translate"]
Keyword = Annotated[str, Field(min_length=1, max_length=MAX_KEYWORD_CHARS)]


def _code(language: str) -> str:
    code = language_code(language)
    if code is None:
        raise ValueError(
            f"{echo(language)} is not a language that is known here; use its ISO 639-1 code ('en')"
        )
    return code


def _few(samples: object) -> object:
    if isinstance(samples, list) and (num := len(cast("list[object]", samples))) > MAX_SAMPLES:
        raise ValueError(
            f"it has {num} samples; JSON takes up to {MAX_SAMPLES} (five minutes). Send a longer "
            "recording as a form with 'file'"
        )
    return cast("object", samples)


def _check_scale(samples: list[float]) -> list[float]:
    for extreme in (max(samples), min(samples)):
        if abs(extreme) > MAX_SAMPLE:
            param = f"audio[{samples.index(extreme)}]"
            raise InvalidRequestError(
                f"Invalid '{param}': samples are between -1 and 1 (received {extreme:g}).", param
            )
    return samples


Samples = Annotated[
    list[float],
    Field(min_length=1, fail_fast=True),
    BeforeValidator(_few),
    AfterValidator(_check_scale),
]
LanguageCode = Annotated[str, AfterValidator(_code)]
DETECTED = ("auto", "")
"""What clients of whisper.cpp send for a language that is to be detected."""


def _absent_if_detected(language: object) -> object:
    return None if language in DETECTED else language


DetectedLanguage = Annotated[LanguageCode | None, BeforeValidator(_absent_if_detected)]


class ServerVad(RequestBody):
    """Options of voice detection; times in milliseconds."""

    type: Literal["server_vad"]
    threshold: float | None = Field(default=None, ge=0, le=1)
    silence_duration_ms: int | None = Field(default=None, ge=0, le=60_000)
    prefix_padding_ms: int | None = Field(default=None, ge=0, le=60_000)

    def parameters(self) -> dict[str, Any]:
        """Return the options in the library's spelling."""
        return {
            name: value
            for name, value in (
                ("threshold", self.threshold),
                ("min_silence_duration_ms", self.silence_duration_ms),
                ("speech_pad_ms", self.prefix_padding_ms),
            )
            if value is not None
        }


class TranscriptionRequest(ModelRequest):
    """Form of ``POST /v1/audio/transcriptions`` and ``…/translations``, without its file."""

    language: DetectedLanguage = None
    languages: list[LanguageCode] | None = Field(
        default=None, min_length=1, max_length=MAX_LANGUAGES
    )
    prompt: str | None = Field(default=None, max_length=MAX_TRANSCRIPTION_PROMPT_CHARS)
    keywords: list[Keyword] | None = Field(default=None, max_length=MAX_KEYWORDS)
    hotwords: str | None = Field(default=None, max_length=MAX_TRANSCRIPTION_PROMPT_CHARS)
    response_format: Format = "json"
    temperature: float | None = Field(default=None, ge=0, le=1)
    timestamp_granularities: list[Literal["word", "segment"]] | None = None
    stream: bool | None = None
    vad_filter: bool | None = None
    chunking_strategy: Literal["auto"] | ServerVad | None = None
    translate: bool | None = None
    include: list[Literal["logprobs"]] | None = None
    diarize: bool | None = None
    known_speaker_names: list[str] | None = None
    known_speaker_references: list[str] | None = None

    @model_validator(mode="before")
    @classmethod
    def _parse_chunking_strategy(cls, fields: dict[str, Any]) -> dict[str, Any]:
        strategy = fields.get("chunking_strategy")
        if isinstance(strategy, str) and strategy.lstrip().startswith("{"):
            return {**fields, "chunking_strategy": from_json(strategy)}
        return fields

    @property
    def granularities(self) -> frozenset[str]:
        """The units that get timestamps."""
        return frozenset(self.timestamp_granularities or ["segment"])

    def to_body(self, task: Task) -> TranscriptionBody:
        """Return the engine's body.

        Raises:
            InvalidRequestError: a field is not supported, or two fields conflict.
        """
        fields = own_fields(self)
        self._check()
        known: dict[str, Any] = {
            name: fields[name]
            for name in ("language", "languages", "prompt", "temperature", "vad_filter")
            if name in fields
        }
        if keywords := [*(self.keywords or []), *([self.hotwords] if self.hotwords else [])]:
            known["keywords"] = keywords
        if self.chunking_strategy == "auto":
            known["vad_filter"] = True
        elif self.chunking_strategy is not None:
            known |= {"vad_filter": True, "vad_parameters": self.chunking_strategy.parameters()}
        return TranscriptionBody(
            task="translate" if self.translate else task,
            word_timestamps="word" in self.granularities,
            **known,
        )

    def _check(self) -> None:
        for name, why in _REFUSED.items():
            if value := getattr(self, name):
                raise InvalidRequestError(f"'{name}': received {echo(value)}, but {why}.", name)
        if "word" in self.granularities and self.response_format != "verbose_json":
            raise InvalidRequestError(
                "'timestamp_granularities': only 'response_format': 'verbose_json' has the times "
                f"of words, received '{self.response_format}'.",
                "timestamp_granularities",
            )
        if self.stream and self.response_format not in STREAMED_FORMATS:
            raise InvalidRequestError(
                f"'response_format': a stream is one of {', '.join(STREAMED_FORMATS)}, "
                f"received '{self.response_format}'.",
                "response_format",
            )
        if self.chunking_strategy is not None and self.vad_filter is False:
            raise InvalidRequestError(
                "'vad_filter': 'chunking_strategy' finds speech by voice detection, which "
                "'vad_filter' switches off; send one.",
                "vad_filter",
            )


class VadRequest(ModelRequest):
    """Body of ``POST /v1/vad``, as JSON with ``audio`` or as a form with a file."""

    audio: Samples | None = None
    """Samples at 16 kHz between -1 and 1."""
    threshold: float | None = Field(default=None, ge=0, le=1)
    silence_duration_ms: int | None = Field(default=None, ge=0, le=60_000)
    prefix_padding_ms: int | None = Field(default=None, ge=0, le=60_000)

    def to_body(self) -> AudioBody:
        """Return the engine's body."""
        refuse_foreign_fields(self)
        vad = ServerVad(
            type="server_vad",
            threshold=self.threshold,
            silence_duration_ms=self.silence_duration_ms,
            prefix_padding_ms=self.prefix_padding_ms,
        )
        encoding = "file" if self.audio is None else "f32le"
        return AudioBody(encoding=encoding, vad_parameters=vad.parameters())


_REFUSED = {
    "include": "the library does not return the probabilities of single tokens",
    "diarize": "no served model separates speakers",
    "known_speaker_names": "no served model separates speakers",
    "known_speaker_references": "no served model separates speakers",
}
"""Fields that no engine supports, and why."""
