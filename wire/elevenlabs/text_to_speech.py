"""Request types of ElevenLabs' text-to-speech. They also accept LocalAI's body."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from wire.answers import Answer
from wire.bodies import DEFAULT_SEED
from wire.errors import InvalidRequestError, echo
from wire.hints import OF_TEXT_TO_SPEECH
from wire.openai.speech import SAMPLE_RATES, Seed, Speed, Text
from wire.requests import ModelRequest

DEFAULT_OUTPUT = "mp3_44100_128"

OUTPUT_FORMATS = (
    "mp3_22050_32",
    "mp3_24000_48",
    *(f"mp3_44100_{kbps}" for kbps in (32, 64, 96, 128, 192)),
    *(f"opus_48000_{kbps}" for kbps in (32, 64, 96, 128, 192)),
    *(f"{raw}_{rate}" for raw in ("pcm", "wav") for rate in SAMPLE_RATES),
    "ulaw_8000",
    "alaw_8000",
)
"""Values of ``output_format``: codec, Hz, and for some codecs kbit/s."""

Share = Annotated[float, Field(ge=0, le=1)]


class Output(BaseModel):
    """An ``output_format`` in the engine's terms."""

    model_config = ConfigDict(frozen=True)

    response_format: str
    sample_rate: int
    bit_rate: int | None = None


def output(name: str | None) -> Output:
    """Parse an ``output_format``.

    Raises:
        InvalidRequestError: the format is unknown.
    """
    wanted = name or DEFAULT_OUTPUT
    if wanted not in OUTPUT_FORMATS:
        raise InvalidRequestError(
            f"'output_format': received {echo(name)}, allowed {', '.join(OUTPUT_FORMATS)}.",
            "output_format",
        )
    codec, rate, *kbps = wanted.split("_")
    return Output(
        response_format=codec,
        sample_rate=int(rate),
        bit_rate=1000 * int(kbps[0]) if kbps else None,
    )


class VoiceSettings(BaseModel):
    """Settings of a voice. Only ``speed`` has an effect."""

    model_config = ConfigDict(extra="allow")

    speed: Speed | None = None
    stability: Share | None = None
    similarity_boost: Share | None = None
    style: Share | None = None
    use_speaker_boost: bool | None = None
    clone_strength: Share | None = None


def _refuse_value(value: Any) -> Any:
    if value:
        raise ValueError("no served model can do it; leave it out")
    return None


Nothing = Annotated[None, BeforeValidator(_refuse_value)]


class TextToSpeechRequest(ModelRequest):
    """Body of ``POST /v1/text-to-speech/{voice_id}``."""

    hints = OF_TEXT_TO_SPEECH

    text: Text
    """LocalAI's name: ``input``."""
    model_id: str | None = None
    """ElevenLabs' name of ``model``."""
    voice: str | None = None
    """LocalAI's field. It must equal the voice in the path."""
    language_code: str | None = None
    voice_settings: VoiceSettings | None = None
    seed: Seed = DEFAULT_SEED
    previous_text: str | None = None
    next_text: str | None = None
    previous_request_ids: list[str] | None = None
    next_request_ids: list[str] | None = None
    use_pvc_as_ivc: bool | None = None
    apply_text_normalization: Literal["auto", "on"] | None = None
    apply_language_text_normalization: Nothing = None
    pronunciation_dictionary_locators: Nothing = None
    audio_effects: Nothing = None

    @model_validator(mode="before")
    @classmethod
    def _rename_fields(cls, body: Any) -> Any:
        """Rename LocalAI's fields to ElevenLabs'."""
        if not isinstance(body, dict):
            return body  # pyright: ignore[reportUnknownVariableType]
        fields: dict[str, Any] = {**body}
        for name, other in (
            ("text", "input"),
            ("language_code", "language"),
        ):
            value = fields.pop(other, None)
            if fields.get(name) is None:
                fields[name] = value
            elif value is not None and value != fields[name]:
                raise InvalidRequestError(f"'{other}' and '{name}' mean the same; send one.", other)
        if fields["text"] is None:
            del fields["text"]
        return fields

    @model_validator(mode="after")
    def _check_model(self) -> "TextToSpeechRequest":
        if self.model and self.model_id and self.model != self.model_id:
            raise InvalidRequestError("'model_id' and 'model' mean the same; send one.", "model_id")
        return self

    @property
    def speed(self) -> float:
        """Relative speed of the speech."""
        settings = self.voice_settings
        return settings.speed if settings and settings.speed is not None else 1.0


class Alignment(Answer):
    """When each character is spoken."""

    characters: list[str]
    character_start_times_seconds: list[float]
    character_end_times_seconds: list[float]


class SpeechWithTimestamps(Answer):
    """Audio, and when each character of its text is spoken."""

    audio_base64: str
    alignment: Alignment | None
    normalized_alignment: Alignment | None
