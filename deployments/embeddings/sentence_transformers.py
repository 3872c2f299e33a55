# pyright: standard
"""The embeddings engine: texts and token ids to vectors, by sentence-transformers."""

import asyncio
from typing import Any, ClassVar

from sentence_transformers import SentenceTransformer

from deployments.embeddings.config import EmbeddingsConfig
from deployments.embeddings.vectors import cut, embedding_list
from deployments.sentence_transformers.base import EncoderEngine
from deployments.sentence_transformers.encoder import (
    Encoding,
    load_model,
)
from deployments.sentence_transformers.prompts import Prompts
from deployments.sentence_transformers.token_ids import TokenIds, UnknownTokenError
from wire.bodies import EmbeddingsBody
from wire.calls import Call, Operation, Reply, Usage
from wire.errors import ContextLengthError, InvalidRequestError, ModelLoadError

NUMBERS_AT_ONCE = 20_000
"""Written on the event loop, in 2 ms at most; more is written in a thread, beside other work."""


class SentenceTransformersEngine(EncoderEngine):
    """A loaded embeddings model."""

    def __init__(self, model: SentenceTransformer, config: EmbeddingsConfig) -> None:
        super().__init__(model, config)
        self._config = config
        self._prompts = Prompts(model)
        self._ids = TokenIds(self.encoder, self._prompts.all())
        self._length = _own_length(model, config)

    @staticmethod
    def _load(config: EmbeddingsConfig) -> Any:
        return load_model(SentenceTransformer, config)

    async def embed(self, body: EmbeddingsBody, _: Call) -> Reply:
        """Return a vector for each input, as OpenAI's answer."""
        length = self._vector_length(body.dimensions)
        encodings = await self._encodings(body.input, self._prompts.of(body.input_type))
        vectors = (await self.encoder.run(encodings))[:, : self._length]
        if length < self._length:
            vectors = cut(vectors, length)
        num_tokens = sum(encoding.num_tokens for encoding in encodings)
        written = vectors, body.encoding_format, self._config.model_id, num_tokens
        if vectors.size > NUMBERS_AT_ONCE:
            answer = await asyncio.to_thread(embedding_list, *written)
        else:
            answer = embedding_list(*written)
        return Reply(answer, Usage(prompt_tokens=num_tokens))

    whole: ClassVar = {Operation.EMBEDDINGS: embed}

    async def _encodings(self, inputs: list[str | list[int]], prompt: str) -> list[Encoding]:
        """Return the encodings of texts and token ids, in their order."""
        truncate = self._config.over_length == "truncate"
        texts = {place: item for place, item in enumerate(inputs) if isinstance(item, str)}
        encoded = {
            place: self._of_ids(item, place, prompt)
            for place, item in enumerate(inputs)
            if not isinstance(item, str)
        }
        encodings = await self.encoder.tokenize([*texts.values()], prompt, truncate=truncate)
        encoded.update(zip(texts, encodings, strict=True))
        limit = self.encoder.context_length
        for place in range(len(inputs)):
            if encoded[place].num_tokens > limit:
                raise ContextLengthError(
                    f"Invalid 'input[{place}]': it has {encoded[place].num_tokens} tokens or more; "
                    f"the model's context has {limit}.",
                    f"input[{place}]",
                )
        return [encoded[place] for place in range(len(inputs))]

    def _of_ids(self, ids: list[int], place: int, prompt: str) -> Encoding:
        try:
            truncate = self._config.over_length == "truncate"
            return self._ids.encoding(ids, prompt, truncate=truncate)
        except UnknownTokenError as error:
            param = f"input[{place}][{error.index}]"
            raise InvalidRequestError(
                f"Invalid '{param}': {error}. Ids of another model's tokenizer mean nothing to "
                "this one; send the text.",
                param,
            ) from None

    def _vector_length(self, dimensions: int | None) -> int:
        if dimensions is None:
            return self._length
        allowed = self._config.dimensions or (self._length,)
        if dimensions not in allowed:
            raise InvalidRequestError(
                f"Invalid 'dimensions': model '{self._config.model_id}' has vectors of "
                f"{' or '.join(map(str, allowed))}; received {dimensions}.",
                "dimensions",
            )
        return dimensions


def _own_length(model: SentenceTransformer, config: EmbeddingsConfig) -> int:
    length = model.get_embedding_dimension()
    if length is None:
        raise ModelLoadError(f"'{config.model}' does not state the length of its vectors.")
    if config.dimensions and config.dimensions[0] != length:
        raise ModelLoadError(
            f"dimensions: the first must be the model's own length, {length}, "
            f"not {config.dimensions[0]}."
        )
    return length
