"""Speech, voices, transcriptions and voice detection."""

from serve_app.openapi.operation import EVENTS, JSON, LINES, TEXT, Events, Form, Lines, Operation
from serve_app.routes import speech, speech_to_text, text_to_speech, transcriptions, voices
from wire.elevenlabs.speech_to_text import SpeechToText, SpeechToTextRequest
from wire.elevenlabs.text_to_speech import SpeechWithTimestamps
from wire.elevenlabs.voices import ListedVoice, Settings, VoiceList, VoicePage
from wire.openai.speech import MEDIA_TYPES, SpeechStreamEvent
from wire.openai.transcription_formats import (
    SpeechSegments,
    Transcription,
    TranscriptionStreamEvent,
    TranscriptionVerbose,
)
from wire.openai.transcriptions import TranscriptionRequest, VadRequest

OPENAIS = ("mp3", "opus", "aac", "flac", "wav", "pcm")
ELEVENLABS = ("mp3", "opus", "pcm", "wav", "ulaw", "alaw")
RECORDING = "@speech.wav"

SAID = "Good morning, how are you?"


def _files(formats: tuple[str, ...]) -> dict[str, type]:
    return {MEDIA_TYPES[name]: bytes for name in formats}


OPERATIONS = (
    Operation(
        endpoint=speech.create_speech,
        tag="speech",
        calls_model=True,
        answers={**_files(OPENAIS), EVENTS: Events(SpeechStreamEvent)},
        examples={
            "file": {"model": "tts-1", "voice": "alloy", "input": SAID},
            "events": {"voice": "alloy", "input": SAID, "stream_format": "sse"},
            "samples": {"input": SAID, "response_format": "pcm", "speed": 1.25},
        },
    ),
    Operation(
        endpoint=speech.create_speech_file,
        tag="speech",
        calls_model=True,
        answers={"audio/x-wav": bytes, **_files(("mp3", "opus", "aac", "flac", "pcm"))},
        examples={"LocalAI's": {"model": "tts-1", "input": SAID}},
    ),
    *(
        Operation(
            endpoint=endpoint,
            name=name,
            tag="speech",
            calls_model=True,
            answers=_files(ELEVENLABS),
            examples={"text": {"text": SAID}, "LocalAI's": {"input": SAID, "model": "tts-1"}},
            parameters={"voice_id": "alloy", "output_format": "mp3_44100_128"},
        )
        for endpoint, name in (
            (text_to_speech.convert, "convert_text_to_speech"),
            (text_to_speech.stream, "stream_text_to_speech"),
        )
    ),
    Operation(
        endpoint=text_to_speech.convert_with_timestamps,
        name="convert_text_to_speech_with_timestamps",
        tag="speech",
        calls_model=True,
        answers={JSON: SpeechWithTimestamps},
        examples={"text": {"text": SAID}},
        parameters={"voice_id": "alloy"},
    ),
    Operation(
        endpoint=text_to_speech.stream_with_timestamps,
        name="stream_text_to_speech_with_timestamps",
        tag="speech",
        calls_model=True,
        answers={LINES: Lines(SpeechWithTimestamps)},
        examples={"text": {"text": SAID}},
        parameters={"voice_id": "alloy"},
    ),
    Operation(endpoint=voices.list_voices, tag="speech", answers={JSON: VoiceList}),
    Operation(
        endpoint=voices.default_settings,
        name="retrieve_default_voice_settings",
        tag="speech",
        answers={JSON: Settings},
    ),
    Operation(
        endpoint=voices.retrieve_voice,
        tag="speech",
        answers={JSON: ListedVoice},
        parameters={"voice_id": "alloy"},
        errors=(404,),
    ),
    Operation(
        endpoint=voices.voice_settings,
        name="retrieve_voice_settings",
        tag="speech",
        answers={JSON: Settings},
        parameters={"voice_id": "alloy"},
        errors=(404,),
    ),
    Operation(endpoint=voices.search_voices, tag="speech", answers={JSON: VoicePage}),
    *(
        Operation(
            endpoint=endpoint,
            tag="transcriptions",
            calls_model=True,
            form=Form(TranscriptionRequest, {"file": True}),
            answers={
                JSON: Transcription | TranscriptionVerbose,
                TEXT: str,
                "text/vtt": str,
                EVENTS: Events(TranscriptionStreamEvent, ends_with_done=True),
            },
            examples={
                "text": {"file": RECORDING, "model": "whisper-1"},
                "times": {
                    "file": RECORDING,
                    "response_format": "verbose_json",
                    "timestamp_granularities": ["word", "segment"],
                },
                "subtitles": {"file": RECORDING, "response_format": "vtt"},
                "plain": {"file": RECORDING, "response_format": "text"},
                "stream": {"file": RECORDING, "stream": True},
            },
        )
        for endpoint in (transcriptions.create_transcription, transcriptions.create_translation)
    ),
    Operation(
        endpoint=transcriptions.detect_voice,
        tag="transcriptions",
        calls_model=True,
        form=Form(VadRequest, {"file": True}),
        json_body=VadRequest,
        answers={JSON: SpeechSegments},
        examples={"file": {"file": RECORDING}},
    ),
    Operation(
        endpoint=speech_to_text.convert_speech,
        name="convert_speech_to_text",
        tag="transcriptions",
        calls_model=True,
        form=Form(SpeechToTextRequest, {"file": True}),
        answers={JSON: SpeechToText},
        examples={"file": {"file": RECORDING, "model_id": "scribe_v1"}},
    ),
)
