"""Writes transcripts in the formats of the API."""

import math
import re
from collections.abc import Mapping, Sequence
from typing import Any, Literal

from pydantic_core import to_json

from wire.answers import Answer, Omittable
from wire.languages import language_name

TOKENS_PER_SECOND = 50
"""Encoder positions per second of audio in Whisper."""

Transcript = Mapping[str, Any]
"""The engine's answer: text, task, language, duration, segments, words, token counts."""

JSON = "application/json"
TEXT = "text/plain; charset=utf-8"
VTT = "text/vtt; charset=utf-8"


class Transcription(Answer):
    """The text of a recording."""

    text: str


class TranscriptionTimes(Answer):
    """What is the same of a segment, whole and streamed."""

    seek: int
    start: float
    end: float
    text: str
    tokens: list[int]
    temperature: float
    avg_logprob: float
    compression_ratio: float
    no_speech_prob: float


class TranscriptionSegment(TranscriptionTimes):
    """A segment of a recording."""

    id: int


class TranscriptionWord(Answer):
    """A word and its times in seconds."""

    word: str
    start: float
    end: float


class DurationUsage(Answer):
    """Seconds of the recording."""

    type: Literal["duration"] = "duration"
    seconds: float


class TranscriptionVerbose(Answer):
    """The text of a recording, with times."""

    task: Literal["transcribe", "translate"]
    language: str
    """The English name of the language."""
    duration: float
    text: str
    segments: Omittable[list[TranscriptionSegment]] = None
    words: Omittable[list[TranscriptionWord]] = None
    usage: DurationUsage


class TranscriptTextDeltaEvent(Answer):
    """The next segment."""

    type: Literal["transcript.text.delta"] = "transcript.text.delta"
    delta: str


class TranscriptInputTokenDetails(Answer):
    """Tokens of the input, by kind."""

    audio_tokens: int
    text_tokens: int


class TranscriptUsage(Answer):
    """Tokens; a second of audio counts as 50."""

    type: Literal["tokens"] = "tokens"
    input_tokens: int
    input_token_details: TranscriptInputTokenDetails
    output_tokens: int
    total_tokens: int


class TranscriptTextDoneEvent(Answer):
    """The whole text, at the end of the stream."""

    type: Literal["transcript.text.done"] = "transcript.text.done"
    text: str
    usage: TranscriptUsage


class TranscriptTextSegmentEvent(TranscriptionTimes):
    """The times of the segment before, with ``verbose_json``."""

    type: Literal["transcript.text.segment"] = "transcript.text.segment"
    id: str
    speaker: str = ""
    """Always empty: no model distinguishes speakers."""
    words: Omittable[list[TranscriptionWord]] = None


class TranscriptTextVerboseDoneEvent(TranscriptTextDoneEvent):
    """The whole text, at the end of a stream with ``verbose_json``."""

    task: Literal["transcribe", "translate"]
    language: str
    """The English name of the language."""
    duration: float


TranscriptionStreamEvent = (
    TranscriptTextDeltaEvent
    | TranscriptTextSegmentEvent
    | TranscriptTextVerboseDoneEvent
    | TranscriptTextDoneEvent
)


class SpeechSegment(Answer):
    """A stretch of a recording with speech, in seconds."""

    start: float
    end: float


class SpeechSegments(Answer):
    """Where a recording has speech."""

    segments: list[SpeechSegment]


def write_transcript(
    transcript: Transcript, form: str, granularities: frozenset[str]
) -> tuple[bytes, str]:
    """Return the transcript in a response format, and its media type."""
    segments = transcript["segments"]
    match form:
        case "verbose_json":
            return to_json(_to_verbose(transcript, granularities)), JSON
        case "text" | "txt":
            return f"{transcript['text']}\n".encode(), TEXT
        case "srt":
            return _srt(segments).encode(), TEXT
        case "vtt":
            return _vtt(segments).encode(), VTT
        case "lrc":
            return _lrc(segments).encode(), TEXT
        case _:
            # LocalAI's clients expect only strings in this object, so there is no usage.
            return to_json(Transcription(text=transcript["text"])), JSON


