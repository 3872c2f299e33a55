"""Request types of rerank, in the shape that Jina and Cohere share.

References: https://jina.ai/reranker and https://docs.cohere.com/reference/rerank.
"""

from collections.abc import Sequence
from typing import Annotated, Any

from pydantic import Field

from wire.answers import Answer, Omittable
from wire.errors import InvalidRequestError, echo
from wire.limits import MAX_DOCUMENTS, MAX_RANK_FIELDS
from wire.openai.usage import PromptUsage
from wire.requests import ModelRequest, RequestBody

TEXT = ("text",)


class QueryText(RequestBody):
    """A query as an object, the form that Jina's multimodal models accept."""

    text: str = Field(min_length=1)


class RerankRequest(ModelRequest):
    """Body of ``POST /v1/rerank``."""

    query: Annotated[str, Field(min_length=1)] | QueryText
    documents: list[str | dict[str, Any]] = Field(min_length=1, max_length=MAX_DOCUMENTS)
    top_n: int | None = None
    return_documents: bool | None = None
    rank_fields: list[str] | None = Field(default=None, min_length=1, max_length=MAX_RANK_FIELDS)
    max_tokens_per_doc: int | None = Field(default=None, ge=1)
    max_chunks_per_doc: int | None = Field(default=None, ge=1)

    def query_text(self) -> str:
        """Return the query's text."""
        return self.query if isinstance(self.query, str) else self.query.text

    def document_texts(self) -> list[str]:
        """Return the text of each document that is ranked.

        Raises:
            InvalidRequestError: a document lacks the fields to rank.
        """
        fields = self.rank_fields or TEXT
        return [
            document if isinstance(document, str) else _text(document, fields, index)
            for index, document in enumerate(self.documents)
        ]


class RerankResult(Answer):
    """A document and its relevance."""

    index: int
    """Its place in the request."""
    relevance_score: float
    document: Omittable[dict[str, Any]] = None
    """As it was sent, a text as `{"text": …}`; left out where `return_documents` is false."""


class RerankTokens(Answer):
    """Tokens that were read."""

    input_tokens: int


class RerankMeta(Answer):
    """The usage where Cohere's clients look for it."""

    tokens: RerankTokens


class RerankResponse(Answer):
    """The documents, the best first."""

    id: str
    model: str
    results: list[RerankResult]
    usage: PromptUsage
    meta: RerankMeta


def _text(document: dict[str, Any], fields: Sequence[str], index: int) -> str:
    param = f"documents[{index}]"
    texts = {name: value for name in fields if (value := document.get(name)) is not None}
    for name, value in texts.items():
        if isinstance(value, bool) or not isinstance(value, str | int | float):
            raise InvalidRequestError(
                f"Invalid '{param}': {name!r} must be a text or a number, received {echo(value)}.",
                param,
            )
    if not texts:
        wanted = " or ".join(repr(name) for name in fields)
        raise InvalidRequestError(f"Invalid '{param}': it needs a text as {wanted}.", param)
    if len(fields) == 1:
        return str(texts[fields[0]])
    return "\n".join(f"{name}: {text}" for name, text in texts.items())
