"""What a model is said to read, checked when it is loaded. No engine is started."""

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from deployments.chat.config import ChatConfig
from tests.support.tiny_model import make_tiny_llama
from wire.errors import ModelLoadError


@pytest.fixture(scope="module")
def llama(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_tiny_llama(tmp_path_factory.mktemp("llama"))


@pytest.fixture(scope="module")
def omni(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from tests.support.tiny_multimodal import make_tiny_multimodal

    return make_tiny_multimodal(tmp_path_factory.mktemp("omni"))


def check(model: Path, *parts: Any, **engine_kwargs: Any) -> dict[str, int]:
    """Return how many files of each type the model may be given."""
    from vllm.multimodal import MULTIMODAL_REGISTRY

    from deployments.chat.vllm.media import check_input_parts
    from deployments.chat.vllm.options import engine_arguments

    config = ChatConfig(
        model_id="m", model=str(model), input_parts=("text", *parts), engine_kwargs=engine_kwargs
    )
    loaded = engine_arguments(config)[0].create_model_config()
    check_input_parts(config, loaded)
    return dict(MULTIMODAL_REGISTRY.get_processing_info(loaded).allowed_mm_limits)


@pytest.mark.parametrize("part", ["image_url", "input_audio"])
def test_model_that_only_reads_text_is_not_loaded_as_one_that_sees(llama: Path, part: str) -> None:
    with pytest.raises(ModelLoadError, match=f"input_parts names '{part}'.*only text"):
        check(llama, part)


def test_model_reads_what_its_operator_says_and_has_no_memory_for_more(omni: Path) -> None:
    limits = check(omni, "image_url", limit_mm_per_prompt={"image": 3})

    assert limits == {"image": 3, "audio": 0, "video": 0}


def test_part_that_the_operators_limit_excludes_is_a_contradiction(omni: Path) -> None:
    with pytest.raises(ModelLoadError, match=r"input_parts names 'image_url'.*audio"):
        check(omni, "image_url", "input_audio", limit_mm_per_prompt={"image": 0})


def test_type_of_part_that_is_not_known_is_refused_before() -> None:
    with pytest.raises(ValidationError, match="input_parts"):
        ChatConfig.model_validate({"model_id": "m", "model": "x", "input_parts": ["video_url"]})
