"""The chat deployment: which engine a chat model gets."""

from typing import ClassVar

from deployments.base import ModelDeployment


class ChatDeployment(ModelDeployment):
    """A replica of a language model."""

    engines: ClassVar = {"vllm": "deployments.chat.vllm_engine:VLLMEngine"}
