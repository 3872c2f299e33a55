"""Calls of ElevenLabs' SDK."""

from typing import Any

from elevenlabs import VoiceSettings

from tests.api.sdk.openai_inference import WAV
from tests.support.sdk_calls import Calls, beside

SPEECH: dict[str, Any] = {
    "apply_language_text_normalization": False,
    "apply_text_normalization": "auto",
    "audio_effects": [],
    "enable_logging": False,
    "language_code": "de",
    "model_id": "tts-1",
    "next_request_ids": ["req_2"],
    "next_text": "After.",
    "optimize_streaming_latency": 1,
    "output_format": "mp3_44100_128",
    "previous_request_ids": ["req_1"],
    "previous_text": "Before.",
    "pronunciation_dictionary_locators": [],
    "seed": 1,
    "use_pvc_as_ivc": False,
    "voice_settings": VoiceSettings(stability=0.5, speed=1.1),
}


def call_speech(call: Calls) -> None:
    """Call text to speech."""
    for method in ("convert", "convert_with_timestamps", "stream", "stream_with_timestamps"):
        call(f"text_to_speech.{method}", SPEECH, voice_id="ana", text="Hello")


def call_transcriptions(call: Calls) -> None:
    """Call speech to text."""
    call(
        "speech_to_text.convert",
        {
            "additional_formats": [{"format": "srt"}],
            "cloud_storage_url": "https://example.com/a.wav",
            "detect_speaker_roles": True,
            "diarization_threshold": 0.2,
            "diarize": False,
            "enable_logging": False,
            "entity_detection": "all",
            "entity_redaction": "all",
            "entity_redaction_mode": "redacted",
            "file_format": "other",
            "keyterms": ["Homeport"],
            "language_code": "en",
            "multichannel_output_style": "combined",
            "no_verbatim": True,
            "num_speakers": 1,
            "numbers_format": "digits",
            "secondary_language_codes": beside(["de"], language_code="en"),
            "seed": 1,
            "source_url": "https://example.com/a.wav",
            "tag_audio_events": False,
            "temperature": 0,
            "timestamps_granularity": "word",
            "token": "token",
            "transcript_edit": "none",
            "use_multi_channel": False,
            "use_speaker_library": False,
            "webhook": False,
            "webhook_id": "webhook_1",
            "webhook_metadata": {"a": "b"},
        },
        model_id="whisper-1",
        file=WAV,
    )


def call_voices(call: Calls) -> None:
    """Call voices and models."""
    call("voices.get_all", {"show_legacy": True})
    call("voices.get", {"with_settings": True}, voice_id="ana")
    call("voices.settings.get", voice_id="ana")
    call("voices.settings.get_default")
    call(
        "voices.search",
        {
            "accent": "american",
            "age": "young",
            "category": "premade",
            "collection_id": "collection_1",
            "fine_tuning_state": "draft",
            "gender": "female",
            "high_quality": True,
            "include_custom_rates": True,
            "include_live_moderated": True,
            "include_total_count": True,
            "language": "en",
            "min_notice_period_days": 1,
            "next_page_token": "1",
            "page_size": 1,
            "search": "ana",
            "sort": "name",
            "sort_direction": "asc",
            "use_cases": ["narration"],
            "voice_ids": ["ana"],
            "voice_type": "default",
        },
    )
    call("models.list")
