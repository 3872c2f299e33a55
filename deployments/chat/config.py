"""``args`` of a chat model application."""

from typing import Literal

from deployments.config import ModelConfig
from serve_app.card import ModelCard


class ChatConfig(ModelConfig, frozen=True):
    """A language model served by vLLM."""

    kind: Literal["chat"] = "chat"
    backend: Literal["vllm"] = "vllm"
    """The engine library. ``engine_kwargs`` takes vLLM's engine arguments and the options of its
    OpenAI front end (``tool_call_parser``, ``enable_auto_tool_choice``, ``chat_template`` …) as
    ``vllm serve`` spells them, with underscores."""
    input_parts: tuple[str, ...] = ("text",)
    """Types of content parts that the model reads itself (``image_url``, ``input_audio``). Speech
    for a model that does not hear is transcribed first; the default hears nothing."""

    def card(self) -> ModelCard:
        """Add what chat knows before it loads: the context, if the operator set it."""
        context_length = self.engine_kwargs.get("max_model_len")
        return (
            super()
            .card()
            .model_copy(
                update={
                    "backend": self.backend,
                    "input_parts": self.input_parts,
                    "context_length": context_length if isinstance(context_length, int) else None,
                }
            )
        )
