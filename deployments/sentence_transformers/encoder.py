# pyright: standard
"""A sentence-transformers model whose texts are tokenized before they are batched.

The library's own ``encode`` batches one caller's texts by their characters. Here tokens are known
first: usage is true, limits are kept, and texts of many callers share a pass. Serves vectors
(``SentenceTransformer``) and relevance (``CrossEncoder``).
"""

from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from sentence_transformers import CrossEncoder, SentenceTransformer
from sentence_transformers.base.modules import Transformer
from sentence_transformers.util import batch_to_device

from deployments.config import resolve_model
from deployments.sentence_transformers.batching import TokenBatcher
from deployments.sentence_transformers.config import EncoderConfig
from deployments.threads import WorkerThreads
from wire.errors import ModelLoadError

Model = SentenceTransformer | CrossEncoder
Text = str | tuple[str, str]
"""A text, or a query and a document that are read as one."""

MAX_CHARACTERS_PER_TOKEN = 100
"""More of a text is not looked at: words make tokens far shorter, and a megabyte takes a second."""
CHARACTERS_PER_TURN = 100_000
"""Tokenized in one go; longer requests let others run in between."""
CHARACTERS_AT_ONCE = 1000
"""Tokenized on the event loop, in less time than handing it to a thread takes."""
UNLIMITED = 10**9
"""Tokenizers without a limit name one above this."""
LOAD_ERRORS = (
    OSError,
    ValueError,
    RuntimeError,
    TypeError,
    LookupError,
    AttributeError,
    ImportError,
)
"""What the library raises for files and options that do not fit."""


@dataclass(frozen=True, slots=True)
class Encoding:
    """One tokenized input."""

    features: dict[str, list[int]]
    """The model's inputs, each as long as the text."""
    shared: tuple[tuple[str, Any], ...]
    """Inputs that are no lists: the same for all encodings of a pass."""

    @property
    def num_tokens(self) -> int:
        """How long it is."""
        return len(self.features["input_ids"])


