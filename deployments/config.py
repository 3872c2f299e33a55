"""What every model application's ``args`` share. A kind adds its fields in its own folder."""

import base64
import hashlib
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from importlib.util import find_spec
from pathlib import Path
from typing import Any, ClassVar

from pydantic import BaseModel, Field, field_validator

from wire.calls import Kind
from wire.card import ModelCard
from wire.errors import ModelLoadError

PROJECT_ROOT = Path(__file__).resolve().parent.parent
"""Holds ``embedded/``, so ``embedded/chat`` in a YAML works from any working directory."""


PACKAGE = "package:"


class ModelConfig(BaseModel, frozen=True, extra="forbid", protected_namespaces=()):
    """``args`` of a model application: which model, by which engine, under which names."""

    model_files: ClassVar[tuple[str, ...]] = ()
    """Suffixes of files that are models by themselves."""
    kind: Kind
    """What the model does; chooses the deployment."""
    model_id: str = Field(min_length=1, max_length=200, pattern=r"^[^\s:]+$")
    """The name that requests use. No colon: ``base:adapter`` names an adapter."""
    aliases: tuple[str, ...] = ()
    """More names for the same model. ``*`` stands for any characters, ``?`` for one: ``gpt-*``.
    Exact names have precedence, then the most specific alias; none stands for a colon."""
    model: str = Field(min_length=1)
    """A local directory, a path under the project's root (``embedded/chat``), ``package:name/path``
    for a directory in an installed Python package, or a hub id. A file of ``model_files`` may be
    named where a directory may."""
    owned_by: str = "homeport"
    """Shown by ``GET /v1/models``."""
    description: str = ""
    """Shown by ``GET /v1/models``."""
    engine_kwargs: dict[str, Any] = Field(default_factory=dict)
    """Options of the engine library, in its own spelling; the engine refuses unknown ones."""
    max_requests: int = Field(default=256, ge=1)
    """Requests that a replica holds at once, running and waiting together; one more gets a 429.
    The default is vLLM's usual batch with a queue as long again: more would wait for seconds."""

    @field_validator("aliases")
    @classmethod
    def _aliases_are_names(cls, aliases: tuple[str, ...]) -> tuple[str, ...]:
        if any(not alias.strip() for alias in aliases):
            raise ValueError("an alias must not be empty")
        return aliases

    def card(self) -> ModelCard:
        """Return the facts that the ingress shows without asking a replica."""
        return ModelCard(
            id=self.model_id,
            kind=self.kind,
            aliases=self.aliases,
            owned_by=self.owned_by,
            description=self.description,
        )


def resolve_model(model: str, files: tuple[str, ...] = ()) -> str:
    """Return the directory that ``model`` names, or ``model`` itself when it is a hub id.

    A file is returned too if its name ends with one of ``files``.

    Raises:
        ModelLoadError: ``model`` is written as a path but no directory is there.
    """
    if model.startswith(PACKAGE):
        return _in_package(model, files)
    for candidate in (Path(model).expanduser(), PROJECT_ROOT / model):
        if _is_model(candidate, files):
            return str(candidate.resolve())
    if model.startswith(("/", ".", "~", "embedded/")):
        raise ModelLoadError(f"No model directory at '{model}'{_or_file(files)}.")
    return model


def _is_model(path: Path, files: tuple[str, ...]) -> bool:
    return path.is_dir() or (path.name.endswith(files) and path.is_file())


def _or_file(files: tuple[str, ...]) -> str:
    return f", nor a file of {', '.join(files)}" if files else ""


def _in_package(model: str, files: tuple[str, ...]) -> str:
    package, _, path = model.removeprefix(PACKAGE).partition("/")
    # Of a name without a dot, the package is only looked for: none of its code runs.
    spec = find_spec(package) if package.isidentifier() else None
    roots = spec.submodule_search_locations if spec else None
    if not roots:
        raise ModelLoadError(f"No model at '{model}': the package '{package}' is not installed.")
    found = Path(roots[0], path)
    if not _is_model(found, files):
        raise ModelLoadError(
            f"No model directory at '{model}'{_or_file(files)}: the package has no such path."
        )
    return str(found)


def check_package(model: str, files: tuple[str, ...] = ()) -> None:
    """Compare the files of a model in a package with the hashes that were installed with them.

    Raises:
        ModelLoadError: a file differs or is missing.
    """
    if not model.startswith(PACKAGE):
        return
    found = Path(resolve_model(model, files))
    package = model.removeprefix(PACKAGE).partition("/")[0]
    for file, expected in _read_hashes(package, found).items():
        try:
            with file.open("rb") as content:
                digest = hashlib.file_digest(content, "sha256").digest()
        except OSError as error:
            raise ModelLoadError(f"'{file}' cannot be read: {error.strerror}.") from error
        if digest != expected:
            raise ModelLoadError(
                f"'{file}' is not as the package '{package}' was published: its sha256 is "
                f"{digest.hex()}, not {expected.hex()}. Install the package again."
            )


def _read_hashes(package: str, found: Path) -> dict[Path, bytes]:
    """Return the sha256 of each file at or below a path, of the distribution of the same name."""
    try:
        installed: Distribution = distribution(package)
    except PackageNotFoundError:  # its distribution has another name: nothing to compare with
        return {}
    hashes: dict[Path, bytes] = {}
    for entry in installed.files or ():
        path = Path(str(entry.locate()))
        if entry.hash and entry.hash.mode == "sha256" and path.is_relative_to(found):
            padding = "=" * (-len(entry.hash.value) % 4)
            hashes[path] = base64.urlsafe_b64decode(entry.hash.value + padding)
    return hashes
