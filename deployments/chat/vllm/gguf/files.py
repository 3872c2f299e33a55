"""Finds the GGUF file that a model's name stands for."""

from pathlib import Path

from deployments.config import resolve_model
from wire.errors import ModelLoadError

SUFFIX = ".gguf"


def find_gguf(model: str, revision: str | None = None) -> Path | None:
    """Return the file that ``model`` names, fetched if it is the hub's, or None for other formats.

    Raises:
        ModelLoadError: it cannot be fetched, or a directory has several.
    """
    repository, _, name = model.partition(":")
    if name.endswith(SUFFIX) and repository != "package" and repository.count("/") == 1:
        return _fetch(repository, name, revision)
    path = Path(resolve_model(model, (SUFFIX,)))
    if path.is_file():
        return path
    if model.endswith(SUFFIX):
        raise ModelLoadError(f"No file at '{model}'.")
    if not path.is_dir() or (path / "config.json").exists():
        return None
    files = sorted(path.glob(f"*{SUFFIX}"))
    if len(files) > 1:
        names = ", ".join(file.name for file in files)
        raise ModelLoadError(f"'{model}' has several GGUF files; name one of them: {names}.")
    return files[0] if files else None


def _fetch(repository: str, name: str, revision: str | None) -> Path:
    from huggingface_hub import hf_hub_download

    try:
        return Path(hf_hub_download(repository, name, revision=revision))
    except (OSError, ValueError) as error:  # what the hub's library raises is of these two
        cause = " ".join(str(error).split())
        raise ModelLoadError(f"'{name}' of '{repository}' cannot be fetched: {cause}") from error
