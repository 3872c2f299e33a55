"""Request types of edits, which OpenAI has removed and LocalAI still has."""

from typing import Any, Literal

from pydantic import Field

from wire.answers import Answer
from wire.errors import InvalidRequestError
from wire.openai.chat import AnswerLength, Sampling


class EditRequest(Sampling):
    """Body of ``POST /v1/edits``: a text and an instruction."""

    elsewhere = ("messages", "prompt", "tools", "tool_choice")

    instruction: str = Field(min_length=1)
    input: str = ""
    max_tokens: AnswerLength = None

    def as_chat(self) -> dict[str, Any]:
        """Return the fields of the equivalent chat completion.

        Raises:
            InvalidRequestError: ``stream`` is set.
        """
        if self.stream:
            raise InvalidRequestError("Invalid 'stream': edits are answered whole.", "stream")
        fields = self.model_dump(exclude_unset=True, exclude={"instruction", "input", "stream"})
        prompt = f"{self.instruction}\n\n{self.input}" if self.input else self.instruction
        return {**fields, "messages": [{"role": "user", "content": prompt}]}


class EditChoice(Answer):
    """A changed text."""

    text: str
    index: int


class EditUsage(Answer):
    """Tokens that were read and written."""

    prompt_tokens: int
    completion_tokens: int
    total_tokens: int


class Edit(Answer):
    """The changed text, `n` times."""

    object: Literal["edit"] = "edit"
    created: int
    choices: list[EditChoice]
    usage: EditUsage


def as_edit(completion: dict[str, Any]) -> Edit:
    """Convert a chat completion to an edit."""
    choices = [
        EditChoice(text=choice["message"]["content"] or "", index=choice["index"])
        for choice in completion["choices"]
    ]
    usage = EditUsage.model_validate(completion["usage"])
    return Edit(created=completion["created"], choices=choices, usage=usage)
