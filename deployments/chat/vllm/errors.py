# pyright: standard
"""Translates vLLM's errors: which are the request's fault, and which field caused them."""

from typing import Any

from jinja2 import TemplateError
from pydantic import TypeAdapter, ValidationError
from pydantic_core import from_json
from vllm.entrypoints.serve.engine.protocol import ErrorResponse
from vllm.exceptions import VLLMError

from deployments.chat.error_fields import field_of_error
from deployments.chat.vllm.causes import clean_message
from deployments.chat.vllm.media import translate_error
from wire.calls import Call, Operation
from wire.errors import (
    APIError,
    ContextLengthError,
    InvalidRequestError,
    ModelNotFoundError,
    ModelOverloadedError,
    UnprocessableError,
    internal_error,
)
from wire.logging import get_logger

logger = get_logger(__name__)

SHAPE_ERRORS = (AttributeError, LookupError, TypeError, ValueError)
"""What code raises that reads a value of an unexpected shape."""
MAX_PROBED_BYTES = 2**16
"""Of a body that is validated once more for each of its fields."""
CONVERSATIONS = ("messages", "input", "prompt")

LIBRARY_ERRORS = (
    VLLMError,
    ValueError,
    TypeError,
    OverflowError,
    NotImplementedError,
    TemplateError,
)
"""What vLLM raises for a request it cannot serve; its own front end answers these with a 4xx."""

TOO_LONG = ("maximum context length", "exceeds the max_model_len")
"""vLLM's message for a prompt that is too long."""

PROMPTS = {
    Operation.CHAT_COMPLETION: "messages",
    Operation.MESSAGE: "messages",
    Operation.RESPONSE: "input",
    Operation.RESPONSE_INPUT_TOKENS: "input",
}
"""Which field of a request is too long when its prompt is; else ``prompt``."""

BY_STATUS: dict[int, type[APIError]] = {
    404: ModelNotFoundError,
    422: UnprocessableError,
    503: ModelOverloadedError,
}


def convert_error(
    response: ErrorResponse, call: Call, cause: BaseException | None = None
) -> APIError:
    """Return our error for vLLM's."""
    error = response.error
    if error.code >= 500 and error.code not in (501, 503):
        logger.error("Request %s: %s", call.request_id, error.message, exc_info=cause)
        return internal_error(call.request_id)
    prompt = PROMPTS.get(call.operation, "prompt")
    if is_too_long(error.message):
        return ContextLengthError(clean_message(error.message), prompt)
    message, param = translate_error(error, prompt)
    param = param or field_of_error(message, call.body, prompt)
    return BY_STATUS.get(error.code, InvalidRequestError)(message, param)


def is_too_long(message: str) -> bool:
    """Return whether vLLM's message is about a prompt that is too long."""
    return any(words in message for words in TOO_LONG)


def find_misshapen(body: bytes, reader: TypeAdapter[Any]) -> str | None:
    """Return the field without which a body's validators do not fail."""
    if len(body) > MAX_PROBED_BYTES:
        return None
    fields: dict[str, Any] = from_json(body)
    for name in sorted(fields, key=lambda name: name in CONVERSATIONS):
        try:
            reader.validate_python({each: v for each, v in fields.items() if each != name})
        except (ValidationError, VLLMError):
            return name
        except SHAPE_ERRORS:
            continue
        return name
    return None
