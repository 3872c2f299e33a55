# pyright: standard
"""Log probabilities of a response's text: those of its tokens, whole and streamed."""

from collections.abc import AsyncGenerator, AsyncIterator, Callable
from typing import Any, TypeVar

from openai.types.responses import (
    ResponseContentPartDoneEvent,
    ResponseOutputText,
    ResponseTextDeltaEvent,
)
from openai.types.responses import response_text_delta_event as delta_event
from openai.types.responses.response_output_text import Logprob
from vllm.entrypoints.openai.responses.protocol import ResponsesRequest
from vllm.entrypoints.openai.responses.serving import OpenAIServingResponses

DELTA = ".delta"
"""The end of the names of events that carry a piece of the answer."""

T = TypeVar("T")


def place_logprobs(handler: OpenAIServingResponses) -> None:
    """Give the streams of a handler the log probabilities of their text.

    vLLM's deltas have those of the tokens that were read with them: also of the thought before
    the text, and not of tokens whose text came later, because a parser held it back or a
    character was not whole.
    """
    generate = handler.responses_stream_generator

    def generate_with_logprobs(
        request: ResponsesRequest,
        sampling_params: Any,
        result_generator: AsyncIterator[Any],
        context: Any,
        model_name: str,
        tokenizer: Any,
        *args: Any,
        **options: Any,
    ) -> AsyncGenerator[Any]:
        if not request.is_include_output_logprobs():
            return generate(
                request,
                sampling_params,
                result_generator,
                context,
                model_name,
                tokenizer,
                *args,
                **options,
            )

        def convert(output: Any) -> list[Logprob]:
            return handler._create_response_logprobs(
                output.token_ids, output.logprobs, tokenizer, request.top_logprobs
            )

        placed = _Placed(convert)
        events = generate(
            request,
            sampling_params,
            placed.read(result_generator),
            context,
            model_name,
            tokenizer,
            *args,
            **options,
        )
        return placed.write(events)

    if not handler.use_harmony:  # which has no log probabilities
        handler.responses_stream_generator = generate_with_logprobs


def of_text(logprobs: list[Logprob], text: str) -> list[Logprob]:
    """Return those of a text's tokens, of those of all tokens that were read until its end."""
    begin, end = _find_text(logprobs, text)
    return logprobs[begin:end]


class _Placed:
    """Holds the tokens of one stream until their text is written."""

    def __init__(self, convert: Callable[[Any], list[Logprob]]) -> None:
        self._convert = convert
        self._outputs: list[Any] = []
        self._held: list[Logprob] = []
        self._of_part: list[Logprob] = []

    async def read(self, results: AsyncIterator[T]) -> AsyncIterator[T]:
        async for context in results:
            last: Any = getattr(context, "last_output", None)
            if last is not None:
                self._outputs += last.outputs
            yield context

    async def write(self, events: AsyncGenerator[Any]) -> AsyncGenerator[Any]:
        try:
            async for event in events:
                if isinstance(event, ResponseTextDeltaEvent):
                    if event.logprobs:  # none beside a hidden thought
                        event.logprobs = [_of_delta(each) for each in self._take(event.delta)]
                elif event.type.endswith(DELTA):
                    # The text after a thought or a call can begin in the same output.
                    del self._outputs[:-1]
                    self._held.clear()
                elif isinstance(event, ResponseContentPartDoneEvent):
                    self._end_part(event.part)
                yield event
        finally:
            await events.aclose()

    def _take(self, text: str) -> list[Logprob]:
        for output in self._outputs:
            self._held += self._convert(output)
        self._outputs.clear()
        begin, end = _find_text(self._held, text)
        taken = self._held[begin:end]
        del self._held[:end]
        self._of_part += taken
        return taken

    def _end_part(self, part: Any) -> None:
        if isinstance(part, ResponseOutputText) and part.logprobs:
            part.logprobs = self._of_part
            self._of_part = []


def _find_text(logprobs: list[Logprob], text: str) -> tuple[int, int]:
    """Return where a text's tokens begin and end among tokens; all of them if they do not match.

    After its end may come tokens that are not in it: the one that ends the answer, and those that
    are held back.
    """
    begin = end = len(logprobs)
    for index in range(len(logprobs) - 1, -1, -1):
        token = logprobs[index].token
        # A character of several tokens belongs to its last; the others are empty.
        if token and not text:
            break
        is_of_text = text.endswith(token)
        if begin == end:  # nothing of the text yet
            if not (token and is_of_text):
                continue
            end = index + 1
        elif not is_of_text:
            return 0, len(logprobs)
        text = text.removesuffix(token)
        begin = index
    return (begin, end) if begin < end else (0, len(logprobs))


def _of_delta(logprob: Logprob) -> delta_event.Logprob:
    return delta_event.Logprob(
        token=logprob.token,
        logprob=logprob.logprob,
        top_logprobs=[
            delta_event.LogprobTopLogprob(token=each.token, logprob=each.logprob)
            for each in logprob.top_logprobs
        ],
    )
