"""Finds a Coqui model's files in a local directory and makes its config point at them.

A model's config names its files where they were when it was trained.
"""

import json
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from wire.errors import ModelLoadError

CHECKPOINTS = ("model.pth", "model_file.pth", "best_model.pth", "checkpoint.pth")
LOADS_A_DIRECTORY = ("xtts", "tortoise", "bark")
"""Architectures that find their files themselves."""

BESIDE_THE_CONFIG = {
    "speakers_file": ("speakers.json", "speaker_ids.json", "speakers.pth", "speaker_ids.pth"),
    "d_vector_file": ("d_vectors.json", "d_vectors.pth", "speakers.json", "speakers.pth"),
    "language_ids_file": ("language_ids.json",),
    "speaker_encoder_model_path": ("model_se.pth", "model_se.pth.tar"),
    "speaker_encoder_config_path": ("config_se.json",),
}
"""What a config may name → what the file is called in a directory of a model."""


@dataclass(frozen=True, slots=True)
class CoquiFiles:
    """What the library is given."""

    checkpoint: Path
    config: Path
    vocoder: dict[str, str] = field(default_factory=dict[str, str])


def local_files(directory: Path) -> CoquiFiles:
    """Return the files of the model in a directory.

    Raises:
        ModelLoadError: it is not one.
    """
    path = directory / "config.json"
    if not path.is_file():
        raise ModelLoadError(f"'{directory}' has no config.json.")
    config = json.loads(path.read_text("utf-8"))
    if config.get("model") in LOADS_A_DIRECTORY:
        return CoquiFiles(directory, path)
    return CoquiFiles(_checkpoint(directory), _with_own_paths(config, path), _vocoder(directory))


def _checkpoint(directory: Path) -> Path:
    for name in CHECKPOINTS:
        if directory.joinpath(name).is_file():
            return directory / name
    others = sorted(path for path in directory.glob("*.pth") if "speaker" not in path.name)
    if len(others) == 1:
        return others[0]
    raise ModelLoadError(
        f"'{directory}' has no checkpoint: one of {', '.join(CHECKPOINTS)}, or a single .pth file."
    )


def _with_own_paths(config: dict[str, Any], path: Path) -> Path:
    """Return the config, or a copy with the right paths where it names files elsewhere."""
    changed = False
    for part in (config, config.get("model_args") or {}):
        for key, names in BESIDE_THE_CONFIG.items():
            if not (old := part.get(key)):
                continue
            first = old[0] if isinstance(old, list) else old
            own = _find_beside(path.parent, (Path(first).name, *names))
            if own is not None and str(own) != first:
                part[key] = [str(own)] if isinstance(old, list) else str(own)
                changed = True
    if not changed:
        return path
    copy = Path(tempfile.mkdtemp(prefix="homeport-"), "config.json")
    copy.write_text(json.dumps(config), "utf-8")
    return copy


def _find_beside(directory: Path, names: tuple[str, ...]) -> Path | None:
    return next((directory / name for name in names if directory.joinpath(name).is_file()), None)


def _vocoder(directory: Path) -> dict[str, str]:
    vocoder = directory / "vocoder"
    if not vocoder.joinpath("config.json").is_file():
        return {}
    return {
        "vocoder_path": str(_checkpoint(vocoder)),
        "vocoder_config_path": str(vocoder / "config.json"),
    }
