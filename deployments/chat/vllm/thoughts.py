# pyright: standard
"""Reasoning that is hidden from the client still takes place.

Where the reasoning is hidden, vLLM would apply the answer's schema from the first token on: the
model would not reason, and its answer would be parsed as the reasoning.
"""

from typing import Any

from vllm.entrypoints.openai.chat_completion.protocol import ChatCompletionRequest
from vllm.parser.abstract_parser import Parser

from deployments.chat.vllm.beams import StoppingBeams, with_stops


class ChatBody(ChatCompletionRequest):
    """The body of a chat completion."""

    def to_beam_search_params(self, max_tokens: int, *args: Any, **options: Any) -> StoppingBeams:
        """Return the parameters of a search."""
        params = super().to_beam_search_params(max_tokens, *args, **options)
        return with_stops(params, self.to_sampling_params(max_tokens, *args, **options))

    def resolve_reasoning_ended(
        self, parser: Parser | None, prompt_token_ids: list[int]
    ) -> bool | None:
        """Return whether the prompt ends the reasoning, as if it were shown."""
        shown = self.model_copy(update={"include_reasoning": True})
        return ChatCompletionRequest.resolve_reasoning_ended(shown, parser, prompt_token_ids)
