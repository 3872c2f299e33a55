"""Teaches a tiny Llama a few answers by heart, each with a thought before it."""

from pathlib import Path
from typing import Any

from tests.support.tiny_model import make_tiny_llama

CHAT_TEMPLATE = """\
{%- for message in messages -%}
<|im_start|>{{ message.role }}
{% if message.role == 'assistant' and message.reasoning_content -%}
<think>
{{ message.reasoning_content }}
</think>

{% endif -%}
{% if message.content is string %}{{ message.content }}{% endif %}<|im_end|>
{% endfor -%}
{%- if add_generation_prompt -%}
<|im_start|>assistant
{% if enable_thinking is defined and not enable_thinking -%}
<think>

</think>

{% endif -%}
{%- if opens_thinking is defined -%}
<think>
{% endif -%}
{%- endif -%}
"""
"""Qwen3's way; with ``opens_thinking``, DeepSeek's, whose prompt has the first mark already."""

SUM = ("2+2?", "Two and two.", "It is 4 😀é.")
WEATHER = (
    "Weather?",
    "I ask.",
    '<tool_call>\n{"name": "weather", "arguments": {"city": "Bern"}}\n</tool_call>',
)
JSON = ("JSON?", "An object.", '{"sum": 4}')

MARKS = ("<think>", "</think>", "<tool_call>", "</tool_call>")


def make_tiny_thinker(directory: Path) -> Path:
    """Write the model to ``directory`` and return it."""
    make_tiny_llama(directory, marks=MARKS, chat_template=CHAT_TEMPLATE)
    begun = "<|im_start|>user\n{}<|im_end|>\n<|im_start|>assistant\n"
    lessons: list[tuple[str, str]] = []
    for question, thought, answer in (SUM, WEATHER, JSON):
        end = f"</think>\n\n{answer}<|im_end|>"
        lessons.append((begun.format(question), f"<think>\n{thought}\n{end}"))
        lessons.append((begun.format(question) + "<think>\n\n</think>\n\n", f"{answer}<|im_end|>"))
    _learn(directory, lessons)
    return directory


def _learn(directory: Path, lessons: list[tuple[str, str]]) -> None:
    """Train until what stands second follows what stands first."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    tokenizer: Any = AutoTokenizer.from_pretrained(directory)
    model: Any = AutoModelForCausalLM.from_pretrained(directory, dtype=torch.float32)
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    torch.manual_seed(0)
    batch = tokenizer(["".join(lesson) for lesson in lessons], return_tensors="pt", padding=True)
    wanted = batch.input_ids.masked_fill(batch.attention_mask == 0, -100)
    for row, (given, _) in enumerate(lessons):
        wanted[row, : len(tokenizer(given).input_ids)] = -100
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3)
    for _ in range(400):
        loss = model(**batch, labels=wanted).loss
        if loss < 0.01:
            break
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    torch.set_num_threads(threads)
    model.to(torch.bfloat16).save_pretrained(directory)
