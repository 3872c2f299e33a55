"""The chat deployment: which engine a chat model gets, and that it holds the adapter of a call."""

from typing import Any, ClassVar

from deployments.base import ModelDeployment
from serve_app.protocol.common import Call


class ChatDeployment(ModelDeployment):
    """A replica of a language model."""

    engines: ClassVar = {"vllm": "deployments.chat.vllm_engine:VLLMEngine"}

    async def prepare(self, call: Call) -> None:
        """Load the adapter that a call names, if it is not held."""
        if call.adapter:
            await self.load_adapter(call.adapter)

    async def load_adapter(self, name: str) -> Any:
        """Load an adapter. Serve's multiplexing is put around this: it keeps what is returned."""
        engine: Any = self.engine
        return await engine.load_adapter(name)
