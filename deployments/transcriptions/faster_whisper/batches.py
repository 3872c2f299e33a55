# pyright: standard
"""Takes windows of different requests through the model together.

faster-whisper batches the windows of one file only, and calls its model for one window at a time
(``encode``, then ``generate``). This class replaces the model and batches the calls of concurrent
threads; everything else of the library is unchanged.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from ctranslate2 import StorageView
from ctranslate2.models import Whisper, WhisperGenerationResult
from numpy.typing import NDArray

from deployments.transcriptions.passes import SharedPasses

Window = tuple[NDArray[Any], list[int], dict[str, Any]]
"""An encoded window, its prompt and the options of the search."""


class BatchedWhisper:
    """A CTranslate2 Whisper whose callers in several threads share its passes."""

    def __init__(self, model: Whisper, *, num_passes: int, max_size: int) -> None:
        self._model = model
        self._encodes = SharedPasses(self._encode, num_passes=num_passes, max_size=max_size)
        self._generates = SharedPasses(self._generate, num_passes=num_passes, max_size=max_size)

    def __getattr__(self, name: str) -> Any:
        """Return any other attribute of the model."""
        return getattr(self._model, name)

    def encode(self, features: StorageView, to_cpu: bool = False) -> StorageView:
        """Return the encoded window, on the CPU: there its row leaves the batch for the next."""
        return StorageView.from_array(self._encodes.run(np.array(features)))

    def generate(
        self, features: StorageView, prompts: list[list[int]], **options: Any
    ) -> list[WhisperGenerationResult]:
        """Return the text of one window."""
        (prompt,) = prompts
        # The prompts of a pass must be equally long, and only one search is made in it.
        group = (len(prompt), repr(sorted(options.items())))
        return [self._generates.run((np.array(features), prompt, options), group)]

    def _encode(self, windows: Sequence[NDArray[np.float32]]) -> list[NDArray[Any]]:
        batch = StorageView.from_array(np.concatenate(windows))
        encoded = np.array(self._model.encode(batch, to_cpu=True))
        return [np.ascontiguousarray(encoded[i : i + 1]) for i in range(len(windows))]

    def _generate(self, windows: Sequence[Window]) -> list[WhisperGenerationResult]:
        batch = StorageView.from_array(np.concatenate([encoded for encoded, _, _ in windows]))
        prompts = [prompt for _, prompt, _ in windows]
        return self._model.generate(batch, prompts, **windows[0][2])