class Encoder:
    """A loaded model: inputs to encodings, and encodings to rows of numbers."""

    def __init__(self, model: Model, config: EncoderConfig) -> None:
        first = model[0]
        if not isinstance(first, Transformer) or first.tokenizer is None:
            raise ModelLoadError(
                f"'{config.model}': the first module is {type(first).__name__}; only transformers "
                "that read text are served."
            )
        first.unpad_inputs = False  # a pass is padded here
        self.model = model.eval()
        self.tokenizer: Any = first.tokenizer
        self.vocabulary_size: int = first.config.get_text_config().vocab_size
        self.context_length = _set_context_length(model, config)
        reads_pairs = isinstance(model, CrossEncoder)
        self._output = "scores" if reads_pairs else "sentence_embedding"
        self._failure: Exception | None = None
        self._threads = WorkerThreads()
        self._batcher = TokenBatcher[Encoding](
            self._forward,
            max_batch_tokens=config.max_batch_tokens,
            max_queued_tokens=config.max_queued_tokens,
        )
        self._forward(self.tokenize_now([("warm", "up") if reads_pairs else "warm up"]))

    async def tokenize(
        self, texts: Sequence[Text], prompt: str | None = None, *, truncate: bool = True
    ) -> list[Encoding]:
        """Return the encodings of texts, each with ``prompt`` before it.

        They fit into the context, or where ``truncate`` is false may be longer.
        """
        encodings: list[Encoding] = []
        for turn in self._turns(texts):

            def work(_: object = None, turn: list[Text] = turn) -> list[Encoding]:
                return self.tokenize_now(turn, prompt, truncate=truncate)

            if self._threads.num_unfinished() or _characters(turn) > CHARACTERS_AT_ONCE:
                encodings += await self._threads.run(work)
            else:
                encodings += work()
        return encodings

    def tokenize_now(
        self, texts: list[Text], prompt: str | None = None, *, truncate: bool = True
    ) -> list[Encoding]:
        """Do the same at once. The tokenizer works for one thread at a time."""
        output = self.model.preprocess(
            texts,
            prompt=prompt or None,
            processing_kwargs={
                "text": {"padding": False, "truncation": "longest_first" if truncate else False},
                "common": {"return_tensors": None},
            },
        )
        lists = {name: rows for name, rows in output.items() if isinstance(rows, list)}
        shared = tuple((name, value) for name, value in output.items() if name not in lists)
        found = [
            Encoding(dict(zip(lists, rows, strict=True)), shared)
            for rows in zip(*lists.values(), strict=True)
        ]
        return [encoding if encoding.num_tokens else _empty(encoding) for encoding in found]

    async def beginnings(self, texts: Sequence[str], num_tokens: int) -> list[str]:
        """Return the first ``num_tokens`` tokens of each text, as text."""
        if num_tokens >= self.context_length:
            return list(texts)
        found: list[str] = []
        for turn in self._turns(texts):

            def work(_: object, turn: list[Any] = turn) -> list[str]:
                offsets = self.tokenizer(
                    turn,
                    add_special_tokens=False,
                    truncation=True,
                    max_length=num_tokens,
                    return_offsets_mapping=True,
                )["offset_mapping"]
                ends = [spans[-1][1] if spans else 0 for spans in offsets]
                return [text[:end] for text, end in zip(turn, ends, strict=True)]

            found += await self._threads.run(work)
        return found

    async def run(self, encodings: Sequence[Encoding]) -> NDArray[np.float32]:
        """Return the model's row for each encoding. All must have been made with one prompt."""
        return np.stack(await self._batcher.run(encodings, encodings[0].shared))

    def check_health(self) -> None:
        """Raise when the GPU failed: after that, every pass fails until the process is replaced."""
        if self._failure is not None:
            raise RuntimeError(f"The GPU failed: {self._failure}")

    def num_unfinished(self) -> int:
        """Return how much work waits or runs."""
        return self._threads.num_unfinished() + self._batcher.num_unfinished()

    def close(self) -> None:
        """Drop the requests that wait."""
        self._threads.close()
        self._batcher.close()

    def _turns(self, texts: Sequence[Text]) -> Iterator[list[Text]]:
        """Yield the texts, as much of each as can matter, in portions that do not take long."""
        limit = self.context_length * MAX_CHARACTERS_PER_TOKEN
        turn: list[Text] = []
        characters = 0
        for text in texts:
            turn.append(
                text[:limit] if isinstance(text, str) else (text[0][:limit], text[1][:limit])
            )
            characters += _characters(turn[-1:])
            if characters > CHARACTERS_PER_TURN:
                yield turn
                turn, characters = [], 0
        if turn:
            yield turn

    @torch.inference_mode()
    def _forward(self, encodings: Sequence[Encoding]) -> NDArray[np.float32]:
        padded = {
            name: self._pad(name, [encoding.features[name] for encoding in encodings])
            for name in encodings[0].features
        }
        try:
            features = batch_to_device(padded, self.model.device) | dict(encodings[0].shared)
            return self.model(features)[self._output].float().cpu().numpy()
        except torch.AcceleratorError as error:
            self._failure = error
            raise

    def _pad(self, name: str, rows: list[list[int]]) -> torch.Tensor:
        # The tokenizer's own pad() takes ten times as long.
        width = max(map(len, rows))
        padding = getattr(self.tokenizer, _PADDING.get(name, ""), None) or 0
        matrix = np.full((len(rows), width), padding, np.int64)
        for target, row in zip(matrix, rows, strict=True):
            if self.tokenizer.padding_side == "left":
                target[width - len(row) :] = row
            else:
                target[: len(row)] = row
        return torch.from_numpy(matrix)


def _characters(texts: list[Text]) -> int:
    return sum(
        len(text) if isinstance(text, str) else len(text[0]) + len(text[1]) for text in texts
    )


def _empty(encoding: Encoding) -> Encoding:
    """Return one token that means nothing: a model cannot read a text without any."""
    features = {name: [0] for name in encoding.features} | {"attention_mask": [1]}
    return Encoding(features, encoding.shared)


_PADDING = {"input_ids": "pad_token_id", "token_type_ids": "pad_token_type_id"}


def load_model(kind: Callable[..., Model], config: EncoderConfig) -> Model:
    """Return the model, built by ``kind`` with the operator's options.

    Raises:
        ModelLoadError: its files or its options do not fit.
    """
    path = resolve_model(config.model)
    with explain_load_errors(config.model):
        return kind(path, **config.engine_kwargs)


@contextmanager
def explain_load_errors(model: str) -> Generator[None]:
    """Raise in one line why the library does not load the model."""
    try:
        yield
    except LOAD_ERRORS as error:
        reason = " ".join(str(error).split())
        raise ModelLoadError(f"sentence-transformers cannot load '{model}': {reason}") from error


def _set_context_length(model: Model, config: EncoderConfig) -> int:
    length = config.context_length or model.max_seq_length
    if length is None or length > UNLIMITED:
        raise ModelLoadError(f"'{config.model}' names no context; set 'context_length'.")
    positions = getattr(model.config, "max_position_embeddings", None)
    if positions is not None and length > positions:
        raise ModelLoadError(f"context_length: {length} is more than the model's {positions}.")
    model.max_seq_length = length
    return length
