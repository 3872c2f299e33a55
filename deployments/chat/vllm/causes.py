"""The texts of vLLM's exceptions without what is about its code.

Imports no library that takes time.
"""

import re

from pydantic import ValidationError

CLEAR_TYPES = (ValueError, RuntimeError, OSError)
"""Exceptions whose message is enough. Of a KeyError, say, it is only the key."""


def reason(error: Exception) -> str:
    """Return why vLLM does not load a model, in one line."""
    if isinstance(error, ValidationError):
        first = error.errors()[0]
        message = str(first["msg"]).removeprefix("Value error, ")
        return ": ".join([*(str(part) for part in first["loc"]), message])
    message = " ".join(str(error).split())
    return message if isinstance(error, CLEAR_TYPES) else f"{type(error).__name__}: {message}"


_PARAMETER = re.compile(r" \(parameter=.*\)\Z", re.DOTALL)
_PLACE = re.compile(r"\[\d\d:\d\d:\d\d\] \S+:\d+: ")


def clean_message(message: str) -> str:
    """Return a message without vLLM's repetition of the parameter and xgrammar's place in C++."""
    return _PLACE.sub("", _PARAMETER.sub("", message)).strip()
