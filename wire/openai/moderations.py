"""Request types of moderations. Reference: https://platform.openai.com/docs/api-reference/moderations."""

from typing import Annotated, Any, Literal

from pydantic import Field

from wire.answers import Answer
from wire.errors import InvalidRequestError, echo
from wire.limits import MAX_TEXTS
from wire.requests import ModelRequest

CATEGORIES = {
    "harassment": "insults, bullies or degrades a person",
    "harassment/threatening": "insults or bullies a person and threatens them with harm",
    "hate": "spreads hate for a race, a gender, a religion, a nationality, an orientation or a "
    "disability",
    "hate/threatening": "spreads hate for such a group and threatens it with harm",
    "illicit": "tells how to break the law",
    "illicit/violent": "tells how to break the law with violence, or how to get a weapon",
    "self-harm": "praises or describes hurting oneself",
    "self-harm/instructions": "tells how to hurt oneself",
    "self-harm/intent": "says that its author means to hurt themselves",
    "sexual": "is meant to arouse, or offers sexual services",
    "sexual/minors": "is sexual and about a person under 18",
    "violence": "describes death, violence or injury",
    "violence/graphic": "describes death, violence or injury in gruesome detail",
}
"""OpenAI's categories, with the predicate that the model judges."""

OPENAIS_MODELS = ("omni-moderation-", "text-moderation-")
"""Prefixes of OpenAI's model names; they select the configured model."""


class ModerationRequest(ModelRequest):
    """Body of ``POST /v1/moderations``."""

    input: (
        Annotated[str, Field(min_length=1)]
        | Annotated[
            list[Annotated[str, Field(min_length=1)] | dict[str, Any]],
            Field(min_length=1, max_length=MAX_TEXTS),
        ]
    )

    def texts(self) -> list[str]:
        """Return the texts to judge separately; the parts of one message are one text.

        Raises:
            InvalidRequestError: a part is not text.
        """
        if isinstance(self.input, str):
            return [self.input]
        if not any(isinstance(each, dict) for each in self.input):
            return [str(each) for each in self.input]
        return ["\n".join(_text(each, index) for index, each in enumerate(self.input))]


class Moderation(Answer):
    """The categories that a text falls in."""

    flagged: bool
    categories: dict[str, bool]
    """By the names of OpenAI's categories."""
    category_scores: dict[str, float]
    category_applied_input_types: dict[str, list[Literal["text"]]]


class ModerationCreateResponse(Answer):
    """A result for each text."""

    id: str
    model: str
    results: list[Moderation]


def to_result(scores: dict[str, float], threshold: float) -> Moderation:
    """Return the result of a text from the scores of its categories."""
    categories = {name: scores[name] >= threshold for name in CATEGORIES}
    return Moderation(
        flagged=any(categories.values()),
        categories=categories,
        category_scores={name: scores[name] for name in CATEGORIES},
        category_applied_input_types={name: ["text"] for name in CATEGORIES},
    )


def _text(part: str | dict[str, Any], index: int) -> str:
    if isinstance(part, str):
        return part
    if part.get("type") != "text" or not isinstance(part.get("text"), str):
        raise InvalidRequestError(
            f"Invalid 'input[{index}].type': only texts are judged here, received "
            f"{echo(part.get('type'))}.",
            f"input[{index}].type",
        )
    return part["text"]
