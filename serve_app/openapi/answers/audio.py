"""Answers of speech and transcriptions that are not audio themselves."""

from typing import Literal

from serve_app.openapi.answers.common import Absent, Answer


class SpeechDelta(Answer):
    """A piece of the audio."""

    type: Literal["speech.audio.delta"]
    audio: str
    """In base64."""


class SpeechUsage(Answer):
    """These engines have no tokens; they count characters and seconds."""

    input_tokens: int
    output_tokens: int
    total_tokens: int
    characters: int
    audio_seconds: float


class SpeechDone(Answer):
    """The end of the audio."""

    type: Literal["speech.audio.done"]
    usage: SpeechUsage


SpeechEvent = SpeechDelta | SpeechDone


class Alignment(Answer):
    """When each character is spoken."""

    characters: list[str]
    character_start_times_seconds: list[float]
    character_end_times_seconds: list[float]


class TimedSpeech(Answer):
    """Audio, and when each character of its text is spoken."""

    audio_base64: str
    alignment: Alignment | None
    normalized_alignment: Alignment | None


class TranscriptText(Answer):
    """What was said."""

    text: str


class TranscriptSegment(Answer):
    """A stretch of what was said."""

    id: int
    seek: int
    start: float
    end: float
    text: str
    tokens: list[int]
    temperature: float
    avg_logprob: float
    compression_ratio: float
    no_speech_prob: float


class TranscriptWord(Answer):
    """A word and its times in seconds."""

    word: str
    start: float
    end: float


class DurationUsage(Answer):
    """Seconds that were heard."""

    type: Literal["duration"]
    seconds: float


class VerboseTranscript(Answer):
    """What was said, with times."""

    task: Literal["transcribe", "translate"]
    language: str
    """Its English name."""
    duration: float
    text: str
    segments: list[TranscriptSegment] | Absent = None
    words: list[TranscriptWord] | Absent = None
    usage: DurationUsage


class TranscriptDelta(Answer):
    """The next segment."""

    type: Literal["transcript.text.delta"]
    delta: str


class HeardTokens(Answer):
    """Of the tokens that were read."""

    audio_tokens: int
    text_tokens: int


class TranscriptUsage(Answer):
    """Tokens; a second of audio counts as 50."""

    type: Literal["tokens"]
    input_tokens: int
    input_token_details: HeardTokens
    output_tokens: int
    total_tokens: int


class TranscriptDone(Answer):
    """All that was said."""

    type: Literal["transcript.text.done"]
    text: str
    usage: TranscriptUsage


TranscriptEvent = TranscriptDelta | TranscriptDone


class SpokenWord(Answer):
    """A word, or what is between two."""

    text: str
    start: float
    end: float
    type: Literal["word", "spacing"]
    logprob: float


class SpeechToText(Answer):
    """What was said, in ElevenLabs' shape."""

    language_code: str
    language_probability: float
    text: str
    words: list[SpokenWord]
    audio_duration_secs: float


class SpeechSegment(Answer):
    """Where someone speaks, in seconds."""

    start: float
    end: float


class SpeechSegments(Answer):
    """Where someone speaks."""

    segments: list[SpeechSegment]
