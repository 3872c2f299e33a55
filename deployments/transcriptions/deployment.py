"""The transcription deployment: which engine a transcription model gets."""

from typing import ClassVar

from deployments.base import ModelDeployment


class TranscriptionsDeployment(ModelDeployment):
    """A replica of a transcription model."""

    engines: ClassVar = {
        "faster-whisper": "deployments.transcriptions.faster_whisper.engine:FasterWhisperEngine"
    }
