"""How long one key's requests take while another key sends as many as it can."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from bench.checks import CHAT, SENTENCE, chat_body
from bench.client.job import Flow, Job
from bench.contenders import Contender
from bench.contenders.homeport import Homeport
from bench.kinds.workloads import BODIES, PATHS, of_words
from bench.running import Running
from bench.stage import Stage
from bench.summary import Summary, number, rows, with_spread
from bench.tables import Cell, Sample

QUIET, FLOOD = "quiet-key", "flood-key"
QUIET_TOKENS, FLOOD_TOKENS = 16, 128


@dataclass(frozen=True, slots=True)
class Pair:
    """A request of the quiet key, and those with which the other key floods the same model."""

    quiet: Flow
    flood: Flow
    figure: str = "latency_ms"
    """What the quiet key waits for: the first token, or the whole answer."""


def pairs(url: str) -> dict[str, Pair]:
    """Return the requests of each kind."""
    embedding = {"input": of_words(16), "encoding_format": "base64"}
    many = {"input": [of_words(128)] * 64, "encoding_format": "base64"}
    chats = [chat_body(SENTENCE, n, stream=True) for n in (QUIET_TOKENS, FLOOD_TOKENS)]
    quiet, flood = (Flow(url + CHAT, body, 1, stream=True) for body in chats)
    return {
        "chat": Pair(quiet, replace(flood, callers=140), "first_ms"),
        "embeddings": _pair(url, "embeddings", embedding, many, 64),
        "speech": _pair(url, "speech", BODIES["speech"], BODIES["speech"], 32),
        "images": _pair(url, "images", BODIES["images"], BODIES["images"] | {"n": 4}, 16),
    }


def _pair(url: str, kind: str, quiet: dict[str, Any], flood: dict[str, Any], callers: int) -> Pair:
    where = url + PATHS[kind]
    return Pair(
        Flow(where, json.dumps(quiet).encode(), 1),
        Flow(where, json.dumps(flood).encode(), callers),
    )


class Fairness:
    """A quiet key beside a flooding one."""

    name = "fairness"
    title = "A quiet key beside one that floods"
    contenders: Sequence[Contender] = (
        Homeport(
            "Homeport, two keys",
            ("chat", "embeddings", "speech", "images"),
            keys=(QUIET, FLOOD),
        ),
    )

    def measure(self, server: Running, stage: Stage) -> Iterator[Cell]:
        """Measure each kind: the quiet key alone, beside the flood, and as a part of the flood."""
        options = stage.options
        for kind, pair in pairs(server.url).items():
            quiet, flood = replace(pair.quiet, key=QUIET), replace(pair.flood, key=FLOOD)
            figures: dict[str, float] = {}
            for name, flows in {
                "alone": (quiet,),
                "beside": (quiet, flood),
                "within": (replace(quiet, key=FLOOD), flood),
            }.items():
                job = Job(flows, options.seconds, options.warmup_s)
                seen = stage.generator.run(job, lambda: None)["flows"][0]  # refusals are no faults
                if spread := seen[pair.figure]:
                    figures |= {f"{name}_{share}": spread[share] for share in ("p50", "p99")}
                figures[f"{name}_refused"] = sum(seen["errors"].values())
            yield kind, figures

    def markdown(self, samples: Sequence[Sample]) -> list[str]:
        """Return the lines of the table."""
        summary = Summary(samples)
        (contender,) = summary.contenders
        lines: list[list[str]] = []
        for kind in summary.cells:
            waits = [
                " / ".join(
                    number(summary.median(kind, contender, f"{name}_{share}"))
                    for share in ("p50", "p99")
                )
                for name in ("alone", "beside", "within")
            ]
            alone = summary.rounds(kind, contender, "alone_p50")
            beside = summary.rounds(kind, contender, "beside_p50")
            shares = [beside[turn] / alone[turn] for turn in beside if alone.get(turn)]
            refused = [
                number(summary.median(kind, contender, f"{name}_refused"))
                for name in ("beside", "within")
            ]
            lines.append([kind, *waits, with_spread(shares), " / ".join(refused)])
        header = ["kind", "alone", "beside the flood", "of the flood's key", "ratio", "refused"]
        return [
            "Milliseconds of one caller, median / 99th percentile: to the first token of chat, of "
            "whole answers of the other kinds. The flood's key has more callers than the model has "
            "places. The ratio is that of the medians beside the flood and alone.",
            "",
            *rows(header, lines),
        ]

    def draw(self, samples: Sequence[Sample], directory: Path) -> None:
        """Nothing."""
