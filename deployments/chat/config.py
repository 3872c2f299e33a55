"""``args`` of a chat model application."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field, StringConstraints

from deployments.config import ModelConfig
from wire.calls import Kind
from wire.card import ADAPTER_NAME, ModelCard

AdapterName = Annotated[str, StringConstraints(pattern=rf"^{ADAPTER_NAME}$")]


InputPart = Literal["text", "image_url", "input_audio", "audio_url"]
"""What a model may read. Not videos: the libraries that decode them open what a file refers to."""

OF_THOUGHTS = ("reasoning_parser", "reasoning_config")
"""vLLM's options of models that reason."""


class ChatConfig(ModelConfig, frozen=True):
    """A language model served by vLLM."""

    model_files: ClassVar = (".gguf",)
    kind: Literal[Kind.CHAT] = Kind.CHAT
    backend: Literal["vllm"] = "vllm"
    """The engine library. ``engine_kwargs`` takes vLLM's engine arguments and the options of its
    OpenAI front end (``tool_call_parser``, ``enable_auto_tool_choice``, ``chat_template`` …) as
    ``vllm serve`` spells them, with underscores."""
    input_parts: tuple[InputPart, ...] = ("text",)
    """Types of content parts that the model reads itself (``image_url``, ``input_audio``). Speech
    is transcribed first for a model that does not read audio; by default it reads only text. The
    card has them before the model loads, and a model that does not read them fails to load."""
    max_image_pixels: int = Field(default=40_000_000, ge=1)
    """Width times height of a picture. The default is more than most cameras make; such a picture
    takes some 0.7 GB while it is prepared. ``limit_mm_per_prompt`` sets how many there may be."""
    max_request_pixels: int = Field(default=160_000_000, ge=1)
    """Width times height of all pictures of a request together, which are in memory at once, with
    3 bytes a pixel. The default is half a gigabyte, or a dozen photographs of a telephone."""
    max_audio_s: float = Field(default=600, gt=0)
    """Maximum seconds of a recording for a model with audio input. The default is vLLM's."""

    max_whitespace: int | None = Field(default=None, ge=1)
    """How many blanks may stand between two tokens of guided JSON (tools that must be called,
    ``response_format``). None: any number, as large models indent. A small model may fill
    its answer with them."""
    merged_adapter: str | None = None
    """The directory of a LoRA adapter in peft's format that becomes part of the weights of a GGUF
    file when it is converted. Every answer has it, and it costs nothing."""
    adapters: dict[AdapterName, str] = Field(default_factory=dict)
    """LoRA adapters by name: each a directory or a hub id. Requests name ``model_id:name``."""
    adapters_root: str | None = None
    """A directory in which replicas look for adapters that are not named above: one that is put
    there is served from its first request on. On a cluster all nodes must share it."""
    max_adapters: int = Field(default=4, ge=1)
    """How many adapters a replica holds at once; one more replaces the one that was
    requested longest ago. Each takes memory beside the model."""
    prefix_lead: int | None = Field(default=8, ge=0)
    """How many more requests than the least busy replica one may hold and still get those whose
    prompt begins as one that it has cached, a request for each KiB that need not be read again.
    The default is one in sixteen of vLLM's usual batch of 128. None: by load alone."""

    @property
    def has_adapters(self) -> bool:
        """Whether the model has adapters."""
        return bool(self.adapters) or self.adapters_root is not None

    def card(self) -> ModelCard:
        """Add what is known before the model loads: the context, if the operator set it."""
        context_length = self.engine_kwargs.get("max_model_len")
        return (
            super()
            .card()
            .model_copy(
                update={
                    "backend": self.backend,
                    "input_parts": self.input_parts,
                    "thinks": any(self.engine_kwargs.get(name) for name in OF_THOUGHTS),
                    "adapters": tuple(self.adapters),
                    "finds_adapters": self.adapters_root is not None,
                    "context_length": context_length if isinstance(context_length, int) else None,
                }
            )
        )
