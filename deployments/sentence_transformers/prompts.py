# pyright: standard
"""What a sentence-transformers model wants before an input, by what the input is for."""

from sentence_transformers import SentenceTransformer

from wire.errors import InvalidRequestError, echo

NAMES = {
    "search_query": ("query",),
    "query": ("query",),
    "search_document": ("document", "passage", "corpus"),
    "document": ("document", "passage", "corpus"),
    "passage": ("passage", "document", "corpus"),
}
"""``input_type`` → the names that models give to such a prompt, as the library looks for them."""


class Prompts:
    """The prompts of one model."""

    def __init__(self, model: SentenceTransformer) -> None:
        self._prompts = {name: text or "" for name, text in model.prompts.items()}
        self._default = self._prompts.get(model.default_prompt_name or "", "")

    def all(self) -> set[str]:
        """Return every text that can stand before an input."""
        return {"", *self._prompts.values()}

    def of(self, input_type: str | None) -> str:
        """Return the prompt that is put before inputs of a type.

        Raises:
            InvalidRequestError: the model has no such type.
        """
        if input_type is None:
            return self._default
        for name in NAMES.get(input_type, (input_type,)):
            if self._prompts.get(name):
                return self._prompts[name]
        if input_type in NAMES or input_type in self._prompts:
            return ""  # it makes no difference between its inputs
        allowed = ", ".join(sorted({*NAMES, *self._prompts}))
        raise InvalidRequestError(
            f"Invalid 'input_type': allowed are {allowed}; received {echo(input_type)}.",
            "input_type",
        )
