"""OpenAI's error object."""

from wire.answers import Answer


class ErrorObject(Answer):
    """What went wrong."""

    message: str
    """The parameter, what was received and what is allowed; of our failures the request's id."""
    type: str
    param: str | None
    """The parameter of the request that is meant."""
    code: str | None
    """A word for programs, as `model_not_found`."""


class Error(Answer):
    """OpenAI's error."""

    error: ErrorObject
