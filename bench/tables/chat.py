"""Streams of chat, from one to more than the engine's batch, beside other servers."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from bench import costs, picture
from bench.checks import CHAT, SENTENCE, TOKENS, chat_body, check_chat, measure_agreement
from bench.client.job import Flow, Job
from bench.contenders import Contender
from bench.running import Running
from bench.stage import Stage, figures
from bench.summary import Summary, compare
from bench.tables import Cell, Sample

STREAMS = (1, 8, 32, 128)
UNIT = "streams"
KEPT = 4
"""Answers of each window whose text is kept."""
WARM = 8

CONTENDERS = (
    "- `vllm serve` and `ray.serve.llm`: as they come, with the engine's options of Homeport's "
    "model.",
    "- bound: vLLM's engine core is bound to the core of its worker from outside, which Homeport "
    "does by itself; else both keep two cores busy while they wait for each other.",
    "- tuned: what Ray's documentation recommends for many requests (HAProxy, "
    "`RAY_SERVE_THROUGHPUT_OPTIMIZED`), no access log, workers that do not give way, and bound.",
)


class Chat:
    """Streams of chat."""

    name = "chat"
    title = "Chat, streamed"

    def __init__(self, contenders: Sequence[Contender]) -> None:
        self.contenders = contenders

    def measure(self, server: Running, stage: Stage) -> Iterator[Cell]:
        """Check the answers, then measure each number of streams."""
        check_chat(server, stage)
        options = stage.options
        stage.generator.run(Job((_flow(server, WARM),), options.warmup_s))
        for streams in STREAMS:
            job = Job((_flow(server, streams),), options.seconds, options.warmup_s)
            result = stage.drive(server, job)
            found = figures(result)
            found["alike"] = measure_agreement(stage, SENTENCE, result["flows"][0]["kept"])
            yield f"{streams}", found

    def markdown(self, samples: Sequence[Sample]) -> list[str]:
        """Return the lines of the table."""
        summary = Summary(samples)
        return [
            f"Each stream asks for {TOKENS} tokens, greedily, and the next begins when one has "
            "ended. The engine takes 64 at once, so that half of 128 wait.",
            "",
            *CONTENDERS,
            "",
            "![Throughput and latency over concurrency](chat.svg)",
            "",
            "Tokens a second (more is better):",
            "",
            *compare(summary, UNIT, "units_per_s"),
            "",
            "Milliseconds to the first token, median / 99th percentile (less is better; the ratio "
            "is the medians'):",
            "",
            *compare(summary, UNIT, "first_ms_p50", "first_ms_p99"),
            "",
            "Milliseconds between two reads that have text, median / 99th percentile:",
            "",
            *compare(summary, UNIT, "gap_ms_p50", "gap_ms_p99"),
            "",
            "Milliseconds of a whole answer, median / 99th percentile:",
            "",
            *compare(summary, UNIT, "latency_ms_p50", "latency_ms_p99"),
            "",
            *costs.cpu(summary, "token"),
            "",
            costs.describe_load(summary),
            "",
            "Of the streams that were read whole under load, "
            f"{100 * min(summary.all_samples('alike'), default=0):.0f} % say word for word what "
            "was said to the same question alone.",
        ]

    def draw(self, samples: Sequence[Sample], directory: Path) -> None:
        """Draw throughput and latency over the number of streams."""
        picture.draw(Summary(samples), directory / "chat.svg")


def _flow(server: Running, streams: int) -> Flow:
    body = chat_body(SENTENCE, TOKENS, stream=True)
    return Flow(server.url + CHAT, body, streams, units=TOKENS, stream=True, keep=KEPT)
