"""The plot of a population: all networks, and the means of their settings."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from glassbrick.drawing import (
    BLUE,
    SOFT,
    axes_for,
    dress,
    faded,
    ink_of,
    plain,
    scale_by_powers,
    short,
    styled,
    title,
)
from glassbrick.population.group import PopulationGroup
from glassbrick.population.result import PopulationResult
from glassbrick.population.table import shown

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["draw"]

_WHO = "PopulationResult.plot"
_WIDE = 10.0  # ratio of largest to smallest number, from which on a scale is logarithmic
_FEW = 8  # numbers of a setting, which then are all on the axis
_MOST = 24  # settings that have room


def draw(result: PopulationResult, ax: Any) -> Axes:
    """Draw into axes, or into a new figure; see `PopulationResult.plot`."""
    with styled(_WHO):
        numbers = _numbers(result)
        if numbers is None:
            return _by_name(result, ax)
        return _over_numbers(result, numbers, ax)


def _numbers(result: PopulationResult) -> list[float] | None:
    """Return the values of the only setting, if they are numbers, and not just two."""
    if len(result.settings) != 1 or len(result.groups) < 3:
        return None
    values = [group.settings.get(result.settings[0]) for group in result.groups]
    if all(isinstance(v, int | float | np.number) and not isinstance(v, bool) for v in values):
        return [float(v) for v in values if v is not None]
    return None


def _over_numbers(result: PopulationResult, numbers: list[float], given: Any) -> Axes:
    """Draw scores over the numbers of a setting."""
    ax = axes_for(given, _WHO, (6.4, 4.0))
    dress(ax)
    order = np.argsort(numbers)
    groups = [result.groups[place] for place in order]
    places = [numbers[place] for place in order]
    for place, group in zip(places, groups, strict=True):
        _draw_dots(ax, result, [place] * len(group.found), group.found)
        if not len(group.found):
            how: dict[str, Any] = {"rotation": 90, "ha": "center", "va": "bottom", "color": SOFT}
            ax.text(place, 0.03, _lost(group), transform=ax.get_xaxis_transform(), **how)
    _draw_means(ax, places, [g.mean for g in groups], [g.standard_error for g in groups], "-")
    if places[0] > 0.0 and places[-1] / places[0] >= _WIDE:
        scale_by_powers(ax, "x", places[-1] / places[0])
    if len(places) <= _FEW:
        ax.set_xticks(places, [shown(place) for place in places])
        ax.minorticks_off()
    _scale(ax, result, "y")
    ax.set(xlabel=plain(result.settings[0]), ylabel=result.compared.replace("_", " "))
    _finish(ax, result)
    return ax


def _by_name(result: PopulationResult, given: Any) -> Axes:
    """Draw a line for each combination of settings."""
    groups = result.groups[:_MOST]
    ax = axes_for(given, _WHO, (6.4, 1.5 + 0.36 * len(groups)))
    dress(ax)
    ax.grid(visible=False, axis="y")
    wobble = np.random.default_rng(0)
    for place, group in enumerate(groups):
        heights = place + wobble.uniform(-0.16, 0.16, len(group.found))
        _draw_dots(ax, result, group.found, heights)
        if not len(group.found):
            how: dict[str, Any] = {"va": "center", "color": SOFT}
            ax.text(0.02, place, _lost(group), transform=ax.get_yaxis_transform(), **how)
    means, errors = [g.mean for g in groups], [g.standard_error for g in groups]
    _draw_means(ax, means, list(range(len(groups))), errors, "", across=True)
    names = [
        ", ".join(f"{name} {shown(value)}" for name, value in group.settings.items())
        for group in groups
    ]
    ax.set_yticks(range(len(groups)), [short(name, 40) for name in names])
    ax.set_ylim(len(groups) - 0.5, -0.5)
    _scale(ax, result, "x")
    ax.set_xlabel(result.compared.replace("_", " "))
    _finish(ax, result)
    return ax


def _draw_dots(ax: Axes, result: PopulationResult, x: Any, y: Any) -> None:
    """Draw networks, fainter the more there are."""
    look: dict[str, Any] = {"color": BLUE, "alpha": faded(len(result.members)), "zorder": 2}
    ax.plot(x, y, "o", markersize=4, markeredgewidth=0, **look)


def _lost(group: PopulationGroup) -> str:
    return f"all {len(group.members)} diverged"


def _draw_means(
    ax: Axes, x: list[float], y: Any, errors: list[float], line: str, *, across: bool = False
) -> None:
    """Draw means, and how far they may be off."""
    bars = [0.0 if math.isnan(error) else error for error in errors]
    ink = ink_of(ax)
    ax.errorbar(
        x,
        y,
        xerr=bars if across else None,
        yerr=None if across else bars,
        fmt=f"D{line}",
        color=ink,
        markersize=5,
        linewidth=1.2,
        elinewidth=1.6,
        capsize=4,
        zorder=3,
        label="mean ± standard error",
    )
    ax.plot([], [], "o", color=BLUE, markersize=4, label="one network")


def _scale(ax: Axes, result: PopulationResult, which: str) -> None:
    scores = np.concatenate([group.scores for group in result.groups])
    found = scores[np.isfinite(scores)]
    if len(found) and found.min() > 0.0 and found.max() / found.min() >= _WIDE:
        scale_by_powers(ax, which, found.max() / found.min())


def _finish(ax: Axes, result: PopulationResult) -> None:
    diverged = sum(group.diverged for group in result.groups)
    figures = [f"{len(result.members):,} networks", f"{diverged} diverged" if diverged else ""]
    title(ax, *figures)
    ax.legend(loc="best")
