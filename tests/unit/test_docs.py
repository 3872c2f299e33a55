"""What the code accepts or refuses by name is in docs/api.md."""

from pathlib import Path

import pytest

from serve_app.config import IngressConfig
from serve_app.errors import APIError
from serve_app.protocol.assistants import (
    AssistantFileRequest,
    AssistantRequest,
    AssistantTool,
    CodeInterpreterResources,
    FileSearchOptions,
    FileSearchRanking,
    FileSearchResources,
    NewVectorStore,
    ToolFunction,
    ToolResources,
)
from serve_app.protocol.batches import BatchRequest, OutputExpiry
from serve_app.protocol.chat import AudioOptions, ChatCompletionRequest
from serve_app.protocol.completions import CompletionRequest
from serve_app.protocol.contract import ELSEWHERE, LOAD_TIME, NEUTRAL, UNSUPPORTED
from serve_app.protocol.conversations import (
    ConversationRequest,
    ConversationUpdate,
    NewItems,
)
from serve_app.protocol.edits import EditRequest
from serve_app.protocol.embeddings import EmbeddingsRequest
from serve_app.protocol.files import CompleteRequest, FileExpiry, FileRequest, UploadRequest
from serve_app.protocol.images import (
    UNSUPPORTED as UNSUPPORTED_OF_IMAGES,
)
from serve_app.protocol.images import (
    ImageEditRequest,
    ImageGenerationRequest,
    ImageVariationRequest,
)
from serve_app.protocol.messages import (
    LABELS,
    CustomTool,
    InputMessage,
    MessagesRequest,
    OutputConfig,
    Thinking,
    ToolChoice,
)
from serve_app.protocol.messages import (
    NEUTRAL as NEUTRAL_IN_MESSAGES,
)
from serve_app.protocol.models import Model
from serve_app.protocol.moderations import ModerationRequest
from serve_app.protocol.rerank import RerankRequest
from serve_app.protocol.responses import ResponseRequest, ResponseStreamOptions
from serve_app.protocol.runs import (
    RunRequest,
    ThreadRunRequest,
    ToolOutput,
    ToolOutputs,
    TruncationStrategy,
)
from serve_app.protocol.score import ScoreRequest
from serve_app.protocol.speech import SpeechRequest
from serve_app.protocol.speech_to_text import SpeechToTextRequest
from serve_app.protocol.stores import StoreFind, StoreSet
from serve_app.protocol.text_to_speech import TextToSpeechRequest, VoiceSettings
from serve_app.protocol.threads import Attachment, MessageRequest, ThreadRequest
from serve_app.protocol.tokenize import DetokenizeRequest, TokenizeRequest
from serve_app.protocol.transcriptions import ServerVad, TranscriptionRequest, VadRequest
from serve_app.protocol.vector_stores import (
    Chunking,
    ExpiresAfter,
    FileBatchRequest,
    RankingOptions,
    StoreFileRequest,
    VectorStoreRequest,
    VectorStoreSearch,
    VectorStoreUpdate,
)

ROOT = Path(__file__).resolve().parents[2]
API = (ROOT / "docs" / "api.md").read_text()
README = (ROOT / "README.md").read_text()
TYPES = (
    ChatCompletionRequest,
    AudioOptions,
    CompletionRequest,
    MessagesRequest,
    InputMessage,
    CustomTool,
    ToolChoice,
    Thinking,
    OutputConfig,
    EditRequest,
    ResponseRequest,
    ResponseStreamOptions,
    ConversationRequest,
    ConversationUpdate,
    NewItems,
    AssistantRequest,
    AssistantFileRequest,
    AssistantTool,
    ToolFunction,
    ToolResources,
    FileSearchOptions,
    FileSearchRanking,
    FileSearchResources,
    CodeInterpreterResources,
    NewVectorStore,
    ThreadRequest,
    MessageRequest,
    Attachment,
    RunRequest,
    ThreadRunRequest,
    TruncationStrategy,
    ToolOutputs,
    ToolOutput,
    BatchRequest,
    OutputExpiry,
    FileRequest,
    UploadRequest,
    CompleteRequest,
    FileExpiry,
    VectorStoreRequest,
    VectorStoreUpdate,
    VectorStoreSearch,
    Chunking,
    ExpiresAfter,
    RankingOptions,
    StoreFileRequest,
    FileBatchRequest,
    StoreSet,
    StoreFind,
    ModerationRequest,
    ScoreRequest,
    TokenizeRequest,
    DetokenizeRequest,
    EmbeddingsRequest,
    RerankRequest,
    ImageGenerationRequest,
    ImageEditRequest,
    ImageVariationRequest,
    TranscriptionRequest,
    ServerVad,
    VadRequest,
    SpeechToTextRequest,
    SpeechRequest,
    TextToSpeechRequest,
    VoiceSettings,
    Model,
)
FIELDS = {
    *(field for wire in TYPES for field in wire.model_fields),
    *NEUTRAL_IN_MESSAGES,
    *LABELS,
}


@pytest.mark.parametrize(
    "field",
    sorted(
        FIELDS | {*NEUTRAL, *LOAD_TIME, *ELSEWHERE, *UNSUPPORTED, *UNSUPPORTED_OF_IMAGES, "backend"}
    ),
)
def test_field_is_documented(field: str) -> None:
    assert f"`{field}`" in API


def codes(cls: type[APIError]) -> set[str]:
    found = {cls.code} if cls.code else set[str]()
    return found.union(*(codes(child) for child in cls.__subclasses__()))


@pytest.mark.parametrize("code", sorted(codes(APIError)))
def test_error_code_is_documented(code: str) -> None:
    assert f"`{code}`" in API


@pytest.mark.parametrize("setting", sorted(IngressConfig.model_fields))
def test_setting_is_documented(setting: str) -> None:
    assert f"`{setting}`" in README
