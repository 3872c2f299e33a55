"""What an operator may write under engine_kwargs, checked by the real vLLM."""

from pathlib import Path
from typing import Any

import pytest

from deployments.chat.config import ChatConfig
from deployments.config import PROJECT_ROOT
from tests.support.tiny_adapter import make_tiny_adapter
from tests.support.tiny_model import make_tiny_llama
from wire.errors import ModelLoadError


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_tiny_llama(tmp_path_factory.mktemp("tiny"))


def config(model: object, **engine_kwargs: Any) -> ChatConfig:
    return ChatConfig(model_id="m", model=str(model), engine_kwargs=engine_kwargs)


def test_options_reach_vllms_engine_and_its_front_end(tiny: Path) -> None:
    from deployments.chat.vllm.options import engine_arguments

    engine, front_end = engine_arguments(
        config(tiny, max_model_len=256, tool_call_parser="hermes", enable_auto_tool_choice=True)
    )

    assert engine.max_model_len == 256
    assert engine.served_model_name == ["m"]
    assert front_end.tool_call_parser == "hermes"
    assert front_end.enable_auto_tool_choice is True


@pytest.mark.parametrize(
    ("options", "is_within"),
    [
        ({}, True),
        ({"tensor_parallel_size": 2}, False),
        ({"data_parallel_size": 2}, False),
        ({"distributed_executor_backend": "mp"}, False),
    ],
)
def test_one_worker_is_within_the_engine_core_unless_asked_otherwise(
    tiny: Path, options: dict[str, Any], is_within: bool
) -> None:
    from vllm.v1.executor.uniproc_executor import UniProcExecutor

    from deployments.chat.vllm.options import engine_arguments

    engine, _ = engine_arguments(config(tiny, **options))

    assert (engine.distributed_executor_backend is UniProcExecutor) == is_within


def test_template_of_the_project_is_found_from_anywhere(
    tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from deployments.chat.vllm.options import engine_arguments

    monkeypatch.chdir(tmp_path)
    template = "embedded/chat/chat_template.jinja"

    _, front_end = engine_arguments(config(tiny, chat_template=template))

    assert front_end.chat_template == str(PROJECT_ROOT / template)


@pytest.mark.parametrize(
    ("option", "value", "says"),
    [
        ("max_modell_len", 256, "Did you mean 'max_model_len'"),
        ("lora_modules", [], "set by the model's own fields"),
        ("host", "0.0.0.0", "not an option"),
        ("served_model_name", ["x"], "set by the model's own fields"),
        ("enable_auto_tool_choice", "perhaps", "enable_auto_tool_choice"),
        ("log_config_file", "logging.json", "has no effect"),
        ("structured_outputs_config", {"backend": "guidance"}, "auto, xgrammar"),
        ("structured_outputs_config", {"backend": "nothing"}, "guidance"),
    ],
)
def test_wrong_option_is_named(tiny: Path, option: str, value: Any, says: str) -> None:
    from deployments.chat.vllm.options import engine_arguments

    with pytest.raises(ModelLoadError, match=option) as raised:
        engine_arguments(config(tiny, **{option: value}))

    assert says in str(raised.value)


@pytest.mark.parametrize("options", [{}, {"backend": "auto"}, {"disable_any_whitespace": True}])
def test_engine_has_one_library_for_structured_outputs(tiny: Path, options: dict[str, Any]) -> None:
    from deployments.chat.vllm.options import engine_arguments

    engine, front_end = engine_arguments(config(tiny, structured_outputs_config=options))

    made = engine.create_structured_outputs_config()
    assert made.backend == front_end.structured_outputs_config.backend == "xgrammar"
    assert made.disable_any_whitespace == ("disable_any_whitespace" in options)


def test_guide_goes_together_with_a_reasoning_parser(tiny: Path) -> None:
    from deployments.chat.vllm.options import engine_arguments

    guide = {"backend": "xgrammar", "enable_in_reasoning": False}
    engine, _ = engine_arguments(
        config(tiny, structured_outputs_config=guide, reasoning_parser="deepseek_r1")
    )

    made = engine.create_structured_outputs_config()
    assert (made.backend, made.reasoning_parser) == ("xgrammar", "deepseek_r1")


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
    from deployments.chat.vllm.engine import VLLMEngine

    with pytest.raises(ModelLoadError, match=says):
        await VLLMEngine.load(config(tiny, **options))


async def test_directory_without_a_model_is_a_load_error(tmp_path: Path) -> None:
    from deployments.chat.vllm.engine import VLLMEngine

    with pytest.raises(ModelLoadError, match="cannot load"):
        await VLLMEngine.load(config(tmp_path))


def test_adapters_make_room_for_themselves_and_for_the_largest_rank(
    tiny: Path, tmp_path: Path
) -> None:
    from deployments.chat.vllm.options import engine_arguments

    adapter = make_tiny_adapter(tmp_path / "one", seed=1)
    facts = adapter / "adapter_config.json"
    facts.write_text(facts.read_text().replace('"r": 8', '"r": 24'))
    named: Any = {"adapters": {"one": str(adapter), "hub": "someone/adapter"}, "max_adapters": 3}

    engine, _ = engine_arguments(ChatConfig(model_id="m", model=str(tiny), **named))
    set_by_hand, _ = engine_arguments(
        ChatConfig(model_id="m", model=str(tiny), engine_kwargs={"max_lora_rank": 64}, **named)
    )

    assert (engine.enable_lora, engine.max_loras, engine.max_lora_rank) == (True, 3, 32)
    assert set_by_hand.max_lora_rank == 64
    assert engine_arguments(config(tiny))[0].enable_lora is False


def test_adapter_that_is_not_there_is_named(tiny: Path, tmp_path: Path) -> None:
    from deployments.chat.vllm.options import engine_arguments

    with pytest.raises(ModelLoadError, match="nowhere"):
        engine_arguments(
            ChatConfig(model_id="m", model=str(tiny), adapters={"one": str(tmp_path / "nowhere")})
        )


@pytest.mark.parametrize("name", ["", "../up", "a b", "a:b", ".hidden"])
def test_adapter_cannot_have_a_name_that_no_request_could_say(tiny: Path, name: str) -> None:
    with pytest.raises(ValueError, match="adapters"):
        ChatConfig(model_id="m", model=str(tiny), adapters={name: "x"})
