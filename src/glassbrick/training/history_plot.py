"""The plot of a history: losses, and metrics below them, over the epochs."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from glassbrick.checks import one_of, refuse
from glassbrick.errors import ArgumentError, ArgumentTypeError, MissingExtraError, NotReadyError
from glassbrick.training.history import History

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["draw"]

_TRAINING, _VALIDATION, _OTHER = "#4477aa", "#ee6677", "0.35"  # apart for colour-blind eyes too
_FEW = 25  # epochs, up to which each gets a dot
_WIDE = 10.0  # ratio of largest to smallest value, from which on the scale is logarithmic


def draw(history: History, ax: Any, metrics: Sequence[str] | None) -> Axes:
    """Draw `history`; see `History.plot`."""
    if not history.epochs:
        raise NotReadyError("History.plot: there is no epoch to draw yet. Call fit first.")
    try:
        import matplotlib  # noqa: F401
    except ImportError:
        raise MissingExtraError("History.plot", "matplotlib", "plot") from None
    names = _metric_names(history, metrics)
    if ax is None:
        all_axes = _new_axes(1 + len(names))
    else:
        all_axes = _as_axes(ax)
        if metrics is None:
            names = names[: len(all_axes) - 1]
    panels = ["loss", *names]
    if len(panels) > len(all_axes):
        expected = f"{len(panels)} axes, for the losses and each metric"
        refuse(ArgumentError, "History.plot, ax", expected, len(all_axes))
    for axes, name in zip(all_axes, panels, strict=False):
        _draw_panel(axes, history, name)
    _label(all_axes[0], history)
    all_axes[len(panels) - 1].set_xlabel("epoch")
    return all_axes[0]


def _metric_names(history: History, metrics: Sequence[str] | None) -> list[str]:
    """Return the names of the metrics to draw, without the prefix of validation."""
    there = {name.removeprefix("val_"): name for name in history.metrics}
    if metrics is None:
        return list(there)
    names = [metrics] if isinstance(metrics, str) else list(metrics)
    for name in names:
        one_of(name, there, "History.plot, metrics")
    return names


def _new_axes(count: int) -> list[Axes]:
    from matplotlib import pyplot

    _, axes = pyplot.subplots(
        count,
        sharex=True,
        squeeze=False,
        figsize=(7.0, 3.6 + 1.7 * (count - 1)),
        height_ratios=[2.0] + [1.0] * (count - 1),
        layout="constrained",
    )
    return list(axes[:, 0])


def _as_axes(ax: Any) -> list[Axes]:
    """Return what was given as `ax` as a list, be it one, several or an array of them."""
    from matplotlib.axes import Axes

    given = list(np.ravel(np.asarray(ax, dtype=object)))
    if not given or not all(isinstance(axes, Axes) for axes in given):
        refuse(ArgumentTypeError, "History.plot, ax", "matplotlib Axes", ax)
    return given


def _draw_panel(axes: Axes, history: History, name: str) -> None:
    """Draw what was recorded by a name, on training and on validation data."""
    from matplotlib.ticker import MaxNLocator

    colour = _OTHER if name == "lr" else _TRAINING
    drawn = _draw_line(axes, history, name, colour, "training")
    drawn += _draw_line(axes, history, f"val_{name}", _VALIDATION, "validation")
    if history.best_epoch is not None:
        axes.axvline(history.best_epoch, color="0.5", linewidth=1, linestyle=":", zorder=1)
    axes.set_ylabel("learning rate" if name == "lr" else name.replace("_", " "))
    if drawn and min(drawn) > 0.0 and max(drawn) >= _WIDE * min(drawn):
        _scale_by_powers(axes, max(drawn) / min(drawn))
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    if history.epochs == 1:
        axes.set_xlim(0.5, 1.5)
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(alpha=0.25)


def _draw_line(axes: Axes, history: History, name: str, colour: str, label: str) -> list[float]:
    """Draw the finite values of one list, and return them."""
    if name not in history:
        return []
    pairs = zip(history.epoch, history[name], strict=True)
    points = [(epoch, value) for epoch, value in pairs if math.isfinite(value)]
    marker = "o" if len(points) <= _FEW else ""
    epochs, values = [epoch for epoch, _ in points], [value for _, value in points]
    axes.plot(epochs, values, color=colour, marker=marker, markersize=3.5, label=label)
    return values


def _scale_by_powers(axes: Axes, ratio: float) -> None:
    """Make the scale logarithmic, with plain numbers at it unless they are many powers apart."""
    from matplotlib.ticker import LogLocator, NullLocator, StrMethodFormatter

    axes.set_yscale("log")
    if ratio < 1e4:
        axes.yaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0) if ratio < 100.0 else (1.0,)))
        axes.yaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
        axes.yaxis.set_minor_locator(NullLocator())


def _label(axes: Axes, history: History) -> None:
    """Mark the best epoch with its loss, and say what the lines are."""
    best = history.best_epoch
    if best is not None:
        loss = history.val_loss[best - 1]
        label = f"best: {loss:.4g} after epoch {best}"
        axes.plot(best, loss, "o", color=_VALIDATION, markersize=7, label=label, zorder=3)
    axes.legend(edgecolor="none")
