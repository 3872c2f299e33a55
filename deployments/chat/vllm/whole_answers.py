# pyright: standard
"""Makes whole answers with log probabilities in a thread, apart from the event loop.

vLLM makes an object for each candidate of each token, which takes half a second for 1,000 tokens
with 20 candidates. Whole answers without them, and streams, take little at a time.
"""

from collections.abc import AsyncGenerator, Callable, Coroutine
from functools import partial
from typing import Any, TypeVar

from vllm.entrypoints.openai.chat_completion.protocol import ChatCompletionRequest
from vllm.entrypoints.openai.chat_completion.serving import OpenAIServingChat
from vllm.entrypoints.openai.completion.protocol import CompletionRequest
from vllm.entrypoints.openai.completion.serving import OpenAIServingCompletion
from vllm.entrypoints.openai.responses.protocol import ResponsesRequest
from vllm.entrypoints.openai.responses.serving import OpenAIServingResponses

from deployments.threads import WorkerThreads

T = TypeVar("T")


class Unmade:
    """An answer that is to be made in a thread."""

    def __init__(self, make: Callable[[], Any]) -> None:
        self.make = make


def has_logprobs(body: Any) -> bool:
    """Return whether the answer has log probabilities."""
    if isinstance(body, ResponsesRequest):
        return body.is_include_output_logprobs()
    if not isinstance(body, (ChatCompletionRequest, CompletionRequest)):
        return False
    # A completion's is a number, of which 0 counts, too.
    return body.logprobs not in (None, False) or body.prompt_logprobs is not None


def make_chats(handler: OpenAIServingChat, threads: WorkerThreads) -> None:
    """Have whole chat completions made in threads."""
    make = handler.chat_completion_full_generator

    async def make_in_thread(
        request: ChatCompletionRequest, result_generator: Any, *args: Any, **options: Any
    ) -> Any:
        if not has_logprobs(request):
            return await make(request, result_generator, *args, **options)
        last = [each async for each in result_generator][-1:]
        return await threads.run(
            lambda _: run_at_once(make(request, _replay(last), *args, **options))
        )

    handler.chat_completion_full_generator = make_in_thread


def make_completions(handler: OpenAIServingCompletion) -> None:
    """Have whole completions left :class:`Unmade`, since vLLM does not wait for their making."""
    make = handler.request_output_to_completion_response

    def leave(final_res_batch: Any, request: CompletionRequest, *args: Any, **options: Any) -> Any:
        making = partial(make, final_res_batch, request, *args, **options)
        return Unmade(making) if has_logprobs(request) else making()

    handler.request_output_to_completion_response = leave


def make_responses(handler: OpenAIServingResponses, threads: WorkerThreads) -> None:
    """Have whole responses made in threads."""
    make = handler.responses_full_generator

    async def make_in_thread(
        request: ResponsesRequest,
        sampling_params: Any,
        result_generator: Any,
        *args: Any,
        **options: Any,
    ) -> Any:
        if not has_logprobs(request):
            return await make(request, sampling_params, result_generator, *args, **options)
        async for _ in result_generator:  # they are in the context, among the arguments
            pass
        return await threads.run(
            lambda _: run_at_once(make(request, sampling_params, _replay([]), *args, **options))
        )

    handler.responses_full_generator = make_in_thread


async def _replay(items: list[Any]) -> AsyncGenerator[Any]:
    for item in items:
        yield item


def run_at_once(coroutine: Coroutine[Any, Any, T]) -> T:
    """Return the result of a coroutine that does not wait for anything."""
    try:
        coroutine.send(None)
    except StopIteration as ended:
        return ended.value
    coroutine.close()
    raise RuntimeError(f"{coroutine.__qualname__} waits")
