"""The plot of `glassbrick chapter`: validation curves, and predictions against actual values."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING

from glassbrick.cli.outputs import require_room
from glassbrick.drawing import GREY, MARKED, dress, require_matplotlib, styled
from glassbrick.errors import FileError
from glassbrick.files import write_whole

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from glassbrick.cli.chapter_models import Outcome

__all__ = ["draw", "figure_of", "prepare"]

_FORMATS = (".png", ".svg", ".pdf", ".jpg", ".webp")


def prepare(path: Path, force: bool) -> None:
    """Find out whether the plot can be drawn and written.

    Raises
    ------
    MissingExtraError
        If matplotlib is not installed.
    FileError
        If the file exists, its folder cannot be written to, or its ending is not known.
    """
    require_matplotlib("--plot")
    if path.suffix.lower() not in _FORMATS:
        ending = f"ends in {path.suffix!r}" if path.suffix else "has no ending"
        raise FileError(f"--plot: {path} {ending}; use one of {', '.join(_FORMATS)}.")
    require_room(path, "--plot", force)


def draw(outcomes: list[Outcome], path: Path) -> None:
    """Draw into a temporary file, and move that into place when it is whole."""
    _write(figure_of(outcomes), path)


def figure_of(outcomes: list[Outcome]) -> Figure:
    """Draw the validation losses on the left, and the test rows on the right."""
    from matplotlib.figure import Figure

    with styled("--plot"):
        figure = Figure(figsize=(11, 4.6), layout="constrained")
        curves, scatter = figure.subplots(1, 2)
        _draw_both(curves, scatter, outcomes)
    return figure


def _draw_both(curves: Axes, scatter: Axes, outcomes: list[Outcome]) -> None:
    for axes in (curves, scatter):
        dress(axes)
    for outcome, (colour, marker) in zip(outcomes, MARKED[:3], strict=True):
        _draw_curve(curves, outcome, colour, marker)
        scatter.scatter(
            outcome.actual,
            outcome.predicted,
            s=16,
            c=colour,
            marker=marker,
            alpha=0.7,
            linewidths=0,
        )
    curves.set(xlabel="epoch", ylabel="validation loss (1000 $)²", title="Learning", yscale="log")
    curves.set_yticks([15, 20, 30, 50, 100, 200], labels=["15", "20", "30", "50", "100", "200"])
    curves.minorticks_off()
    curves.legend()
    low, high = 0.0, 52.0
    scatter.axline((0, 0), slope=1, color=GREY, linewidth=1, zorder=0)
    scatter.set(
        xlim=(low, high),
        ylim=(low, high),
        aspect="equal",
        title="Test rows",
        xlabel="actual median value (1000 $)",
        ylabel="predicted (1000 $)",
    )


def _draw_curve(axes: Axes, outcome: Outcome, colour: str, marker: str) -> None:
    history = outcome.history
    evaluated = [epoch - 1 for epoch in history.evaluated]
    axes.plot(
        history.epoch,
        history.val_loss,
        color=colour,
        marker=marker,
        markevery=evaluated,
        markersize=5,
        label=f"{outcome.model.title}, {history.best_loss:.1f} at the end",
    )


def _write(figure: Figure, path: Path) -> None:
    data = io.BytesIO()
    figure.savefig(data, dpi=150, format=path.suffix[1:].lower())
    write_whole(path, data.getvalue(), "--plot", overwrite=True)
