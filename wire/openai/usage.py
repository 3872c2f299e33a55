"""Counts of tokens, as OpenAI's answers have them."""

from wire.answers import SparseAnswer


class PromptTokensDetails(SparseAnswer):
    """Of the tokens that were read."""

    cached_tokens: int
    """Those that the model had read before and found again."""
    cache_write_tokens: int
    audio_tokens: int | None = None
    image_tokens: int | None = None


class CompletionTokensDetails(SparseAnswer):
    """Of the tokens that were written."""

    reasoning_tokens: int | None = None
    audio_tokens: int | None = None


class CompletionUsage(SparseAnswer):
    """Tokens that were read and written."""

    prompt_tokens: int
    completion_tokens: int
    total_tokens: int
    prompt_tokens_details: PromptTokensDetails | None = None
    """Where the model's `engine_kwargs` ask for it."""
    completion_tokens_details: CompletionTokensDetails | None = None


class PromptUsage(SparseAnswer):
    """Tokens that were read, by models that write none."""

    prompt_tokens: int
    total_tokens: int
