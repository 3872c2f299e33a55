# pyright: standard
"""The vLLM engine: vLLM's ``AsyncLLM`` and its OpenAI serving layer inside the replica.

The same code runs on GPU and CPU. Requests arrive and answers leave as JSON bytes in OpenAI's
shape; chat templates, tool and reasoning parsers and logprobs are vLLM's.
"""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from typing import Any, ClassVar

from fastapi import Request
from pydantic import TypeAdapter
from starlette.datastructures import State
from vllm import AsyncLLMEngine
from vllm.entrypoints.anthropic.protocol import (
    AnthropicCountTokensRequest,
    AnthropicMessagesRequest,
)
from vllm.entrypoints.launchers.api_server.app_state import init_app_state
from vllm.entrypoints.openai.completion.protocol import CompletionResponse
from vllm.entrypoints.serve import create_error_response
from vllm.entrypoints.serve.engine.protocol import ErrorResponse
from vllm.entrypoints.serve.tokenize.protocol import DetokenizeRequest, TokenizeRequest

from deployments.bus import Outlet
from deployments.chat.config import ChatConfig
from deployments.chat.vllm.adapters import Adapters, LoadedAdapter
from deployments.chat.vllm.answers import as_json, frame_writer
from deployments.chat.vllm.beams import BeamSearch, TextBody
from deployments.chat.vllm.bodies import LARGE_BYTES, read_body
from deployments.chat.vllm.causes import reason
from deployments.chat.vllm.errors import LIBRARY_ERRORS, convert_error
from deployments.chat.vllm.gguf.cache import convert_gguf
from deployments.chat.vllm.grammars import REFUSAL, Grammars
from deployments.chat.vllm.logs import leave_logging_to_serve
from deployments.chat.vllm.media import Media, check_input_parts
from deployments.chat.vllm.messages import ERROR_FRAME, Messages
from deployments.chat.vllm.options import engine_arguments
from deployments.chat.vllm.priority import IS_BACKGROUND
from deployments.chat.vllm.processes import fork_from_there
from deployments.chat.vllm.rendering import Rendering
from deployments.chat.vllm.responses import OneTurnRequest, Responses
from deployments.chat.vllm.sampling import add_processors, check_sampling, obstacle
from deployments.chat.vllm.taps import TAP, tap_for
from deployments.chat.vllm.thoughts import ChatBody
from deployments.chat.vllm.token_texts import keep_token_texts
from deployments.chat.vllm.tool_calls import ENDS, call_mark, forbid_calls
from deployments.chat.vllm.tool_formats import allow_formats_beside_calls
from deployments.chat.vllm.whitespace import BoundedLLM
from deployments.chat.vllm.whole_answers import (
    Unmade,
    has_logprobs,
    make_chats,
    make_completions,
)
from deployments.threads import WorkerThreads
from wire.calls import Call, Operation, Reply, Usage
from wire.errors import (
    RETRY_AFTER_S,
    APIError,
    InvalidRequestError,
    ModelLoadError,
    ModelUnavailableError,
    ReplicaLostError,
)
from wire.logging import get_logger
from wire.sse import read_data

logger = get_logger(__name__)


LEAST_TEMPERATURE = 0.01
"""vLLM takes a lower one for this."""

LONG_ANSWERS = (Operation.TOKENIZE, Operation.DETOKENIZE)
"""What is as long as the request."""


