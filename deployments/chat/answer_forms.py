"""Which field of a request asked for a form that vLLM cannot keep the answer to.

vLLM's errors do not say it. Knows their words and the names of the fields, nothing of the forms.
"""

from typing import Any

from pydantic_core import from_json

from serve_app.protocol.common import type_of

WORDS = ("grammar", "regex", "schema", "structur", "choice")
"""One of them is in each of vLLM's errors about the form of an answer."""

ALIASES = ("grammar_json_functions",)
"""Fields that the ingress turns into ``structured_outputs``, and names in what it makes of them."""


def field_of_form(message: str, body: bytes) -> str | None:
    """Return the field that an error is about, if it is about the form of the answer."""
    if not any(word in message.lower() for word in WORDS):
        return None
    asked: Any = from_json(body)
    if type_of(asked.get("response_format")) not in (None, "text"):
        return "response_format"  # which vLLM prefers
    if (form := asked.get("structured_outputs")) is None:
        return None
    return next((name for name in ALIASES if f'"{name}"' in str(form)), "structured_outputs")
