"""The chat deployment: which engine a chat model gets, and that it holds the adapter of a call."""

from collections.abc import AsyncGenerator
from typing import Any, ClassVar

from deployments.base import ModelDeployment
from deployments.bus import Outlet
from deployments.chat.vllm.logs import import_logger
from deployments.chat.vllm.processes import begin_to_import
from wire.calls import Call, Usage


class ChatDeployment(ModelDeployment):
    """A replica of a language model."""

    engines: ClassVar = {"vllm": "deployments.chat.vllm.engine:VLLMEngine"}

    def before_import(self) -> None:
        """Begin the engine's process, which imports vLLM while this one does."""
        begin_to_import()
        import_logger()

    async def prepare(self, call: Call) -> None:
        """Load the adapter that a call names, if it is not held."""
        if call.adapter:
            await self.load_adapter(call.adapter)

    def pieces(self, call: Call, outlet: Outlet) -> AsyncGenerator[bytes | Usage]:
        """Return the answer's frames; most tokens of a stream the engine writes itself."""
        engine: Any = self.engine
        return engine.stream(call, outlet)

    async def load_adapter(self, name: str) -> Any:
        """Load an adapter. Serve's multiplexing is put around this: it keeps what is returned."""
        engine: Any = self.engine
        return await engine.load_adapter(name)
