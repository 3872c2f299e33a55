# pyright: standard
"""A voice's graph in ONNX Runtime, with its random numbers as an input.

Piper's graphs draw them inside, from a generator that continues from one run to the next and can
only be seeded when the graph is loaded. As an input, the same seed gives the same audio.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
from numpy.typing import NDArray
from onnx import helper, numpy_helper

from wire.errors import ModelLoadError

NOISE = "homeport_noise"
NOISE_LENGTH = 2**18
"""Numbers that a run draws; a longer sentence than 15 s takes them again from the first."""

INPUTS = {"input", "input_lengths", "scales"}
SPEAKER = "sid"


class VoiceSession:
    """One voice, loaded."""

    def __init__(self, path: Path, *, num_threads: int, use_cuda: bool) -> None:
        """Load the graph.

        Raises:
            ModelLoadError: the file is not the graph of a Piper voice.
        """
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = num_threads
        # Threads that spin take the cores from the other models of the machine.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        # The arena keeps what the longest sentence needed; without it a run takes a fifth longer.
        options.enable_cpu_mem_arena = False
        provider = "CUDAExecutionProvider" if use_cuda else "CPUExecutionProvider"
        if provider not in onnxruntime.get_available_providers():
            raise ModelLoadError(f"engine_kwargs.use_cuda: this ONNX Runtime has no {provider}.")
        try:
            graph = _take_noise_as_input(onnx.load(str(path)))
            self._session: Any = onnxruntime.InferenceSession(
                graph.SerializeToString(), options, providers=[provider]
            )
        except Exception as error:
            problem = str(error).strip().split("\n", 1)[0][:300]
            raise ModelLoadError(f"'{path}' cannot be read as a voice: {problem}.") from error
        inputs = {each.name for each in self._session.get_inputs()}
        if not inputs >= INPUTS:
            raise ModelLoadError(f"'{path}' is not a Piper voice: it has inputs {sorted(inputs)}.")
        self._has_speakers = SPEAKER in inputs
        self._has_noise = NOISE in inputs

    def run(
        self, ids: Sequence[int], scales: Sequence[float], speaker: int | None, seed: int
    ) -> NDArray[np.float32]:
        """Return the audio (T,) of phonemes, ``scales`` are noise, length, noise of lengths."""
        feeds: dict[str, Any] = {
            "input": np.array([ids], np.int64),
            "input_lengths": np.array([len(ids)], np.int64),
            "scales": np.array(scales, np.float32),
        }
        if self._has_speakers:
            feeds[SPEAKER] = np.array([speaker or 0], np.int64)
        if self._has_noise:
            generator = np.random.default_rng(seed)
            feeds[NOISE] = generator.standard_normal(NOISE_LENGTH, np.float32)
        return self._session.run(None, feeds)[0].reshape(-1)


def _take_noise_as_input(model: onnx.ModelProto) -> onnx.ModelProto:
    """Replace each node that draws numbers like a tensor by the input's numbers in its shape."""
    graph = model.graph
    nodes: list[onnx.NodeProto] = []
    for node in graph.node:
        is_random = node.op_type == "RandomNormalLike"
        nodes += _repeat_noise(node.input[0], node.output[0]) if is_random else [node]
    if len(nodes) == len(graph.node):
        return model
    del graph.node[:]
    graph.node.extend(nodes)
    for name, number in (("homeport_0", 0), ("homeport_1", 1)):
        graph.initializer.append(numpy_helper.from_array(np.array(number, np.int64), name))
    noise = helper.make_tensor_value_info(NOISE, onnx.TensorProto.FLOAT, [NOISE_LENGTH])
    graph.input.append(noise)
    return model


def _repeat_noise(like: str, output: str) -> list[onnx.NodeProto]:
    def node(operator: str, inputs: list[str], name: str) -> onnx.NodeProto:
        return helper.make_node(operator, inputs, [name])

    shape, size, count = f"{output}.shape", f"{output}.size", f"{output}.count"
    indices, wrapped, flat = f"{output}.indices", f"{output}.wrapped", f"{output}.flat"
    return [
        node("Shape", [like], shape),
        node("Size", [like], size),
        node("Range", ["homeport_0", size, "homeport_1"], indices),
        node("Size", [NOISE], count),
        node("Mod", [indices, count], wrapped),
        node("Gather", [NOISE, wrapped], flat),
        node("Reshape", [flat, shape], output),
    ]
