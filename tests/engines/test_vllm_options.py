"""What an operator may write under engine_kwargs, checked by the real vLLM."""

from pathlib import Path
from typing import Any

import pytest

from deployments.chat.config import ChatConfig
from serve_app.errors import ModelLoadError
from tests.tiny_model import make_tiny_llama


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_tiny_llama(tmp_path_factory.mktemp("tiny"))


def config(model: object, **engine_kwargs: Any) -> ChatConfig:
    return ChatConfig(model_id="m", model=str(model), engine_kwargs=engine_kwargs)


def test_options_reach_vllms_engine_and_its_front_end(tiny: Path) -> None:
    from deployments.chat.vllm_options import engine_arguments

    engine, front_end = engine_arguments(
        config(tiny, max_model_len=256, tool_call_parser="hermes", enable_auto_tool_choice=True)
    )

    assert engine.max_model_len == 256
    assert engine.served_model_name == ["m"]
    assert front_end.tool_call_parser == "hermes"
    assert front_end.enable_auto_tool_choice is True


@pytest.mark.parametrize(
    ("option", "value", "says"),
    [
        ("max_modell_len", 256, "Did you mean 'max_model_len'"),
        ("lora_modules", [], "has no effect"),
        ("host", "0.0.0.0", "not an option"),
        ("served_model_name", ["x"], "set by the model's own fields"),
        ("enable_auto_tool_choice", "perhaps", "enable_auto_tool_choice"),
    ],
)
def test_wrong_option_is_named(tiny: Path, option: str, value: Any, says: str) -> None:
    from deployments.chat.vllm_options import engine_arguments

    with pytest.raises(ModelLoadError, match=option) as raised:
        engine_arguments(config(tiny, **{option: value}))

    assert says in str(raised.value)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"max_model_len": 100_000}, "max_model_len"),
        ({"dtype": "float3"}, "float3"),
        ({"tensor_parallel_size": 0}, "tensor_parallel_size"),
    ],
)
async def test_value_that_vllm_refuses_is_a_load_error_with_its_reason(
    tiny: Path, options: dict[str, Any], says: str
) -> None:
    from deployments.chat.vllm_engine import VLLMEngine

    with pytest.raises(ModelLoadError, match=says):
        await VLLMEngine.load(config(tiny, **options))


async def test_directory_without_a_model_is_a_load_error(tmp_path: Path) -> None:
    from deployments.chat.vllm_engine import VLLMEngine

    with pytest.raises(ModelLoadError, match="cannot load"):
        await VLLMEngine.load(config(tmp_path))
