"""The chat deployment: which engine a chat model gets."""

from deployments.base import Engine, ModelDeployment
from deployments.chat.config import ChatConfig
from deployments.config import resolve_model


class ChatDeployment(ModelDeployment):
    """A replica of a language model."""

    async def build_engine(self, config: ChatConfig) -> Engine:
        """Load the model with the backend its config names. The library is imported only here."""
        resolve_model(config.model)  # a wrong path is told before the library's slow import
        match config.backend:
            case "vllm":
                from deployments.chat.vllm_engine import VLLMEngine

                return await VLLMEngine.load(config)
