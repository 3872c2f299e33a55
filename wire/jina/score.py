"""Request types of scores in vLLM's format, which Ray Serve LLM shares.

Reference: https://docs.vllm.ai/en/latest/serving/online_serving/scoring.html.
"""

from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from wire.answers import Answer
from wire.errors import InvalidRequestError
from wire.limits import MAX_DOCUMENTS
from wire.openai.usage import PromptUsage
from wire.requests import ModelRequest

Text = Annotated[str, Field(min_length=1)]
Texts = Text | Annotated[list[Text], Field(min_length=1, max_length=MAX_DOCUMENTS)]

NAMES = (("text_1", "text_2"), ("queries", "documents"), ("queries", "items"))
"""The accepted pairs of names for the two sides."""


class ScoreRequest(ModelRequest):
    """Body of ``POST /v1/score``: one text and several, or equally many on both sides."""

    text_1: Texts | None = None
    text_2: Texts | None = None
    queries: Texts | None = None
    documents: Texts | None = None
    items: Texts | None = None
    max_tokens_per_doc: int | None = Field(default=None, ge=0)

    @model_validator(mode="after")
    def _check_sides(self) -> "ScoreRequest":
        given = {name for names in NAMES for name in names if getattr(self, name) is not None}
        if not any(given == set(names) for names in NAMES):
            allowed = "; ".join(" and ".join(names) for names in NAMES)
            raise ValueError(f"the two sides are needed, under one pair of names: {allowed}")
        return self

    def pairs(self) -> list[tuple[str, list[str]]]:
        """Return each query with the texts to score against it, in order.

        Raises:
            InvalidRequestError: the sides have different numbers of texts, and neither has one.
        """
        first_name, second_name = next(
            n for n in NAMES if getattr(self, n[0]) and getattr(self, n[1])
        )
        first, second = _to_list(getattr(self, first_name)), _to_list(getattr(self, second_name))
        if len(first) == 1:
            return [(first[0], second)]
        if len(first) != len(second):
            raise InvalidRequestError(
                f"Invalid '{first_name}': {len(first)} texts and {len(second)} of '{second_name}' "
                "make no pairs; allowed are one, or as many.",
                first_name,
            )
        return [(query, [text]) for query, text in zip(first, second, strict=True)]


class Score(Answer):
    """The relevance of one text to another."""

    index: int
    object: Literal["score"] = "score"
    score: float


class ScoreResponse(Answer):
    """A score for each pair."""

    id: str
    object: Literal["list"] = "list"
    model: str
    data: list[Score]
    usage: PromptUsage


def _to_list(texts: Any) -> list[str]:
    return [texts] if isinstance(texts, str) else texts
