# pyright: standard
"""Tokens that are written where they leave the engine make the same stream as vLLM's own frames."""

import json
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any, cast

import pytest
import pytest_asyncio

from deployments.bus import Outlet
from deployments.chat.config import ChatConfig
from tests.support.tiny_model import make_tiny_llama
from wire.calls import Call, Operation, Usage

TOOL = {"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}}
BRACE = str(3 + ord("}") - ord("!"))
"""The token of a closing brace: after three special tokens, the first is that of "!"."""
CHAT: dict[str, Any] = {"messages": [{"role": "user", "content": "hello"}], "max_tokens": 60}
TEXT: dict[str, Any] = {"prompt": "hello", "max_tokens": 60}
PLAIN = [
    CHAT,
    CHAT | {"stream_options": {"include_usage": True}},
    CHAT | {"tools": [TOOL], "tool_choice": "none"},
    CHAT | {"max_tokens": 1},
    CHAT | {"response_format": {"type": "json_object"}, "logit_bias": {BRACE: -100}},
    TEXT | {"stream_options": {"include_usage": True}},
    TEXT | {"prompt": [10, 11, 12], "ignore_eos": False},
]
OTHERS = [
    CHAT | {"logprobs": True, "top_logprobs": 2},
    CHAT | {"n": 2},
    CHAT | {"return_token_ids": True},
    CHAT | {"stream_options": {"include_usage": True, "continuous_usage_stats": True}},
    TEXT | {"prompt": ["a", "b"]},
    TEXT | {"echo": True},
    TEXT | {"logprobs": 1},
]


FIRST_AND_LAST = 2
"""Frames with text that vLLM makes in a plain stream."""


class Recorder:
    """Stands where an outlet would: what it was given, by whom, in order."""

    def __init__(self) -> None:
        self.frames: list[bytes] = []
        self.tapped: list[bytes] = []
        self.full_until = 0
        self.asked = 0

    @property
    def is_full(self) -> bool:
        self.asked += 1
        return self.asked <= self.full_until

    def write(self, frame: bytes) -> None:
        self.tapped.append(frame)
        self.frames.append(frame)


@pytest_asyncio.fixture(scope="module", loop_scope="module", params=["hermes", None])
async def engine(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> AsyncGenerator[Any]:
    """A model of bytes, mostly not of whole letters, with a parser of tools and without."""
    from deployments.chat.vllm.engine import VLLMEngine

    options: dict[str, Any] = {"max_model_len": 512, "enforce_eager": True, "max_num_seqs": 16}
    if request.param:
        options |= {"enable_auto_tool_choice": True, "tool_call_parser": request.param}
    directory: Path = tmp_path_factory.mktemp("llama")
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("VLLM_CPU_KVCACHE_SPACE", "1")
        environment.setenv("OMP_NUM_THREADS", "1")
        loaded = await VLLMEngine.load(
            ChatConfig(model_id="m", model=str(make_tiny_llama(directory)), engine_kwargs=options)
        )
    yield loaded
    await loaded.close()


def call_of(fields: dict[str, Any]) -> Call:
    operation = Operation.COMPLETION if "prompt" in fields else Operation.CHAT_COMPLETION
    body = {"temperature": 0, "seed": 7, "ignore_eos": True, "stream": True, "model": "m", **fields}
    return Call(operation, json.dumps(body).encode(), "req")


async def streamed(
    engine: Any, fields: dict[str, Any], outlet: Recorder | None
) -> tuple[list[bytes], Usage]:
    frames = outlet.frames if outlet else []
    usage = Usage()
    async for piece in engine.stream(call_of(fields), outlet):
        if isinstance(piece, Usage):
            usage = piece
        else:
            frames.append(piece)
    return frames, usage


def told(frames: list[bytes]) -> tuple[str, list[Any]]:
    """Return the text, and all else that frames say: those that differ in nothing else, once."""
    text = ""
    rest: list[Any] = []
    for frame in frames:
        assert frame.startswith(b"data: ")
        assert frame.endswith(b"\n\n")
        data = frame[len(b"data: ") : -2]
        chunk = data.decode() if data == b"[DONE]" else json.loads(data)
        if isinstance(chunk, dict):
            chunk["created"] = 0
            for choice in chunk["choices"]:
                holder = choice.get("delta", choice)
                for name in ("content", "text"):
                    if isinstance(holder.get(name), str):
                        text += holder[name]
                        holder[name] = "…"
        if chunk not in rest:
            rest.append(chunk)
    return text, rest


def num_texts(frames: list[bytes]) -> int:
    """Return how many frames have a text that is not empty."""
    return sum(bool(told([frame])[0]) for frame in frames)


def output(text: str, token: int) -> Any:
    from vllm import CompletionOutput, RequestOutput

    part = CompletionOutput(0, text, [token], cumulative_logprob=None, logprobs=None)
    return RequestOutput("req", None, None, None, [part], finished=False)


def test_tokens_that_vllm_reads_together_make_the_template_frame() -> None:
    from vllm.sampling_params import RequestOutputKind
    from vllm.v1.engine.output_processor import RequestOutputCollector

    from deployments.chat.vllm.taps import Tap

    recorder = Recorder()
    tap = Tap(cast("Outlet", recorder), Operation.COMPLETION, writes_empty=True)
    collector = RequestOutputCollector(RequestOutputKind.DELTA, "req")
    collector.put(output("a", 1))
    tap.attach(collector)
    collector.put(output("b", 2))
    assert collector.get_nowait()

    tap.learn(b'{"text":"ab","index":0}')
    collector.put(output("c", 3))

    assert recorder.tapped == [b'{"text":"c","index":0}']


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("fields", PLAIN)
async def test_plain_stream_is_the_same_as_vllms(engine: Any, fields: dict[str, Any]) -> None:
    recorder = Recorder()

    tapped, usage = await streamed(engine, fields, recorder)
    expected, expected_usage = await streamed(engine, fields, None)

    assert told(tapped) == told(expected)
    assert usage == expected_usage
    assert usage.completion_tokens == fields["max_tokens"]
    # However late this process reads what the engine has made, in one frame then.
    assert num_texts(tapped) - num_texts(recorder.tapped) <= FIRST_AND_LAST


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("fields", OTHERS)
async def test_stream_that_is_not_plain_is_vllms(engine: Any, fields: dict[str, Any]) -> None:
    recorder = Recorder()

    tapped, usage = await streamed(engine, fields, recorder)
    expected, expected_usage = await streamed(engine, fields, None)

    assert recorder.tapped == []
    assert told(tapped)[0] == told(expected)[0] or fields.get("n") == 2
    assert usage == expected_usage


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("engine", ["hermes"], indirect=True)
async def test_stream_that_may_call_tools_is_vllms(engine: Any) -> None:
    recorder = Recorder()

    tapped, _ = await streamed(engine, CHAT | {"tools": [TOOL]}, recorder)

    assert recorder.tapped == []
    assert told(tapped) == told((await streamed(engine, CHAT | {"tools": [TOOL]}, None))[0])


@pytest.mark.asyncio(loop_scope="module")
async def test_tokens_of_a_client_that_reads_slowly_wait_in_the_engine_and_are_all_counted(
    engine: Any,
) -> None:
    fields = CHAT | {"stream_options": {"include_usage": True}}
    recorder = Recorder()
    recorder.full_until = 30

    tapped, usage = await streamed(engine, fields, recorder)

    assert told(tapped) == told((await streamed(engine, fields, None))[0])
    assert usage.completion_tokens == 60
    # Tokens that wait together are one frame, for which the outlet is asked once.
    assert recorder.tapped or recorder.asked <= recorder.full_until


@pytest.mark.asyncio(loop_scope="module")
async def test_streams_at_once_are_each_the_same_as_alone(engine: Any) -> None:
    import asyncio

    asked = [CHAT | {"messages": [{"role": "user", "content": f"{n} is"}]} for n in range(12)]
    together = await asyncio.gather(*(streamed(engine, each, Recorder()) for each in asked))

    for fields, (frames, usage) in zip(asked, together, strict=True):
        assert usage.completion_tokens == 60
        assert told(frames) == told((await streamed(engine, fields, None))[0])
