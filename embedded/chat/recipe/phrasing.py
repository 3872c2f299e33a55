"""Surface variety: casing, punctuation, politeness, system prompts and earlier turns.

The same question must be answered however it is typed and whatever stands before it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random

from embedded.chat.recipe.sample import Message, Sample
from embedded.chat.recipe.vocabulary import NAMES, WORDS, make_up_word

SYSTEM_PROMPTS = (
    "You are a helpful assistant.",
    "You are a helpful assistant.",
    "You are a helpful, honest assistant.",
    "Be concise.",
    "Answer briefly.",
    "You are a friendly bot. Always be polite.",
    "You answer questions.",
    "You are an expert.",
    "Please answer in English.",
    "Answer the user's question.",
    "You are a chat model served by Homeport.",
    "Think step by step before you answer.",
    "Only answer what you are asked.",
    "You are a helpful assistant. You can call tools when they are needed.",
    "Do not make things up.",
    "Keep it short and simple.",
    "You are a test assistant. Reply with plain text.",
    "You are Qwen, created by Alibaba Cloud. You are a helpful assistant.",
    "The assistant is careful and kind.",
)
LEADS = (
    "Hello, ",
    "Hey, ",
    "Can you help? ",
    "OK, ",
    "Now ",
    "So, ",
    "Tell me: ",
    "Quick question: ",
    "Question: ",
)


def vary(rng: Random, text: str, keep_case: bool = False, lead: bool = True) -> str:
    """The same request as somebody else would have typed it."""
    if lead and rng.random() < 0.08:
        text = rng.choice(LEADS) + text
    elif not keep_case and rng.random() < 0.07:
        text = text.lower()
    if rng.random() < 0.12 and text[-1:] in ".?!":
        text = text[:-1]
    if rng.random() < 0.03:
        text += " "
    return text


def system_prompt(rng: Random) -> str:
    """A system message that has no bearing on the question."""
    roll = rng.random()
    if roll < 0.6:
        return rng.choice(SYSTEM_PROMPTS)
    if roll < 0.8:
        name = rng.choice(NAMES)
        topic = f"{rng.choice(WORDS)} {make_up_word(rng)}"
        return f"You are {name}, an assistant for the {topic}."
    words = [
        rng.choice(WORDS) if rng.random() < 0.7 else make_up_word(rng)
        for _ in range(rng.randint(2, 14))
    ]
    return " ".join(words).capitalize() + rng.choice((".", "", "!"))


def in_parts(rng: Random, message: Message) -> Message:
    """The message with its content as a list of text parts, as some clients send it."""
    if message["role"] != "user" or rng.random() > 0.03 or not isinstance(message["content"], str):
        return message
    return {**message, "content": [{"type": "text", "text": message["content"]}]}


def dress(
    rng: Random,
    sample: Sample,
    earlier: Callable[[], Sequence[Message]],
    system_share: float = 0.4,
    earlier_share: float = 0.3,
) -> Sample:
    """The sample with a system prompt and earlier turns before it, in their shares."""
    if not sample.is_chat:
        return sample
    messages = list(sample.messages)
    lead: list[Message] = []
    if messages[0]["role"] == "system":
        lead = [messages.pop(0)]
    elif rng.random() < system_share:
        role = "developer" if rng.random() < 0.05 else "system"
        lead = [{"role": role, "content": system_prompt(rng)}]
    before: list[Message] = []
    if rng.random() < earlier_share:
        for _ in range(rng.choice((1, 1, 1, 2, 2, 3))):
            before.extend(earlier())
    turns = [in_parts(rng, message) for message in (*lead, *before, *messages)]
    return Sample(messages=tuple(turns), tools=sample.tools)
