"""What every model application's ``args`` share. A kind adds its fields in its own folder."""

from importlib.util import find_spec
from pathlib import Path
from typing import Any

from pydantic import BaseModel, Field, field_validator

from wire.calls import Kind
from wire.card import ModelCard
from wire.errors import ModelLoadError

PROJECT_ROOT = Path(__file__).resolve().parent.parent
"""Holds ``embedded/``, so ``embedded/chat`` in a YAML works from any working directory."""


PACKAGE = "package:"


class ModelConfig(BaseModel, frozen=True, extra="forbid", protected_namespaces=()):
    """``args`` of a model application: which model, by which engine, under which names."""

    kind: Kind
    """What the model does; chooses the deployment."""
    model_id: str = Field(min_length=1, max_length=200, pattern=r"^[^\s:]+$")
    """The name that requests use. No colon: ``base:adapter`` names an adapter."""
    aliases: tuple[str, ...] = ()
    """More names for the same model. ``*`` stands for any characters, ``?`` for one: ``gpt-*``.
    Exact names have precedence, then the most specific alias; none stands for a colon."""
    model: str = Field(min_length=1)
    """A local directory, a path under the project's root (``embedded/chat``), ``package:name/path``
    for a directory in an installed Python package, or a hub id."""
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


def resolve_model(model: str) -> str:
    """Return the directory that ``model`` names, or ``model`` itself when it is a hub id.

    Raises:
        ModelLoadError: ``model`` is written as a path but no directory is there.
    """
    if model.startswith(PACKAGE):
        return _in_package(model)
    for candidate in (Path(model).expanduser(), PROJECT_ROOT / model):
        if candidate.is_dir():
            return str(candidate.resolve())
    if model.startswith(("/", ".", "~", "embedded/")):
        raise ModelLoadError(f"No model directory at '{model}'.")
    return model


def _in_package(model: str) -> str:
    package, _, path = model.removeprefix(PACKAGE).partition("/")
    spec = find_spec(package) if package.isidentifier() else None
    roots = spec.submodule_search_locations if spec else None
    directory = Path(roots[0], path) if roots else None
    if directory is None or not directory.is_dir():
        raise ModelLoadError(f"No model directory at '{model}': no such package, or path in it.")
    return str(directory)
