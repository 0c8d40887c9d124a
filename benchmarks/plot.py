"""Plot: bars of microseconds a step, peer by peer, one panel a workload."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, NullFormatter
from peers import BOUND
from summary import GLASSBRICK, Line, lines, with_unit

_COLUMNS = 2
_ROOM = 5  # by which an axis is longer than its bars differ: so that labels fit
_OURS, _OTHERS, _BOUND = "#b3432b", "#8a98a8", "#d9dee4"


def draw(results: dict[str, Any], path: Path) -> None:
    """Draw all workloads into a PNG file."""
    steps = [step for step in results["steps"] if lines(step["runs"])]
    if not steps:
        return
    span = _ROOM * max(_largest_ratio(step) for step in steps)
    columns = min(_COLUMNS, len(steps))
    rows = -(-len(steps) // columns)
    with mpl.rc_context({"font.size": 9, "font.family": "DejaVu Sans"}):
        figure = Figure(figsize=(5 * columns, 0.5 + 2.5 * rows), layout="constrained")
        panels = list(figure.subplots(rows, columns, squeeze=False).flat)
        for panel, step in zip(panels, steps, strict=False):
            _panel(panel, step, span)
        for panel in panels[len(steps) :]:
            panel.remove()
        figure.suptitle(
            "Time of a training step, median and quartiles: less is better.\n"
            "Axes are logarithmic; equal distances are equal ratios in all panels.",
            fontsize=11,
        )
        figure.savefig(path, dpi=144)


def _panel(panel: Axes, step: dict[str, Any], span: float) -> None:
    found = lines(step["runs"])[::-1]  # bars are drawn from below
    medians = [line.median for line in found]
    positions = range(len(found))
    panel.barh(positions, medians, color=[_color(line) for line in found], height=0.72)
    for position, line in zip(positions, found, strict=True):
        panel.plot(line.quartiles, (position, position), color="#333333", linewidth=1)
        panel.annotate(
            with_unit(line.median),
            (max(line.quartiles[1], line.median), position),
            xytext=(4, 0),
            textcoords="offset points",
            va="center",
        )
    panel.set_yticks(list(positions), [line.peer.title for line in found])
    panel.set_xscale("log")
    panel.set_xlim(min(medians) / 2, min(medians) / 2 * span)
    panel.xaxis.set_major_formatter(FuncFormatter(_tick))
    panel.xaxis.set_minor_formatter(NullFormatter())
    title = f"{step['network']}, batch {step['batch']}, {step['optimizer']}"
    panel.set_title(title, loc="left", fontsize=10)
    panel.tick_params(axis="y", length=0)
    panel.spines[["top", "right", "left"]].set_visible(False)


def _largest_ratio(step: dict[str, Any]) -> float:
    medians = [line.median for line in lines(step["runs"])]
    return max(medians) / min(medians)


def _color(line: Line) -> str:
    if line.peer.name in GLASSBRICK:
        return _OURS
    return _BOUND if line.peer is BOUND else _OTHERS


def _tick(microseconds: float, _: int | None) -> str:
    in_ms = microseconds >= 1000
    return f"{microseconds / 1000:,g} ms" if in_ms else f"{microseconds:g} µs"
