"""The status of a run, and the state that only those who work on it need, as types.

In the database both are JSON: ``read_state`` and ``to_json`` are the two ends.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from enum import StrEnum
from typing import Any, Self

from serve_app.assistants.citations import Source
from serve_app.assistants.prompt import Message
from serve_app.storage.object_rows import StoredObject
from wire.openai.runs import RunUsage


class RunStatus(StrEnum):
    """OpenAI's statuses of a run."""

    QUEUED = "queued"
    IN_PROGRESS = "in_progress"
    REQUIRES_ACTION = "requires_action"
    CANCELLING = "cancelling"
    COMPLETED = "completed"
    INCOMPLETE = "incomplete"
    FAILED = "failed"
    CANCELLED = "cancelled"
    EXPIRED = "expired"


CANCELLABLE = (RunStatus.QUEUED, RunStatus.IN_PROGRESS, RunStatus.REQUIRES_ACTION)


@dataclass(frozen=True, slots=True)
class TokenUsage:
    """Tokens that were read and written."""

    prompt_tokens: int = 0
    completion_tokens: int = 0

    @property
    def total_tokens(self) -> int:
        """Both together."""
        return self.prompt_tokens + self.completion_tokens

    def __add__(self, other: Self) -> "TokenUsage":
        """Return the usage of both."""
        return TokenUsage(
            self.prompt_tokens + other.prompt_tokens,
            self.completion_tokens + other.completion_tokens,
        )

    def to_json(self) -> dict[str, int]:
        """Return what is stored."""
        return {**asdict(self), "total_tokens": self.total_tokens}

    def to_answer(self) -> RunUsage:
        """Return OpenAI's type."""
        return RunUsage(
            prompt_tokens=self.prompt_tokens,
            completion_tokens=self.completion_tokens,
            total_tokens=self.total_tokens,
        )

    @classmethod
    def from_json(cls, usage: Mapping[str, int]) -> Self:
        """Read what is stored."""
        return cls(usage["prompt_tokens"], usage["completion_tokens"])


NO_USAGE = TokenUsage()


@dataclass(frozen=True, slots=True)
class RunState:
    """What a run has come to after its last finished turn."""

    vector_store_ids: tuple[str, ...] = ()
    """Of the assistant."""
    file_ids: tuple[str, ...] = ()
    """Of the assistant, for its programs."""
    include: bool = False
    """Whether the client has requested the passages that searches find."""
    turns: tuple[Message, ...] = ()
    """The model's messages in this run, and what its tools returned."""
    num_turns: int = 0
    sources: tuple[Source, ...] = ()
    """Passages that the model has been shown."""
    files: dict[str, str] = field(default_factory=dict[str, str])
    """Ids of the files that programs have written, by name."""
    usage: TokenUsage = NO_USAGE
    step: str | None = None
    """The step whose calls wait for the outputs of the client's functions."""
    step_usage: TokenUsage | None = None

    def add_turns(self, *messages: Message) -> "RunState":
        """Return the state with more messages."""
        return replace(self, turns=(*self.turns, *messages))

    def to_json(self) -> dict[str, Any]:
        """Return what is stored."""
        return {
            **asdict(self),
            "usage": self.usage.to_json(),
            "step_usage": self.step_usage and self.step_usage.to_json(),
        }


def read_state(run: StoredObject) -> RunState:
    """Return the state of a stored run."""
    stored = dict(run.state or {})
    for name in ("vector_store_ids", "file_ids", "turns"):
        stored[name] = tuple(stored[name])
    stored["sources"] = tuple(Source(**each) for each in stored["sources"])
    stored["usage"] = TokenUsage.from_json(stored["usage"])
    if stored.get("step_usage"):
        stored["step_usage"] = TokenUsage.from_json(stored["step_usage"])
    return RunState(**stored)


def with_state(run: StoredObject, state: RunState) -> StoredObject:
    """Return a run with another state."""
    return replace(run, state=state.to_json())
