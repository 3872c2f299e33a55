"""Request types of speech, and the look-up of voices in a model card."""

from collections.abc import Generator
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field

from wire.answers import Answer
from wire.bodies import DEFAULT_SEED
from wire.card import ModelCard, Voice
from wire.errors import InvalidRequestError, echo
from wire.hints import OF_SPEECH
from wire.languages import closest_tag
from wire.requests import ModelRequest, RequestBody, type_of

MEDIA_TYPES = {
    "mp3": "audio/mpeg",
    "opus": "audio/opus",
    "aac": "audio/aac",
    "flac": "audio/flac",
    "wav": "audio/wav",
    "pcm": "audio/pcm",
    "ulaw": "audio/basic",
    "alaw": "audio/x-alaw-basic",
}
"""OpenAI's content types. Opus is in an Ogg container."""

OPENAI_RATE = 24_000
"""Default sample rate in Hz of all formats, as in OpenAI."""
SAMPLE_RATES = (8_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000)

MIN_SPEED = 0.25
MAX_SPEED = 4.0

MAX_SEED = 2**32 - 1

VOICES_IN_ERRORS = 20
"""Maximum number of voices in an error message; ``GET /v1/voices`` lists all."""

Format = Literal["mp3", "opus", "aac", "flac", "wav", "pcm"]


def _not_blank(text: str) -> str:
    if not text.strip():
        raise ValueError("there is no text to speak")
    return text


def _check_rate(rate: int) -> int:
    if rate not in SAMPLE_RATES:
        raise ValueError(f"must be one of {', '.join(map(str, SAMPLE_RATES))}")
    return rate


Text = Annotated[str, AfterValidator(_not_blank)]
Speed = Annotated[float, Field(ge=MIN_SPEED, le=MAX_SPEED)]


def _null_as(default: object) -> BeforeValidator:
    """Treat null as if the field were absent."""
    return BeforeValidator(lambda value: default if value is None else value)


Seed = Annotated[int, Field(ge=0, le=MAX_SEED), _null_as(DEFAULT_SEED)]


class VoiceReference(RequestBody):
    """A voice as an object, OpenAI's form of custom voices."""

    id: str = Field(min_length=1)


class SpeechRequest(ModelRequest):
    """Body of ``POST /v1/audio/speech``."""

    hints = OF_SPEECH

    input: Text
    voice: str | VoiceReference | None = None
    """None: the model's first voice, as in LocalAI."""
    response_format: Annotated[Format | None, BeforeValidator(type_of)] = None
    speed: Annotated[Speed, _null_as(1.0)] = 1.0
    stream_format: Annotated[Literal["audio", "sse"], _null_as("audio")] = "audio"
    stream: bool | None = None
    """LocalAI's field, without effect: audio is always streamed."""
    language: str | None = None
    """LocalAI's field: a language tag."""
    sample_rate: Annotated[int, AfterValidator(_check_rate), _null_as(OPENAI_RATE)] = OPENAI_RATE
    """LocalAI's field, in Hz."""
    seed: Seed = DEFAULT_SEED
    instructions: str | None = None
    """A hint without effect: no engine supports instructions."""


class SpeechAudioDeltaEvent(Answer):
    """A piece of the audio."""

    type: Literal["speech.audio.delta"] = "speech.audio.delta"
    audio: str
    """In base64."""


class SpeechUsage(Answer):
    """These engines have no tokens; they count characters and seconds."""

    input_tokens: int
    output_tokens: int
    total_tokens: int
    characters: int
    audio_seconds: float


class SpeechAudioDoneEvent(Answer):
    """The end of the audio."""

    type: Literal["speech.audio.done"] = "speech.audio.done"
    usage: SpeechUsage


SpeechStreamEvent = SpeechAudioDeltaEvent | SpeechAudioDoneEvent


def media_type(response_format: str, sample_rate: int = OPENAI_RATE) -> str:
    """Return the Content-Type, for formats without a header with rate and channels."""
    described = f"; rate={sample_rate}; channels=1" if response_format == "pcm" else ""
    return MEDIA_TYPES[response_format] + described


def card_voice(card: ModelCard, voice: str | VoiceReference | None, param: str = "voice") -> str:
    """Return the id of the voice with this id or alias; None: the default voice.

    ``param`` is what the request calls it.

    Raises:
        InvalidRequestError: the model has no such voice.
    """
    name = voice.id if isinstance(voice, VoiceReference) else voice
    if name is None and card.voices:
        return card.voices[0].id
    found = find_voice(card, name or "")
    if found is None:
        listed = ", ".join(_list_voices(card))
        raise InvalidRequestError(
            f"'{param}': model '{card.id}' has no voice {echo(name)}. Allowed: {listed}.", param
        )
    return found.id


def choose_voice(
    card: ModelCard,
    voice: str | VoiceReference | None,
    language: str | None,
    voice_param: str = "voice",
    language_param: str = "language",
) -> tuple[str, str | None]:
    """Return the id of the voice that speaks, and the model's tag of the language.

    Where each voice has languages of its own, a request without a voice, or with an alias that
    every model has, gets a voice that speaks the language.

    Raises:
        InvalidRequestError: the model has no such voice, or it does not speak the language.
    """
    voice_id = card_voice(card, voice, voice_param)
    tag = card_language(card, language, language_param)
    speakers = [each.id for each in card.voices if tag in each.languages]
    if tag is None or not card.voices_are_native or voice_id in speakers:
        return voice_id, tag
    name = voice.id if isinstance(voice, VoiceReference) else voice
    if name is None or name.strip().lower() != voice_id.lower():
        return speakers[0], tag
    raise InvalidRequestError(
        f"'{language_param}': voice {echo(voice_id)} of model '{card.id}' does not speak "
        f"{echo(language)}. Allowed with it: {', '.join(_shorten(_languages(card, voice_id)))}.",
        language_param,
    )


def _languages(card: ModelCard, voice_id: str) -> list[str]:
    return [tag for each in card.voices if each.id == voice_id for tag in each.languages]


def find_voice(card: ModelCard, name: str) -> Voice | None:
    """Return the voice with this id or alias, ignoring case."""
    wanted = name.strip().lower()
    for voice in card.voices:
        if wanted == voice.id.lower():
            return voice
    for voice in card.voices:
        if wanted in (alias.lower() for alias in voice.aliases):
            return voice
    return None


def card_language(card: ModelCard, tag: str | None, param: str = "language") -> str | None:
    """Return the model's tag for a language, however it is named; ``de-DE`` falls back to ``de``.

    Raises:
        InvalidRequestError: the model does not speak it.
    """
    if not tag:
        return None
    spoken = list(dict.fromkeys(tag for voice in card.voices for tag in voice.languages))
    closest = closest_tag(tag, spoken)
    if closest is not None:
        return closest
    listed = ", ".join(_shorten(spoken)) or "none"
    raise InvalidRequestError(
        f"'{param}': model '{card.id}' does not speak {echo(tag)}. Allowed: {listed}.", param
    )


def _list_voices(card: ModelCard) -> Generator[str]:
    yield from _shorten([voice.id for voice in card.voices])


def _shorten(names: list[str]) -> Generator[str]:
    yield from names[:VOICES_IN_ERRORS]
    if len(names) > VOICES_IN_ERRORS:
        yield f"and {len(names) - VOICES_IN_ERRORS} more (GET /v1/voices lists all)"
