"""The transcription deployment: which engine a transcription model gets."""

from deployments.base import Engine, ModelDeployment
from deployments.config import resolve_model
from deployments.transcriptions.config import TranscriptionsConfig


class TranscriptionsDeployment(ModelDeployment):
    """A replica of a transcription model."""

    async def build_engine(self, config: TranscriptionsConfig) -> Engine:
        """Load the model with the backend its config names. The library is imported only here."""
        resolve_model(config.model)  # a wrong path is told before the library's slow import
        match config.backend:
            case "faster-whisper":
                from deployments.transcriptions.faster_whisper_engine import FasterWhisperEngine

                return await FasterWhisperEngine.load(config)