def delta_event(segment: Mapping[str, Any], is_first: bool) -> TranscriptTextDeltaEvent:
    """Return the event of a decoded segment."""
    text: str = segment["text"]
    return TranscriptTextDeltaEvent(delta=text.lstrip() if is_first else text)


def segment_event(
    segment: Mapping[str, Any], granularities: frozenset[str]
) -> TranscriptTextSegmentEvent:
    """Return the times of a decoded segment."""
    words = segment.get("words") if "word" in granularities else None
    fields = {**segment, "id": f"seg_{segment['id']:03d}", "words": words}
    return TranscriptTextSegmentEvent.model_validate(fields)


def done_event(text: str, transcript: Transcript, form: str) -> TranscriptTextDoneEvent:
    """Return the last event; ``text`` is the concatenation of the deltas."""
    num_audio = math.ceil(transcript["duration"] * TOKENS_PER_SECOND)
    num_text, num_output = transcript["prompt_tokens"], transcript["completion_tokens"]
    usage = TranscriptUsage(
        input_tokens=num_audio + num_text,
        input_token_details=TranscriptInputTokenDetails(
            audio_tokens=num_audio, text_tokens=num_text
        ),
        output_tokens=num_output,
        total_tokens=num_audio + num_text + num_output,
    )
    if form != "verbose_json":
        return TranscriptTextDoneEvent(text=text, usage=usage)
    return TranscriptTextVerboseDoneEvent(
        text=text,
        usage=usage,
        task=transcript["task"],
        language=_language(transcript),
        duration=transcript["duration"],
    )


def _to_verbose(transcript: Transcript, granularities: frozenset[str]) -> TranscriptionVerbose:
    segments, words = transcript["segments"], transcript["words"]
    return TranscriptionVerbose(
        task=transcript["task"],
        language=_language(transcript),
        duration=transcript["duration"],
        text=transcript["text"],
        segments=[TranscriptionSegment.model_validate(each) for each in segments]
        if "segment" in granularities
        else None,
        words=[TranscriptionWord.model_validate(each) for each in words]
        if "word" in granularities
        else None,
        usage=DurationUsage(seconds=transcript["duration"]),
    )


def _language(transcript: Transcript) -> str:
    """Return the name of the text's language: of a translation it is English."""
    return language_name("en" if transcript["task"] == "translate" else transcript["language"])


def _srt(segments: Sequence[Mapping[str, Any]]) -> str:
    return "".join(
        f"{number}\n{_time(one['start'], ',')} --> {_time(one['end'], ',')}\n{_line(one)}\n\n"
        for number, one in enumerate(segments, 1)
    )


def _vtt(segments: Sequence[Mapping[str, Any]]) -> str:
    cues = "".join(
        f"{_time(one['start'], '.')} --> {_time(one['end'], '.')}\n{_escape(_line(one))}\n\n"
        for one in segments
    )
    return f"WEBVTT\n\n{cues}"


def _lrc(segments: Sequence[Mapping[str, Any]]) -> str:
    return "".join(f"[{_lrc_time(one['start'])}]{_line(one)}\n" for one in segments)


def _line(segment: Mapping[str, Any]) -> str:
    """Return a segment's text on one line, with ``-->`` replaced, which would end a cue's times."""
    return re.sub(r"\s+", " ", segment["text"]).strip().replace("-->", "->")


def _escape(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _time(seconds: float, mark: str) -> str:
    milliseconds = round(seconds * 1000)
    minutes, milliseconds = divmod(milliseconds, 60_000)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02d}:{minutes:02d}:{milliseconds // 1000:02d}{mark}{milliseconds % 1000:03d}"


def _lrc_time(seconds: float) -> str:
    minutes, hundredths = divmod(round(seconds * 100), 6000)
    return f"{minutes:02d}:{hundredths // 100:02d}.{hundredths % 100:02d}"
