# pyright: standard
"""Draws throughput and latency over concurrency, as a reproducible SVG."""

from pathlib import Path
from typing import Any

from bench.summary import Summary

PANELS = (
    ("units_per_s", "tokens a second", "linear"),
    ("first_ms_p50", "ms to the first token, median", "log"),
    ("gap_ms_p99", "ms between reads, 99th percentile", "log"),
)
COLOURS = ("#0072b2", "#d55e00", "#999999", "#009e73", "#cc79a7")
"""Okabe and Ito's colours, which colour-blind readers can distinguish."""
MARKS = "osD^v"


def draw(summary: Summary, path: Path) -> None:
    """Draw a summary whose cells are numbers of streams; bars are the range over all rounds."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot

    mpl.rcParams.update({"svg.hashsalt": "bench", "font.size": 9, "svg.fonttype": "none"})
    figure, axes = pyplot.subplots(1, len(PANELS), figsize=(12, 3.8), layout="constrained")
    for panel, (name, title, scale) in zip(axes, PANELS, strict=True):
        for number, contender in enumerate(summary.contenders):
            _line(panel, summary, contender, name, number)
        panel.set(title=title, xlabel="streams", xscale="log", yscale=scale)
        panel.set_xticks([int(cell) for cell in summary.cells], summary.cells)
        panel.minorticks_off()
        panel.grid(alpha=0.3)
        if scale == "linear":
            panel.set_ylim(bottom=0)
    handles, labels = axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=len(labels), frameon=False)
    figure.savefig(path, metadata={"Date": None})
    pyplot.close(figure)


def _line(panel: Any, summary: Summary, contender: str, name: str, number: int) -> None:
    x, middle, below, above = [], [], [], []
    for cell in summary.cells:
        values = list(summary.rounds(cell, contender, name).values())
        median = summary.median(cell, contender, name)
        if median is not None:
            x.append(int(cell))
            middle.append(median)
            below.append(median - min(values))
            above.append(max(values) - median)
    panel.errorbar(
        x,
        middle,
        yerr=[below, above],
        label=contender,
        color=COLOURS[number % len(COLOURS)],
        marker=MARKS[number % len(MARKS)],
        markersize=4,
        capsize=2,
        linewidth=1.4,
    )
