"""Every field, error code and setting that the code names is documented."""

import re
from pathlib import Path

import pytest

from serve_app.config import IngressConfig
from wire.anthropic.messages import (
    NEUTRAL as NEUTRAL_IN_MESSAGES,
)
from wire.anthropic.messages import (
    CustomTool,
    InputMessage,
    MessagesRequest,
    OutputConfig,
    Thinking,
    ToolChoice,
)
from wire.elevenlabs.speech_to_text import SpeechToTextRequest
from wire.elevenlabs.text_to_speech import TextToSpeechRequest, VoiceSettings
from wire.errors import APIError
from wire.fields import ELSEWHERE, LOAD_TIME, NEUTRAL, UNSUPPORTED
from wire.hints import HINTS
from wire.jina.rerank import RerankRequest
from wire.jina.score import ScoreRequest
from wire.localai.stores import StoreFind, StoreSet
from wire.localai.tokenize import DetokenizeRequest, TokenizeRequest
from wire.openai.assistants import (
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
from wire.openai.batches import BatchRequest, OutputExpiry
from wire.openai.chat import AudioOptions, ChatCompletionRequest
from wire.openai.completions import CompletionRequest
from wire.openai.conversations import (
    ConversationRequest,
    ConversationUpdate,
    NewItems,
)
from wire.openai.edits import EditRequest
from wire.openai.embeddings import EmbeddingsRequest
from wire.openai.files import CompleteRequest, FileExpiry, FileRequest, UploadRequest
from wire.openai.images import (
    UNSUPPORTED as UNSUPPORTED_OF_IMAGES,
)
from wire.openai.images import (
    ImageEditRequest,
    ImageGenerationRequest,
    ImageVariationRequest,
)
from wire.openai.models import Model
from wire.openai.moderations import ModerationRequest
from wire.openai.responses import ResponseRequest, ResponseStreamOptions
from wire.openai.runs import (
    RunRequest,
    ThreadRunRequest,
    ToolOutput,
    ToolOutputs,
    TruncationStrategy,
)
from wire.openai.speech import SpeechRequest
from wire.openai.threads import Attachment, MessageRequest, ThreadRequest
from wire.openai.transcriptions import ServerVad, TranscriptionRequest, VadRequest
from wire.openai.vector_stores import (
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
API_PAGES = (ROOT / "docs" / "api.md", *sorted((ROOT / "docs" / "api").glob("*.md")))
API = "\n".join(path.read_text() for path in API_PAGES)
CONFIGURATION = (ROOT / "docs" / "guide" / "configuration.md").read_text()
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
    *(re.split(r"[.\[]", name)[0] for hints in HINTS.values() for name in hints),
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
    assert f"`{setting}`" in CONFIGURATION


def test_hints_are_listed_as_the_code_has_them() -> None:
    section = API.partition("### Hints without effect")[2].partition("## Errors")[0]
    rows = [line.strip("| ").split(" | ") for line in section.splitlines() if "| `" in line]
    listed = {
        (page, hint.strip("`"), why) for hint, pages, why in rows for page in pages.split(", ")
    }

    assert listed == {
        (page, name, hint.why)
        for pages, hints in HINTS.items()
        for name, hint in hints.items()
        for page in pages.split(", ")
    }