class VLLMEngine:
    """A loaded language model."""

    def __init__(
        self,
        engine: AsyncLLMEngine,
        state: State,
        config: ChatConfig,
        grammars: Grammars | None = None,
    ) -> None:
        self._engine = engine
        self._grammars = grammars
        self._media = Media(config)
        self._threads = WorkerThreads()
        self._rendering = Rendering(engine.renderer)
        self._adapters = Adapters(state.openai_serving_models, config)
        self._max_model_len = engine.model_config.max_model_len
        self._vocabulary_size = engine.model_config.get_vocab_size()
        self._parser = state.openai_serving_chat.parser_cls
        self._call_mark = call_mark(self._parser)
        allow_formats_beside_calls(state.online_renderer)
        self._counts_in_every_frame = state.openai_serving_chat.enable_force_include_usage
        self._sampling_obstacle = obstacle(engine.vllm_config)
        for handler in (state.openai_serving_chat, state.openai_serving_completion):
            handler.beam_search = BeamSearch(engine).search
        self._messages = Messages(state.anthropic_serving_messages)
        self._responses = Responses(state.openai_serving_responses, self._threads)
        make_chats(state.openai_serving_chat, self._threads)
        make_completions(state.openai_serving_completion)
        keep_token_texts()
        self._state = state

    @classmethod
    async def load(cls, config: ChatConfig) -> "VLLMEngine":
        """Start the engine and build vLLM's front end on it.

        Raises:
            ModelLoadError: the model or its options are wrong.
        """
        directory = await asyncio.to_thread(convert_gguf, config)
        arguments, namespace = engine_arguments(config, directory)
        leave_logging_to_serve(arguments)
        processes = None
        try:
            options = arguments.create_engine_config()
            check_input_parts(config, options.model_config)
            add_processors(options)  # only now it is known which kind this engine takes
            parallel = options.parallel_config
            if not (parallel.use_ray or parallel.numa_bind):  # both start a program of their own
                processes = fork_from_there()
            engine = BoundedLLM.from_vllm_config(
                options,
                enable_log_requests=arguments.enable_log_requests,
                disable_log_stats=arguments.disable_log_stats,
            )
        except (OSError, ValueError, RuntimeError) as error:
            cause = (processes and processes.describe_failure()) or reason(error)
            raise ModelLoadError(f"vLLM cannot load '{config.model}': {cause}") from error
        assert isinstance(engine, BoundedLLM)
        grammars = None
        if not options.model_config.skip_tokenizer_init:
            grammars = Grammars(engine.vllm_config, config.max_whitespace)
            grammars.start()
            engine.compile_outputs = grammars.compile
        # The namespace must not disagree with what the engine made of its options.
        namespace.structured_outputs_config = engine.vllm_config.structured_outputs_config
        state = State()
        await init_app_state(engine, state, namespace, await engine.get_supported_tasks())
        return cls(engine, state, config, grammars)

    async def load_adapter(self, name: str) -> LoadedAdapter:
        """Load one of the model's LoRA adapters, before the calls that name it."""
        return await self._adapters.load(name)

    async def run(self, call: Call) -> Reply:
        """Answer one request whole."""
        request = _raw_request(call)
        answer, body = await self._start(call, request)
        if has_logprobs(body) or call.operation in LONG_ANSWERS:
            encoded = await self._threads.run(lambda _: as_json(answer, body))
        else:
            encoded = as_json(answer, body)
        return Reply(encoded, _usage(request))

    async def stream(
        self, call: Call, outlet: Outlet | None = None
    ) -> AsyncGenerator[bytes | Usage]:
        """Answer one request as server-sent events, ``[DONE]`` included, then the usage.

        Whoever reads them writes them to ``outlet``, at once; others may be there already.
        """
        request = _raw_request(call)
        frames, body = await self._start(call, request)
        write = frame_writer(body)
        tap = None
        if outlet is not None and not self._counts_in_every_frame:
            tap = tap_for(call.operation, body, self._parser, outlet)
        TAP.set(tap)
        try:
            async for frame in frames:
                if frame.startswith(ERROR_FRAME):
                    error = ErrorResponse(**read_data(frame.encode()))
                    raise self._convert_error(error, call)
                written = write(frame)
                if tap is not None:
                    tap.learn(written)
                yield written
        except LIBRARY_ERRORS as error:
            raise self._convert_error(create_error_response(error), call, error) from error
        finally:
            await frames.aclose()
        yield _usage(request)

    async def check_health(self) -> None:
        """Raise vLLM's ``EngineDeadError`` once its engine process is gone."""
        await self._engine.check_health()

    async def close(self) -> None:
        """End the engine's processes."""
        if self._grammars is not None:
            self._grammars.close()
        self._threads.close()
        self._engine.shutdown()

    def num_unfinished(self) -> int:
        """Return how many requests the engine works on."""
        return self._engine.get_num_unfinished_requests()

    async def _chat_completion(self, body: ChatBody, request: Request) -> Any:
        forbid_calls(body, self._call_mark)
        return await self._state.openai_serving_chat.create_chat_completion(body, request)

    async def _completion(self, body: TextBody, request: Request) -> Any:
        made: Any = await self._state.openai_serving_completion.create_completion(body, request)
        return await self._threads.run(lambda _: made.make()) if isinstance(made, Unmade) else made

    async def _response(self, body: OneTurnRequest, request: Request) -> Any:
        forbid_calls(body, self._call_mark)
        return await self._responses.create(body, request)

    async def _response_input_tokens(self, body: OneTurnRequest, request: Request) -> Any:
        return await self._responses.count(body, request)

    async def _message(self, body: AnthropicMessagesRequest, request: Request) -> Any:
        return await self._messages.create(body, request)

    async def _message_tokens(self, body: AnthropicCountTokensRequest, request: Request) -> Any:
        return await self._messages.count_tokens(body, request)

    async def _tokenize(self, body: TokenizeRequest, request: Request) -> Any:
        return await self._state.serving_tokenization.create_tokenize(body, request)

    async def _detokenize(self, body: DetokenizeRequest, request: Request) -> Any:
        # The tokenizer would leave out what it has no text for.
        largest = self._state.serving_tokenization.renderer.get_tokenizer().max_token_id
        for token in (min(body.tokens, default=0), max(body.tokens, default=0)):
            if not 0 <= token <= largest:
                param = f"tokens[{body.tokens.index(token)}]"
                raise InvalidRequestError(
                    f"Invalid '{param}': this model has the tokens 0 to {largest} "
                    f"(received {token}).",
                    param,
                )
        return await self._state.serving_tokenization.create_detokenize(body, request)

    handlers: ClassVar[Mapping[Operation, Callable[..., Awaitable[Any]]]] = {
        Operation.CHAT_COMPLETION: _chat_completion,
        Operation.COMPLETION: _completion,
        Operation.RESPONSE: _response,
        Operation.RESPONSE_INPUT_TOKENS: _response_input_tokens,
        Operation.MESSAGE: _message,
        Operation.MESSAGE_TOKENS: _message_tokens,
        Operation.TOKENIZE: _tokenize,
        Operation.DETOKENIZE: _detokenize,
    }
    """vLLM answers whole or in pieces as the body says."""

    async def _start(self, call: Call, request: Request) -> tuple[Any, Any]:
        """Return what vLLM's handler answers, a model or a generator, and the body it read."""
        if self._engine.errored:
            raise ModelUnavailableError("The model's engine has ended.", "model", RETRY_AFTER_S)
        self._rendering.begin(call.body)
        body = await self._read(call)
        self._clamp_numbers(body)
        self._raise_temperature(body)
        IS_BACKGROUND.set(call.low_priority)
        self._media.begin(call.body)
        ENDS.set({})
        REFUSAL.set([])
        try:
            check_sampling(body, self._sampling_obstacle)
            answer = await self.handlers[call.operation](self, body, request)
        except LIBRARY_ERRORS as error:
            raise self._convert_error(create_error_response(error), call, error) from error
        if isinstance(answer, ErrorResponse):
            _check_cancelled()
            raise self._convert_error(answer, call)
        if isinstance(answer, CompletionResponse) and body.max_tokens == 0:
            # vLLM makes a token all the same, leaves it out of the text and counts it.
            answer.usage.completion_tokens = 0
            answer.usage.total_tokens = answer.usage.prompt_tokens
        return answer, body

    async def _read(self, call: Call) -> Any:
        reader = READERS[call.operation]
        if len(call.body) <= LARGE_BYTES:
            return read_body(call, reader)
        return await self._threads.run(lambda _: read_body(call, reader))

    def _raise_temperature(self, body: Any) -> None:
        """Sample as good as greedily where several answers are asked for, which vLLM refuses."""
        if (vars(body).get("n") or 1) > 1:  # only where the type has this field is it a number
            usual = self._engine.model_config.get_diff_sampling_param().get("temperature", 1)
            if (usual if body.temperature is None else body.temperature) == 0:
                body.temperature = LEAST_TEMPERATURE

    def _clamp_numbers(self, body: Any) -> None:
        """Limit the tokens of the answer to the context, and those to choose from to all.

        vLLM limits the former further to what the prompt leaves, but refuses more than the context.
        """
        for name in ("max_completion_tokens", "max_tokens", "max_output_tokens"):
            asked = vars(body).get(name)  # as an attribute, vLLM warns of old names
            # Where the type has no such field, vLLM keeps what was sent unread.
            if isinstance(asked, int) and asked > self._max_model_len:
                setattr(body, name, self._max_model_len)
        top_k = vars(body).get("top_k")
        if isinstance(top_k, int) and top_k >= self._vocabulary_size:
            body.top_k = 0  # off, which is the same; the sampler has no room for large numbers

    def _convert_error(
        self, response: ErrorResponse, call: Call, cause: BaseException | None = None
    ) -> APIError:
        """Return our error for vLLM's."""
        if self._engine.errored:
            return ReplicaLostError("The model's engine ended while it worked.")
        if refusal := REFUSAL.get():
            return refusal[0]
        return convert_error(response, call, cause)


READERS = {
    operation: TypeAdapter[Any](handler.__annotations__["body"])
    for operation, handler in VLLMEngine.handlers.items()
}
"""vLLM's types, which validate what the client has sent."""


def _check_cancelled() -> None:
    """Cancel on. vLLM turns the cancellation of a request into an error that it returns."""
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError


def _raw_request(call: Call) -> Request:
    """Return what vLLM's handlers want of an HTTP request: an id, and a place for the usage."""
    headers = [(b"x-request-id", call.request_id.encode())]
    return Request({"type": "http", "headers": headers})


def _usage(request: Request) -> Usage:
    metadata = getattr(request.state, "request_metadata", None)
    usage = metadata.final_usage_info if metadata is not None else None
    if usage is None:
        return Usage()
    return Usage(usage.prompt_tokens, usage.completion_tokens or 0)
