"""The plot of a history, or several: losses, and metrics below them, over the epochs."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from glassbrick.checks import one_of, refuse
from glassbrick.drawing import (
    BLUE,
    GREY,
    RED,
    all_axes_of,
    dress,
    ink_of,
    new_axes,
    scale_by_powers,
    styled,
)
from glassbrick.errors import ArgumentError, NotReadyError
from glassbrick.training.history import History

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.lines import Line2D

__all__ = ["SCALES", "Curves", "draw"]

SCALES = {"auto": None, "linear": False, "log": True}
"""Names of scales of the losses, and whether they are logarithmic; None as the range asks."""

_FEW = 25  # epochs, up to which each gets a dot
_WIDE = 10.0  # ratio of largest to smallest value, from which on the scale is logarithmic


@dataclass
class Curves:
    """What was drawn.

    Attributes
    ----------
    axes : list of Axes
        Of the losses, and of each metric.
    lines : dict of str to list of Line2D
        By name, "val_loss" for example: one of each history that has it.
    best : list of Line2D
        The dots at the best epochs.
    """

    axes: list[Axes]
    lines: dict[str, list[Line2D]] = field(default_factory=dict)
    best: list[Line2D] = field(default_factory=list)


def draw(
    histories: Sequence[History],
    ax: Any,
    metrics: Sequence[str] | None,
    scale: str = "auto",
    who: str = "History.plot",
) -> Curves:
    """Draw histories into the same axes; see `History.plot`."""
    if not histories or not all(history.epochs for history in histories):
        raise NotReadyError(f"{who}: there is no epoch to draw yet. Call fit first.")
    is_log = one_of(scale, SCALES, f"{who}, scale")
    with styled(who):
        names = _metric_names(histories, metrics, who)
        if ax is None:
            all_axes = new_axes(1 + len(names), (7.0, 3.6 + 1.7 * len(names)))
        else:
            all_axes = all_axes_of(ax, who)
            if metrics is None:
                names = names[: len(all_axes) - 1]
        panels = ["loss", *names]
        if len(panels) > len(all_axes):
            expected = f"{len(panels)} axes, for the losses and each metric"
            refuse(ArgumentError, f"{who}, ax", expected, len(all_axes))
        curves = Curves(all_axes[: len(panels)])
        for axes, name in zip(curves.axes, panels, strict=True):
            _draw_panel(axes, histories, name, curves, is_log if name == "loss" else None)
        _mark_best(histories, curves)
        curves.axes[-1].set_xlabel("epoch")
    return curves


def _metric_names(
    histories: Sequence[History], metrics: Sequence[str] | None, who: str
) -> list[str]:
    """Return the names of the metrics to draw, without the prefix of validation."""
    there = {name.removeprefix("val_"): name for history in histories for name in history.metrics}
    if metrics is None:
        return list(there)
    names = [metrics] if isinstance(metrics, str) else list(metrics)
    for name in names:
        one_of(name, there, f"{who}, metrics")
    return names


def _draw_panel(
    axes: Axes, histories: Sequence[History], name: str, curves: Curves, is_log: bool | None
) -> None:
    """Draw what was recorded by a name, on training and on validation data."""
    from matplotlib.ticker import MaxNLocator

    dress(axes)
    colour = ink_of(axes) if name == "lr" else BLUE
    drawn = _draw_lines(axes, histories, name, curves, "training", color=colour)
    look: dict[str, Any] = {"color": RED, "dashes": (4.0, 1.2)}
    drawn += _draw_lines(axes, histories, f"val_{name}", curves, "validation", **look)
    if len(histories) == 1 and histories[0].best_epoch is not None:
        axes.axvline(histories[0].best_epoch, color=GREY, linewidth=1, linestyle=":", zorder=1)
    axes.set_ylabel("learning rate" if name == "lr" else name.replace("_", " "))
    if drawn and min(drawn) > 0.0:
        ratio = max(drawn) / min(drawn)
        if is_log or (is_log is None and ratio >= _WIDE):
            scale_by_powers(axes, "y", ratio)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    if all(history.epochs == 1 for history in histories):
        axes.set_xlim(0.5, 1.5)


def _draw_lines(
    axes: Axes, histories: Sequence[History], name: str, curves: Curves, label: str, **look: Any
) -> list[float]:
    """Draw the finite values of the lists of one name, and return them."""
    drawn: list[float] = []
    for history in histories:
        if name not in history:
            continue
        pairs = zip(history.epoch, history[name], strict=True)
        points = [(epoch, value) for epoch, value in pairs if math.isfinite(value)]
        epochs, values = [epoch for epoch, _ in points], [value for _, value in points]
        look["marker"] = "o" if len(points) <= _FEW else ""
        (line,) = axes.plot(epochs, values, markersize=3.5, label=label, **look)
        line.set_linewidth(1.6 if len(histories) == 1 else 1.1)
        curves.lines.setdefault(name, []).append(line)
        label = f"_{label}"  # which keeps it out of the legend
        drawn += values
    return drawn


def _mark_best(histories: Sequence[History], curves: Curves) -> None:
    """Mark the best epochs with their losses, and say what the lines are."""
    axes = curves.axes[0]
    label = "best epoch of each"
    for history in histories:
        epoch = history.best_epoch
        if epoch is None:
            continue
        loss = history.val_loss[epoch - 1]
        if len(histories) == 1:
            label = f"best: {loss:.4g} after epoch {epoch}"
        look: dict[str, Any] = {"color": RED, "markeredgecolor": "white", "zorder": 3}
        curves.best += axes.plot(epoch, loss, "o", markersize=7, label=label, **look)
        label = f"_{label}"
    axes.legend()
