"""All kinds at once: the share of each kind's throughput alone, which shows starvation."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from bench.checks import CHAT, TOKENS, chat_body
from bench.checks import SENTENCE as ASKED
from bench.client.job import Flow, Job
from bench.contenders import Contender
from bench.contenders.homeport import Homeport
from bench.kinds.recordings import seconds_of, synthesize
from bench.kinds.workloads import SENTENCE, UNITS, Load, flows
from bench.running import Running
from bench.stage import Stage
from bench.summary import Summary, number, rows, with_spread
from bench.tables import Cell, Sample
from bench.tables.kinds import ALL_KINDS, combine_flows, record

MIX = (
    Load("embeddings", 4),
    Load("rerank", 1),
    Load("images", 1),
    Load("speech", 1),
    Load("transcriptions", 1, 10),
)
STREAMS = 4
CHAT_UNIT = "tokens/s"


class Mixed:
    """All kinds, alone and at once."""

    name = "mixed"
    title = "All kinds at once"
    contenders: Sequence[Contender] = (Homeport("Homeport, all kinds", ALL_KINDS),)

    def measure(self, server: Running, stage: Stage) -> Iterator[Cell]:
        """Measure each kind alone, then all together."""
        recordings = record(server.url)
        spoken_s = seconds_of(synthesize(server.url, SENTENCE, "mp3"))
        by_kind: dict[str, list[Flow]] = {"chat": [_chat(server)]}
        by_kind |= {load.kind: flows(server.url, load, recordings, spoken_s) for load in MIX}
        options = stage.options
        alone: dict[str, dict[str, float]] = {}
        for kind, parts in by_kind.items():
            job = Job(tuple(parts), options.seconds, options.warmup_s)
            alone[kind] = combine_flows(stage.drive(server, job)["flows"])
        every = tuple(flow for parts in by_kind.values() for flow in parts)
        seen = stage.drive(server, Job(every, 2 * options.seconds, options.warmup_s))["flows"]
        for kind, parts in by_kind.items():
            mine, seen = seen[: len(parts)], seen[len(parts) :]
            mixed = {f"mixed_{name}": value for name, value in combine_flows(mine).items()}
            yield kind, {**alone[kind], **mixed}

    def markdown(self, samples: Sequence[Sample]) -> list[str]:
        """Return the lines of the table."""
        summary = Summary(samples)
        (contender,) = summary.contenders
        lines: list[list[str]] = []
        for kind in summary.cells:
            alone = summary.rounds(kind, contender, "server")
            mixed = summary.rounds(kind, contender, "mixed_server")
            shares = [mixed[turn] / alone[turn] for turn in mixed if alone.get(turn)]
            waits = [
                " / ".join(
                    number(summary.median(kind, contender, f"{prefix}latency_ms_{share}"))
                    for share in ("p50", "p99")
                )
                for prefix in ("", "mixed_")
            ]
            values = [
                number(summary.median(kind, contender, name)) for name in ("server", "mixed_server")
            ]
            unit = UNITS.get(kind, CHAT_UNIT)
            lines.append([kind, *values, with_spread(shares), unit, *waits])
        callers = ", ".join(f"{load.callers} of {load.kind}" for load in MIX)
        header = ["kind", "alone", "at once", "ratio", "unit", "ms alone", "ms at once"]
        return [
            f"{STREAMS} streams of chat, {callers}. Milliseconds of whole answers: median / 99th "
            "percentile. Six kinds share the machine's cores, so an equal share is a sixth.",
            "",
            *rows(header, lines),
        ]

    def draw(self, samples: Sequence[Sample], directory: Path) -> None:
        """Nothing."""


def _chat(server: Running) -> Flow:
    body = chat_body(ASKED, TOKENS, stream=True)
    return Flow(server.url + CHAT, body, STREAMS, units=TOKENS, stream=True)
