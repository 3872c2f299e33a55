"""Answer types about the server itself."""

from typing import Literal

from wire.answers import Answer


class Health(Answer):
    """The process is alive."""

    status: Literal["ok"] = "ok"


class Readiness(Answer):
    """The state of each model."""

    status: Literal["ready", "not ready"]
    not_ready: list[str]
    models: dict[str, Literal["ready", "idle", "loading", "failed"]]


class Version(Answer):
    """Homeport's version."""

    version: str
