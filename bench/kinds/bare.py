# pyright: standard
"""A process that loads one bare library and runs the measurements requested on its stdin.

python -m bench.kinds.bare <kind>
"""

import asyncio
import io
import json
import math
import sys
from collections.abc import AsyncGenerator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from bench.kinds.load import Once, throughput
from bench.kinds.workloads import DOCUMENTS, QUERY, SENTENCE, texts
from deployments.config import resolve_model

Loop = Callable[[int, bytes], tuple[Once, int]]
"""Takes the number of callers and a recording; returns one call of the library, and how many to
make at once."""


@asynccontextmanager
async def embeddings(args: dict[str, Any]) -> AsyncGenerator[Loop]:
    """Load sentence-transformers."""
    from sentence_transformers import SentenceTransformer

    model = SentenceTransformer(resolve_model(args["model"]), device="cpu")

    def loop(callers: int, _: bytes) -> tuple[Once, int]:
        batch = texts(callers)

        async def once() -> float:
            model.encode(batch)
            return callers

        return once, 1

    yield loop


@asynccontextmanager
async def rerank(args: dict[str, Any]) -> AsyncGenerator[Loop]:
    """Load sentence-transformers, to rank as the embedded model does: by cosine."""
    from sentence_transformers import SentenceTransformer

    model = SentenceTransformer(resolve_model(args["model"]), device="cpu")

    async def once() -> float:
        vectors = model.encode([QUERY, *DOCUMENTS])
        _ = vectors[1:] @ vectors[0]
        return len(DOCUMENTS)

    yield lambda _, __: (once, 1)


@asynccontextmanager
async def images(args: dict[str, Any]) -> AsyncGenerator[Loop]:
    """Load diffusers, to draw in the model's size and enlarge, as the server does."""
    from diffusers.pipelines.pipeline_utils import DiffusionPipeline
    from PIL.Image import Resampling

    pipeline: Any = DiffusionPipeline.from_pretrained(resolve_model(args["model"]))
    pipeline.set_progress_bar_config(disable=True)
    size = tuple(int(edge) for edge in args["default_size"].split("x"))
    scale = min(1, (args["native_pixels"] / math.prod(size)) ** 0.5)
    width, height = (round(edge * scale) for edge in size)
    options = {"num_inference_steps": args["default_steps"], **args.get("pipeline_kwargs", {})}

    async def once() -> float:
        made = pipeline("a red circle", width=width, height=height, **options)
        made.images[0].resize(size, Resampling.LANCZOS).save(io.BytesIO(), "PNG")
        return 1

    yield lambda _, __: (once, 1)


@asynccontextmanager
async def speech(_: dict[str, Any]) -> AsyncGenerator[Loop]:
    """Load espeak-ng, with its defaults of speed and pitch."""
    import av
    import numpy as np

    from deployments.speech.espeak.library import EspeakLibrary
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

    yield lambda _, __: (once, 1)


@asynccontextmanager
async def transcriptions(args: dict[str, Any]) -> AsyncGenerator[Loop]:
    """Load faster-whisper."""
    from faster_whisper import WhisperModel

    model = WhisperModel(resolve_model(args["model"]), **args["engine_kwargs"])
    workers = args["engine_kwargs"].get("num_workers", 1)
    pool = ThreadPoolExecutor(workers)
    options = {"vad_filter": True, **args.get("transcribe_kwargs", {})}

    def transcribe(recording: bytes) -> float:
        segments, info = model.transcribe(io.BytesIO(recording), **options)
        list(segments)
        return info.duration

    def loop(callers: int, recording: bytes) -> tuple[Once, int]:
        async def once() -> float:
            work = asyncio.get_running_loop()
            return await work.run_in_executor(pool, transcribe, recording)

        return once, min(callers, workers)

    yield loop
    pool.shutdown()


LIBRARIES = {
    "embeddings": embeddings,
    "rerank": rerank,
    "images": images,
    "speech": speech,
    "transcriptions": transcriptions,
}


async def answer(kind: str) -> None:
    """Load the library, then run one measurement per line of stdin."""
    questions = (json.loads(line) for line in sys.stdin)
    async with LIBRARIES[kind](next(questions)) as loop:
        print("answer 0", flush=True)
        is_warm = False
        for question in questions:
            once, callers = loop(question["callers"], _read(question["recording"]))
            if not is_warm:
                await once()
                is_warm = True
            print("answer", await throughput(once, callers, question["seconds"]), flush=True)


def _read(path: str) -> bytes:
    return Path(path).read_bytes() if path else b""


if __name__ == "__main__":
    asyncio.run(answer(sys.argv[1]))
