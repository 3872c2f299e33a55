"""Writes Piper voices whose graphs are a few nodes: a tone for each phoneme."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

SAMPLES_A_PHONEME = 2_000
PHONEMES = "_^$ !',-.:;?abcdefhijklmnopqrstuvwxyzæðŋɐɑɔəɚɛɜɡɪɹʃʊʌʒˈˌːθᵻɾʲ"
"""Enough for English; what a text has besides is skipped with a warning, as with any voice."""


def make_voice(directory: Path, name: str = "en_US-tiny-low", **settings: Any) -> Path:
    """Write a voice and return its file. ``settings`` are added to its JSON.

    A speaker adds his number to the tones, noise is added as a real voice does, and the length
    scale repeats samples.
    """
    directory.mkdir(parents=True, exist_ok=True)
    described: dict[str, Any] = {
        "audio": {"sample_rate": 22_050, "quality": "low"},
        "espeak": {"voice": "en-us"},
        "inference": {"noise_scale": 0.1, "length_scale": 1, "noise_w": 0.8},
        "phoneme_type": "espeak",
        "num_symbols": 256,
        "num_speakers": 1,
        "speaker_id_map": {},
        "language": {"code": "en_US"},
        "phoneme_id_map": {phoneme: [number] for number, phoneme in enumerate(PHONEMES)},
        **settings,
    }
    path = directory / f"{name}.onnx"
    onnx.save(_graph(has_speakers=described["num_speakers"] > 1), path)
    Path(f"{path}.json").write_text(json.dumps(described))
    return path


def _graph(*, has_speakers: bool) -> onnx.ModelProto:
    """Return a graph with a voice's inputs: phonemes (1, N) to audio (1, 1, 1, T)."""
    time = np.arange(SAMPLES_A_PHONEME, dtype=np.float32) / 22_050
    inputs = [
        helper.make_tensor_value_info("input", TensorProto.INT64, [1, "phonemes"]),
        helper.make_tensor_value_info("input_lengths", TensorProto.INT64, [1]),
        helper.make_tensor_value_info("scales", TensorProto.FLOAT, [3]),
    ]
    constants = {
        "hertz": np.float32(10),
        "base": np.float32(200),
        "radians": (2 * np.pi * time)[None, None, :].astype(np.float32),
        "column": np.array([1, -1, 1], np.int64),
        "whole": np.array([1, 1, 1, -1], np.int64),
        "start": np.array([0], np.int64),
        "one": np.array([1], np.int64),
        "once": np.array([1, 1], np.int64),
    }
    pitched = "number"
    nodes = [helper.make_node("Cast", ["input"], ["number"], to=TensorProto.FLOAT)]
    if has_speakers:
        inputs.append(helper.make_tensor_value_info("sid", TensorProto.INT64, [1]))
        constants["octave"] = np.float32(50)
        nodes += [
            helper.make_node("Cast", ["sid"], ["speaker"], to=TensorProto.FLOAT),
            helper.make_node("Mul", ["speaker", "octave"], ["higher"]),
            helper.make_node("Add", ["number", "higher"], ["voiced"]),
        ]
        pitched = "voiced"
    nodes += [
        helper.make_node("Mul", [pitched, "hertz"], ["steps"]),
        helper.make_node("Add", ["steps", "base"], ["frequency"]),
        helper.make_node("Reshape", ["frequency", "column"], ["frequencies"]),
        helper.make_node("Mul", ["frequencies", "radians"], ["phase"]),
        helper.make_node("Sin", ["phase"], ["tones"]),
        helper.make_node("RandomNormalLike", ["tones"], ["random"]),
        helper.make_node("Slice", ["scales", "start", "one"], ["noise_scale"]),
        helper.make_node("Mul", ["random", "noise_scale"], ["noise"]),
        helper.make_node("Add", ["tones", "noise"], ["noisy"]),
        helper.make_node("Slice", ["scales", "one", "two"], ["length"]),
        helper.make_node("Cast", ["length"], ["times"], to=TensorProto.INT64),
        helper.make_node("Concat", ["once", "times"], ["repeats"], axis=0),
        helper.make_node("Tile", ["noisy", "repeats"], ["longer"]),
        helper.make_node("Reshape", ["longer", "whole"], ["output"]),
    ]
    constants["two"] = np.array([2], np.int64)
    graph = helper.make_graph(
        nodes,
        "tiny",
        inputs,
        [helper.make_tensor_value_info("output", TensorProto.FLOAT, [1, 1, 1, "samples"])],
        [numpy_helper.from_array(np.asarray(value), name) for name, value in constants.items()],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 15)], ir_version=8)
