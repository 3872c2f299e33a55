"""The body of each operation, as the ingress writes it and the replica reads it.

The libraries behind a language model validate a client's fields themselves, and there are more of
them than are listed here: those bodies are dictionaries, whose named fields the ingress writes.
All other bodies are complete.
"""

from typing import Any, Literal, Required, TypedDict

from pydantic import BaseModel, ConfigDict, Field, SkipValidation

Fields = dict[str, Any]


class ChatCompletionBody(TypedDict, total=False):
    """Operation ``chat_completion``: vLLM's body of ``/v1/chat/completions``."""

    messages: Required[list[Fields]]
    stream: bool | None
    stream_options: Fields | None
    n: int | None
    logprobs: bool | None
    top_logprobs: int | None
    temperature: float | None
    repetition_penalty: float | None
    response_format: Fields | None
    structured_outputs: Fields | None
    tools: list[Fields] | None
    tool_choice: str | Fields | None
    parallel_tool_calls: bool | None
    vllm_xargs: Fields | None


class CompletionBody(TypedDict, total=False):
    """Operation ``completion``: vLLM's body of ``/v1/completions``."""

    prompt: Required[Any]
    stream: bool | None
    n: int | None
    repetition_penalty: float | None
    response_format: Fields | None
    structured_outputs: Fields | None
    vllm_xargs: Fields | None


class ResponseBody(TypedDict, total=False):
    """Operations ``response`` and ``response_input_tokens``: vLLM's body and two more fields."""

    input: Required[list[Fields]]
    request_id: str
    """Becomes the id of the response."""
    stream: bool | None
    include: list[str] | None
    repetition_penalty: float | None
    shown: Fields
    """Fields of the answer that only the ingress has, or in the client's own spelling."""
    num_before: int
    """How many items at the beginning of ``input`` are of earlier turns."""
    num_events_before: int
    """How many events the client has before the first one of a stream."""


class MessageTokensBody(TypedDict, total=False):
    """Operation ``message_tokens``: vLLM's body of ``/v1/messages/count_tokens``."""

    messages: Required[list[Fields]]
    system: Any
    tools: list[Fields]
    tool_choice: Fields
    thinking: Fields
    output_config: Fields


class MessageBody(MessageTokensBody, total=False):
    """Operation ``message``: vLLM's body of ``/v1/messages``."""

    max_tokens: Required[int]
    stop_sequences: list[str]
    stream: bool
    temperature: float
    top_k: int
    top_p: float


class TokenizeBody(TypedDict, total=False):
    """Operation ``tokenize``: vLLM's body of ``/tokenize``, a text or a conversation."""

    prompt: str
    messages: list[Fields]


class DetokenizeBody(TypedDict):
    """Operation ``detokenize``: vLLM's body of ``/detokenize``."""

    tokens: list[int]


class Body(BaseModel):
    """Base of the bodies that our own engines read."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class EmbeddingsBody(Body):
    """Operation ``embeddings``."""

    input: SkipValidation[list[str | list[int]]]
    """Texts and lists of token ids. Checked by the ingress, and too many to check twice."""
    encoding_format: Literal["float", "base64"] = "float"
    dimensions: int | None = None
    """Length of the vectors; None: the model's own."""
    input_type: str | None = None
    """Chooses the model's prompt (``search_query`` …)."""


class RerankBody(Body):
    """Operation ``rerank``."""

    query: str
    documents: list[str]
    max_tokens_per_doc: int | None = None
    """Longer documents are cut; None: at the model's context."""


class ImagePrompt(BaseModel):
    """What to draw and what not to."""

    model_config = ConfigDict(frozen=True)

    positive: str
    negative: str = ""


class ImagesBody(Body):
    """Operations ``generation``, ``edit`` and ``variation``.

    The ingress has checked what does not depend on the model.
    """

    prompts: list[ImagePrompt]
    n: int = 1
    """Images for each prompt."""
    size: str | None = None
    """``WxH`` in pixels; None: the model's default, or that of the source."""
    step: int | None = None
    quality: str | int | None = None
    """A name, or a number of steps."""
    seed: int | None = None
    clip_skip: int = 0
    strength: float | None = None
    output_format: Literal["png", "jpeg", "webp"] = "png"
    output_compression: int = 100
    partial_images: int = 0
    num_sources: int = 1
    """Files of the call that are pictures to begin with; one more is a mask."""


DEFAULT_SEED = 0
"""The seed of speech for which the request has none: the same request gets the same bytes."""


class SpeechBody(Body):
    """Operations ``speech`` and ``speech_with_timestamps``, from all routes that speak."""

    input: str
    voice: str
    """The id of one of the card's voices."""
    response_format: str = "mp3"
    speed: float = 1.0
    sample_rate: int = 24_000
    """Hz."""
    bit_rate: int | None = None
    """Bits/s; None: the format's own."""
    language: str | None = None
    """A tag of the card's list; None: the voice's first."""
    seed: int = DEFAULT_SEED
    """The same seed makes the same audio of the same text."""
    whole: bool = False
    """Answer with a finished file whose header has its length, as far as memory allows."""


class EncodeSpeechBody(Body):
    """Operation ``encode``: samples that are already there become a file."""

    response_format: str


class AudioBody(Body):
    """Operation ``vad``, and what ``transcription`` shares with it."""

    encoding: Literal["file", "f32le", "s16le"] = "file"
    """A file in any container, or samples at 16 kHz: 32-bit floats or 16-bit integers."""
    vad_parameters: Fields = Field(default_factory=dict)
    """Options of the voice detection, in its library's spelling."""


class TranscriptionBody(AudioBody):
    """Operation ``transcription``."""

    task: Literal["transcribe", "translate"] = "transcribe"
    """``translate``: into English."""
    language: str | None = None
    """ISO 639 code of the spoken language; None: detect it."""
    languages: tuple[str, ...] = ()
    """The languages to choose from when it is detected."""
    prompt: str | None = None
    """Preceding text, for style and spelling."""
    keywords: tuple[str, ...] = ()
    """Likely words."""
    temperature: float | None = None
    """0 or None: rising as far as the library finds it necessary."""
    word_timestamps: bool = False
    vad_filter: bool | None = None
    """None: the model's default."""
