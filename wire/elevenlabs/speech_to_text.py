"""ElevenLabs' wire types of transcription. Reference: https://elevenlabs.io/docs/api-reference/speech-to-text.

The engine's body is the same as for OpenAI's routes.
"""

import math
from collections.abc import Mapping
from typing import Any, Literal

from pydantic import Field, model_validator

from wire.answers import Answer
from wire.bodies import TranscriptionBody
from wire.errors import InvalidRequestError, echo
from wire.hints import OF_SPEECH_TO_TEXT
from wire.limits import MAX_KEYTERMS
from wire.openai.transcriptions import DetectedLanguage, Keyword, LanguageCode
from wire.requests import RequestBody


class SpeechToTextRequest(RequestBody):
    """Form of ``POST /v1/speech-to-text``, without its file."""

    hints = OF_SPEECH_TO_TEXT

    model_id: str | None = None
    language_code: DetectedLanguage = None
    secondary_language_codes: list[LanguageCode] | None = None
    timestamps_granularity: Literal["none", "word"] = "word"
    temperature: float | None = Field(default=None, ge=0, le=2)
    keyterms: list[Keyword] | None = Field(default=None, max_length=MAX_KEYTERMS)
    file_format: Literal["pcm_s16le_16", "other"] = "other"
    tag_audio_events: bool | None = None
    no_verbatim: bool | None = None
    num_speakers: int | None = Field(default=None, ge=1, le=32)
    diarize: bool | None = None
    diarization_threshold: float | None = None
    detect_speaker_roles: bool | None = None
    use_speaker_library: bool | None = None
    use_multi_channel: bool | None = None
    multichannel_output_style: str | None = None
    cloud_storage_url: str | None = None
    source_url: str | None = None
    webhook: bool | None = None
    webhook_id: str | None = None
    webhook_metadata: str | None = None
    transcript_edit: str | None = None
    numbers_format: str | None = None
    additional_formats: str | list[str] | None = None
    entity_detection: str | list[str] | None = None
    entity_redaction: str | list[str] | None = None
    entity_redaction_mode: str | None = None
    seed: int | None = None

    @model_validator(mode="before")
    @classmethod
    def _read_form_fields(cls, fields: dict[str, Any]) -> dict[str, Any]:
        # The SDK sends null for members of a JSON field that its caller omits.
        return {name: value for name, value in fields.items() if value not in ("null", ["null"])}

    def to_body(self) -> TranscriptionBody:
        """Return the engine's body.

        Raises:
            InvalidRequestError: a field is not supported.
        """
        for name in _REFUSED:
            if (value := getattr(self, name)) not in (None, False, "", "[]", []):
                raise InvalidRequestError(
                    f"'{name}' is not supported: received {echo(value)}.", name
                )
        if self.secondary_language_codes and not self.language_code:
            raise InvalidRequestError(
                "'secondary_language_codes' needs 'language_code', the language that is likeliest.",
                "secondary_language_codes",
            )
        languages: dict[str, Any] = {"language": self.language_code}
        if self.secondary_language_codes and self.language_code:
            languages = {"languages": [self.language_code, *self.secondary_language_codes]}
        return TranscriptionBody(
            word_timestamps=self.timestamps_granularity == "word",
            encoding="s16le" if self.file_format == "pcm_s16le_16" else "file",
            temperature=self.temperature,
            keywords=tuple(self.keyterms or ()),
            **languages,
        )


class SpokenWord(Answer):
    """A word, or the space between two."""

    text: str
    start: float
    end: float
    type: Literal["word", "spacing"]
    logprob: float


class SpeechToText(Answer):
    """The text of a recording, in ElevenLabs' format."""

    language_code: str
    language_probability: float
    text: str
    words: list[SpokenWord]
    audio_duration_secs: float


def speech_to_text_answer(transcript: Mapping[str, Any], with_words: bool) -> SpeechToText:
    """Return a transcript in ElevenLabs' format, in which spaces between words are entries too."""
    return SpeechToText(
        language_code=transcript["language"],
        language_probability=transcript["language_probability"],
        text=transcript["text"],
        words=_words(transcript["words"]) if with_words else [],
        audio_duration_secs=transcript["duration"],
    )


def _words(words: list[dict[str, Any]]) -> list[SpokenWord]:
    entries: list[SpokenWord] = []
    for word in words:
        start, end = word["start"], word["end"]
        if entries:
            space = SpokenWord(
                text=" ", start=entries[-1].end, end=start, type="spacing", logprob=0
            )
            entries.append(space)
        logprob = math.log(max(word["probability"], 1e-9))
        entries.append(
            SpokenWord(text=word["word"], start=start, end=end, type="word", logprob=logprob)
        )
    return entries


_REFUSED = (
    "no_verbatim",
    "diarize",
    "diarization_threshold",
    "detect_speaker_roles",
    "use_speaker_library",
    "use_multi_channel",
    "multichannel_output_style",
    "cloud_storage_url",
    "source_url",
    "webhook",
    "webhook_id",
    "webhook_metadata",
    "transcript_edit",
    "numbers_format",
    "additional_formats",
    "entity_detection",
    "entity_redaction",
    "entity_redaction_mode",
)
"""Fields that no engine supports."""
