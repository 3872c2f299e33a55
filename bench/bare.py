# pyright: standard
"""The side of the bare libraries: a process that loads one and answers questions on its stdin.

python -m bench.bare <kind>
"""

import asyncio
import io
import json
import sys
import uuid
from collections.abc import AsyncGenerator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import Any

from bench.load import Once, throughput
from bench.workloads import DOCUMENTS, SENTENCE, TEXT, TOKENS, WORKLOADS
from deployments.config import resolve_model

Loop = Callable[[int], tuple[Once, int]]
"""Given the number of callers: one call of the library, and how many of them to make at once."""


@asynccontextmanager
async def chat(args: dict[str, Any], _: bytes) -> AsyncGenerator[Loop]:
    """Load vLLM."""
    from vllm import SamplingParams
    from vllm.engine.arg_utils import AsyncEngineArgs
    from vllm.sampling_params import RequestOutputKind
    from vllm.v1.engine.async_llm import AsyncLLM

    frontend = {"enable_auto_tool_choice", "tool_call_parser"}
    options = {k: v for k, v in args["engine_kwargs"].items() if k not in frontend}
    engine = AsyncLLM.from_engine_args(
        AsyncEngineArgs(model=resolve_model(args["model"]), **options)
    )
    sampling = SamplingParams(
        max_tokens=TOKENS, ignore_eos=True, output_kind=RequestOutputKind.DELTA
    )

    async def once() -> float:
        async for _ in engine.generate(TEXT, sampling, request_id=uuid.uuid4().hex):
            pass
        return TOKENS

    yield lambda concurrency: (once, concurrency)
    engine.shutdown()


@asynccontextmanager
async def embeddings(args: dict[str, Any], _: bytes) -> AsyncGenerator[Loop]:
    """Load sentence-transformers."""
    from sentence_transformers import SentenceTransformer

    model = SentenceTransformer(resolve_model(args["model"]), device="cpu")

    def loop(concurrency: int) -> tuple[Once, int]:
        async def once() -> float:
            model.encode([TEXT] * concurrency)
            return concurrency

        return once, 1

    yield loop


@asynccontextmanager
async def rerank(args: dict[str, Any], _: bytes) -> AsyncGenerator[Loop]:
    """Load sentence-transformers, to rank as the embedded model does: by cosine."""
    from sentence_transformers import SentenceTransformer

    model = SentenceTransformer(resolve_model(args["model"]), device="cpu")
    query = WORKLOADS["rerank"].body["query"]

    async def once() -> float:
        vectors = model.encode([query, *DOCUMENTS])
        _ = vectors[1:] @ vectors[0]
        return len(DOCUMENTS)

    yield lambda _: (once, 1)


@asynccontextmanager
async def images(args: dict[str, Any], _: bytes) -> AsyncGenerator[Loop]:
    """Load diffusers."""
    from diffusers.pipelines.pipeline_utils import DiffusionPipeline

    pipeline: Any = DiffusionPipeline.from_pretrained(resolve_model(args["model"]))
    pipeline.set_progress_bar_config(disable=True)
    width, height = (int(edge) for edge in args["default_size"].split("x"))
    options = {"num_inference_steps": args["default_steps"], **args.get("pipeline_kwargs", {})}

    async def once() -> float:
        made = pipeline("a red circle", width=width, height=height, **options)
        made.images[0].save(io.BytesIO(), "PNG")
        return 1

    yield lambda _: (once, 1)


@asynccontextmanager
async def speech(_: dict[str, Any], __: bytes) -> AsyncGenerator[Loop]:
    """Load espeak-ng, with its defaults of speed and pitch."""
    import av
    import numpy as np

    from deployments.speech.espeak_library import EspeakLibrary
    from deployments.threads import Cancelled

    library = EspeakLibrary()

    async def once() -> float:
        made = library.speak(SENTENCE, "en-us", 175, 50, Cancelled())
        samples = np.frombuffer(bytes(made.samples), np.int16)[None]
        with av.open(io.BytesIO(), "w", format="mp3") as container:
            stream: Any = container.add_stream("libmp3lame", rate=24_000, layout="mono")
            frame = av.AudioFrame.from_ndarray(samples, format="s16", layout="mono")
            frame.sample_rate = library.sample_rate
            container.mux([*stream.encode(frame), *stream.encode(None)])
        return samples.size / library.sample_rate

    yield lambda _: (once, 1)


@asynccontextmanager
async def transcriptions(args: dict[str, Any], recording: bytes) -> AsyncGenerator[Loop]:
    """Load faster-whisper."""
    from faster_whisper import WhisperModel

    model = WhisperModel(resolve_model(args["model"]), **args["engine_kwargs"])
    workers = args["engine_kwargs"].get("num_workers", 1)
    pool = ThreadPoolExecutor(workers)
    options = {"vad_filter": True, **args.get("transcribe_kwargs", {})}

    def transcribe() -> float:
        segments, info = model.transcribe(io.BytesIO(recording), **options)
        list(segments)
        return info.duration

    async def once() -> float:
        return await asyncio.get_running_loop().run_in_executor(pool, transcribe)

    yield lambda concurrency: (once, min(concurrency, workers))
    pool.shutdown()


LIBRARIES = {
    "chat": chat,
    "embeddings": embeddings,
    "rerank": rerank,
    "images": images,
    "speech": speech,
    "transcriptions": transcriptions,
}


async def answer(kind: str) -> None:
    """Load the library, then measure whenever a line asks for it."""
    questions = (json.loads(line) for line in sys.stdin)
    setup = next(questions)
    load = LIBRARIES[kind]
    async with load(setup["args"], bytes.fromhex(setup["recording"])) as loop:
        print("answer 0", flush=True)
        for question in questions:
            once, callers = loop(question["concurrency"])
            await once()
            print("answer", await throughput(once, callers, question["seconds"]), flush=True)


if __name__ == "__main__":
    asyncio.run(answer(sys.argv[1]))
