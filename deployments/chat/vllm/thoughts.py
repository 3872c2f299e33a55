# pyright: standard
"""A thought that is not shown is thought all the same.

vLLM would keep an answer to its form from the first token on, where the thought is not to be told:
the model would not think, and its answer would be taken for the thought.
"""

from vllm.entrypoints.openai.chat_completion.protocol import ChatCompletionRequest
from vllm.parser.abstract_parser import Parser


class ChatBody(ChatCompletionRequest):
    """The body of a chat completion."""

    def resolve_reasoning_ended(
        self, parser: Parser | None, prompt_token_ids: list[int]
    ) -> bool | None:
        """Return whether the prompt has the end of the thought, as if it were shown."""
        shown = self.model_copy(update={"include_reasoning": True})
        return ChatCompletionRequest.resolve_reasoning_ended(shown, parser, prompt_token_ids)
