# pyright: standard
"""Reasoning that is hidden from the client still takes place.

Where the reasoning is hidden, vLLM would apply the answer's schema from the first token on: the
model would not reason, and its answer would be parsed as the reasoning.
"""

from vllm.entrypoints.openai.chat_completion.protocol import ChatCompletionRequest
from vllm.parser.abstract_parser import Parser


class ChatBody(ChatCompletionRequest):
    """The body of a chat completion."""

    def resolve_reasoning_ended(
        self, parser: Parser | None, prompt_token_ids: list[int]
    ) -> bool | None:
        """Return whether the prompt ends the reasoning, as if it were shown."""
        shown = self.model_copy(update={"include_reasoning": True})
        return ChatCompletionRequest.resolve_reasoning_ended(shown, parser, prompt_token_ids)
