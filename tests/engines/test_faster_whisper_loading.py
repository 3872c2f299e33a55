"""What is wrong in a model's configuration is told when it is loaded, not to its clients."""

from pathlib import Path
from typing import Any

import pytest

from deployments.transcriptions.faster_whisper.engine import FasterWhisperEngine
from tests.engines.whisper import config
from wire.errors import ModelLoadError


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"model": "embedded/absent"}, "No model directory"),
        ({"model": "enormous"}, "enormous"),
        ({"engine_kwargs": {"compute_type": "int3"}}, "int3"),
        ({"engine_kwargs": {"colour": "blue"}}, "colour"),
        ({"transcribe_kwargs": {"beam": 1}}, "'beam' is not one of"),
        ({"transcribe_kwargs": {"task": "translate"}}, "'task' is not one of"),
        ({"transcribe_kwargs": {"beam_size": "x"}}, "transcribe_kwargs: .*beam_size"),
        ({"transcribe_kwargs": {"beam_size": 0}}, "transcribe_kwargs: .*beam"),
        ({"transcribe_kwargs": {"temperature": []}}, "transcribe_kwargs: "),
        ({"transcribe_kwargs": {"vad_parameters": {"foo": 1}}}, "transcribe_kwargs: .*'foo'"),
        ({"transcribe_kwargs": {"vad_parameters": {"threshold": "x"}}}, "transcribe_kwargs: "),
        ({"transcribe_kwargs": {"vad_parameters": 5}}, "transcribe_kwargs: "),
        ({"transcribe_kwargs": {"max_new_tokens": 9999}}, "transcribe_kwargs: .*max_new_tokens"),
    ],
)
async def test_wrong_option_is_named(changes: dict[str, Any], says: str) -> None:
    with pytest.raises(ModelLoadError, match=says):
        await FasterWhisperEngine.load(config(**changes))


async def test_directory_without_a_model_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelLoadError, match="cannot load"):
        await FasterWhisperEngine.load(config(model=str(tmp_path)))
