"""Makes random encoders of some kilobytes, a token a character: they load, and mean nothing."""

import string
from pathlib import Path
from typing import Any

from tests.support.tiny_model import make_tiny_llama

SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
CHARACTERS = string.ascii_lowercase + string.digits + ":"
CONTEXT = 64


def make_tiny_embedder(directory: Path) -> Path:
    """Write a bi-encoder with vectors of 32 numbers to ``directory`` and return it."""
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import Pooling, Transformer
    from transformers import BertModel

    _save(BertModel, directory / "bert")
    transformer: Any = Transformer(str(directory / "bert"))
    pooling = Pooling(transformer.get_embedding_dimension(), pooling_mode="mean")
    SentenceTransformer(modules=[transformer, pooling], device="cpu").save(
        str(directory / "model"), create_model_card=False
    )
    return directory / "model"


def make_tiny_decoder_embedder(directory: Path, base: Path | None = None) -> Path:
    """Write a bi-encoder made of a language model, padded on the left: a Llama or ``base``.

    It reads texts through a chat template.
    """
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import Pooling, Transformer

    options = {"padding_side": "left"}
    base = base or make_tiny_llama(directory / "llama")
    transformer: Any = Transformer(str(base), processor_kwargs=options)
    pooling = Pooling(transformer.get_embedding_dimension(), pooling_mode="lasttoken")
    SentenceTransformer(modules=[transformer, pooling], device="cpu").save(
        str(directory / "model"), create_model_card=False
    )
    return directory / "model"


def make_tiny_generative_ranker(directory: Path) -> Path:
    """Write a cross-encoder that scores by the tokens a language model would say next."""
    from sentence_transformers import CrossEncoder
    from sentence_transformers.base.modules import Transformer
    from sentence_transformers.cross_encoder.modules import LogitScore

    base = str(make_tiny_llama(directory / "llama"))
    transformer: Any = Transformer(base, transformer_task="text-generation")
    score = LogitScore(true_token_id=10, false_token_id=20)
    CrossEncoder(modules=[transformer, score], device="cpu").save(
        str(directory / "model"), create_model_card=False
    )
    return directory / "model"


def make_tiny_cross_encoder(directory: Path, *, num_labels: int = 1) -> Path:
    """Write a cross-encoder to ``directory`` and return it."""
    from transformers import BertForSequenceClassification

    return _save(BertForSequenceClassification, directory / "model", num_labels=num_labels)


def make_tiny_xlm_roberta(directory: Path, *, context_length: int) -> Path:
    """Write a cross-encoder with another architecture to ``directory`` and return it."""
    from transformers import XLMRobertaForSequenceClassification

    return _save(
        XLMRobertaForSequenceClassification,
        directory / "model",
        num_labels=1,
        max_position_embeddings=context_length + 2,  # positions begin after the padding's
    )


def _save(architecture: Any, directory: Path, **options: Any) -> Path:
    import torch
    from tokenizers import Regex, Tokenizer, models, pre_tokenizers, processors
    from transformers import PreTrainedTokenizerFast

    tokens = [*SPECIAL, *CHARACTERS]
    vocabulary = {token: index for index, token in enumerate(tokens)}
    tokenizer = Tokenizer(models.WordLevel(vocab=vocabulary, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Split(Regex("."), "isolated")]
    )
    tokenizer.post_processor = processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2))
    fast = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        model_max_length=options.get("max_position_embeddings", CONTEXT),
        pad_token="[PAD]",
        unk_token="[UNK]",
        cls_token="[CLS]",
        sep_token="[SEP]",
        mask_token="[MASK]",
        model_input_names=["input_ids", "token_type_ids", "attention_mask"],
    )
    torch.manual_seed(0)
    config = architecture.config_class(
        vocab_size=len(tokens),
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=2,
        initializer_range=0.5,
        **{"max_position_embeddings": CONTEXT, **options},
    )
    architecture(config).save_pretrained(directory)
    fast.save_pretrained(directory)
    return directory
