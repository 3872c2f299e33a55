"""The speech deployment: which engine a speech model gets."""

from deployments.base import Engine, ModelDeployment
from deployments.config import resolve_model
from deployments.speech.config import SpeechConfig


class SpeechDeployment(ModelDeployment):
    """A replica of a model that speaks."""

    async def build_engine(self, config: SpeechConfig) -> Engine:
        """Load the model with the backend its config names. The library is imported only here."""
        from deployments.speech.engine import SpeechEngine

        match config.backend:
            case "espeak-ng":
                from deployments.speech.espeak_engine import EspeakSynthesizer

                return SpeechEngine(EspeakSynthesizer(), config.max_input_chars)
            case "coqui":
                from deployments.speech.coqui_engine import load

                config = config.model_copy(update={"model": resolve_model(config.model)})
                return SpeechEngine(await load(config), config.max_input_chars)
