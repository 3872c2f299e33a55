"""Which field of a request an error of vLLM's is about, where vLLM does not name it."""

import re
from typing import Any

from pydantic_core import from_json

from wire.errors import InvalidRequestError
from wire.requests import type_of

ITEM = re.compile(r"input\[(\d+)\]")

WORDS = ("grammar", "regex", "schema", "structur", "choice")
"""One of them is in each of vLLM's errors about the form of an answer."""

PROMPTS = ("prompt cannot be empty", "out of vocabulary")
"""One of them is in each of vLLM's errors about the prompt."""

OF_FORMATS = ("text", "output_config")
"""Where Responses and Messages have the format of the answer."""

ALIASES = ("grammar_json_functions",)
"""Fields that the ingress turns into ``structured_outputs``, and names in what it makes of them."""


def field_of_error(message: str, body: bytes, prompt: str | None = None) -> str | None:
    """Return the field that an error names first, or that asked for a form of the answer.

    ``prompt`` is the one that an error about the prompt is about.
    """
    fields: Any = from_json(body)
    if (first := message.partition(" ")[0].strip("`'\"")) in fields:
        return first
    if any(words in message for words in PROMPTS):
        return prompt
    if not any(word in message.lower() for word in WORDS):
        return None
    if type_of(fields.get("response_format")) not in (None, "text"):
        return "response_format"  # which vLLM prefers
    for outer in OF_FORMATS:
        within: Any = fields.get(outer)
        if isinstance(within, dict) and type_of(within.get("format")) not in (None, "text"):
            return f"{outer}.format"
    if (form := fields.get("structured_outputs")) is None:
        return "tools" if fields.get("tools") else None
    if name := next((name for name in ALIASES if f'"{name}"' in str(form)), None):
        return name
    kinds = [kind for kind, value in form.items() if value] if isinstance(form, dict) else []
    return f"structured_outputs.{kinds[0]}" if len(kinds) == 1 else "structured_outputs"


def number_from_turn(error: InvalidRequestError, body: bytes) -> InvalidRequestError:
    """Return the error with the items of a response numbered as the client has sent them.

    The conversation's earlier items come before them.
    """
    found = ITEM.match(error.param or "")
    if found is None or error.param is None:
        return error
    index = int(found[1]) - from_json(body).get("num_before", 0)
    if index < 0:
        return error
    param = ITEM.sub(f"input[{index}]", error.param, count=1)
    return InvalidRequestError(error.message.replace(error.param, param), param)
