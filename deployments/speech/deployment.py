"""The speech deployment: which engine a speech model gets."""

from typing import ClassVar

from deployments.base import ModelDeployment


class SpeechDeployment(ModelDeployment):
    """A replica of a model that speaks."""

    engines: ClassVar = {
        "espeak-ng": "deployments.speech.espeak.engine:EspeakEngine",
        "coqui": "deployments.speech.coqui.engine:CoquiEngine",
        "piper": "deployments.speech.piper.engine:PiperEngine",
    }
