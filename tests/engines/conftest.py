"""What several modules of engine tests share: models that are loaded once."""

from collections.abc import Iterator

import pytest

from deployments.chat.config import ChatConfig
from serve_app.media.remote_files import RemoteFiles
from tests.support.served import serve_chat
from tests.support.tiny_multimodal import make_tiny_multimodal
from tests.support.tiny_thinker import make_tiny_thinker

THINKER = {
    "dtype": "bfloat16",
    "enforce_eager": True,
    "max_model_len": 512,
    "max_num_seqs": 8,
    "enable_auto_tool_choice": True,
    "tool_call_parser": "hermes",
    "reasoning_parser": "qwen3",
}

CALLER = {
    "dtype": "bfloat16",
    "enforce_eager": True,
    "max_model_len": 1024,
    "max_num_seqs": 8,
    "enable_auto_tool_choice": True,
    "tool_call_parser": "hermes",
}

OMNI = {
    "enforce_eager": True,
    "max_model_len": 1024,
    "max_num_seqs": 8,
    "kv_cache_memory_bytes": 2**25,
    "limit_mm_per_prompt": {"image": 3, "audio": 2},
    "enable_auto_tool_choice": True,
    "tool_call_parser": "hermes",
}


@pytest.fixture(scope="package")
def thinker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a server with a model that thinks before it answers."""
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("VLLM_CPU_KVCACHE_SPACE", "1")
        environment.setenv("OMP_NUM_THREADS", "1")
        model = make_tiny_thinker(tmp_path_factory.mktemp("thinker"))
        with serve_chat(
            ChatConfig(model_id="thinker", model=str(model), engine_kwargs=THINKER)
        ) as url:
            yield url


@pytest.fixture(scope="package")
def caller() -> Iterator[str]:
    """The URL of a server with the embedded model, which calls tools."""
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("VLLM_CPU_KVCACHE_SPACE", "1")
        environment.setenv("OMP_NUM_THREADS", "1")
        config = ChatConfig(
            model_id="caller", model="embedded/chat", max_whitespace=1, engine_kwargs=CALLER
        )
        with serve_chat(config) as url:
            yield url


@pytest.fixture(scope="package")
def omni(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a server with a model that sees and hears."""
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("OMP_NUM_THREADS", "1")
        model = make_tiny_multimodal(tmp_path_factory.mktemp("omni"))
        with serve_chat(
            ChatConfig(
                model_id="omni",
                model=str(model),
                input_parts=("text", "image_url", "input_audio"),
                max_image_pixels=1_000_000,
                max_request_pixels=2_500_000,
                max_audio_s=3,
                engine_kwargs=OMNI,
            ),
            RemoteFiles(["127.0.0.1"], max_bytes=2**20, timeout_s=10, may_connect=lambda _: True),
        ) as url:
            yield url
