"""Makes random language models of some kilobytes: they load everywhere, and mean nothing."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

CHAT_TEMPLATE = (
    "{% for message in messages %}<|im_start|>{{ message.role }}\n{{ message.content }}<|im_end|>\n"
    "{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)


def make_tiny_llama(
    directory: Path,
    *,
    context_length: int = 512,
    marks: Sequence[str] = (),
    chat_template: str = CHAT_TEMPLATE,
) -> Path:
    """Write the model to ``directory`` and return it; each of ``marks`` is one token."""
    import torch
    from tokenizers import pre_tokenizers
    from transformers import LlamaConfig, LlamaForCausalLM

    special = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    vocabulary = {token: index for index, token in enumerate([*special, *alphabet, *marks])}
    fast = make_byte_tokenizer(vocabulary, chat_template=chat_template)
    fast.add_tokens(list(marks))
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=len(vocabulary),
        hidden_size=64,
        intermediate_size=128,
        num_hidden_layers=2,
        num_attention_heads=2,
        num_key_value_heads=2,
        max_position_embeddings=context_length,
        bos_token_id=None,
        eos_token_id=vocabulary["<|im_end|>"],
        tie_word_embeddings=True,
    )
    config.dtype = torch.bfloat16
    model: Any = LlamaForCausalLM(config)
    model.to(torch.bfloat16).save_pretrained(directory)
    fast.save_pretrained(directory)
    return directory


def make_tiny_qwen(
    directory: Path, architecture: Literal["qwen2", "qwen3"], *, context_length: int
) -> Path:
    """Write a model with an architecture of Qwen's and the Llama's tokenizer."""
    from transformers import AutoConfig, AutoModelForCausalLM

    marks = ("<think>", "</think>", "<tool_call>", "</tool_call>")
    make_tiny_llama(directory, context_length=context_length, marks=marks)
    shape = AutoConfig.from_pretrained(directory).to_dict()
    del shape["model_type"], shape["architectures"]
    model: Any = AutoModelForCausalLM.from_config(AutoConfig.for_model(architecture, **shape))
    model.save_pretrained(directory)
    return directory


def make_byte_tokenizer(vocabulary: dict[str, int], **options: Any) -> Any:
    """Return a tokenizer without merges: a token for each byte and each special token."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    tokenizer = Tokenizer(models.BPE(vocab=vocabulary, merges=[]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        eos_token="<|im_end|>",
        pad_token="<|endoftext|>",
        additional_special_tokens=["<|im_start|>"],
        **options,
    )
