"""What a cross-validation and a search found: means and standard errors, as a table and a plot."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from glassbrick.arrays import Array
from glassbrick.checks import one_of, positive_integer
from glassbrick.drawing import BLUE, GREY, axes_for, dress, short, styled, title
from glassbrick.sklearn.tabular.comparison import figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["CrossValidation", "Ranking"]

_WIDTH = 79  # of a terminal
_MOST_DRAWN = 20  # settings


class CrossValidation(dict[str, Any]):
    """What a cross-validation found: scores and times of each split, by scikit-learn's names.

    Examples
    --------
    >>> import numpy as np
    >>> from glassbrick.sklearn import CrossValidation
    >>> print(CrossValidation(test_score=np.array([0.75, 0.875, 0.8125])))
    3 splits        mean  std. error      lowest     highest
    test_score    0.8125     0.03608        0.75       0.875
    """

    @property
    def scores(self) -> list[str]:
        """The names of the scores."""
        return [name for name in self if name.startswith(("test_", "train_"))]

    @property
    def splits(self) -> int:
        """How many there are."""
        return len(self["test_score"] if "test_score" in self else self[self.scores[0]])

    def mean(self, name: str) -> float:
        """Return the mean of a score over the splits."""
        return float(np.mean(self[name]))

    def standard_error(self, name: str) -> float:
        """Return by how much that mean would scatter if splits had nothing in common.

        They share training rows, so that it is rather too small.
        """
        return float(_standard_errors(np.asarray(self[name], float)))

    def plot(self, score: str | None = None, ax: Axes | None = None) -> Axes:
        """Draw a score of each split; the mean is a line, and its standard error a band.

        Parameters
        ----------
        score : str, optional
            "test_score", for example; by default the first. What the same measure is on training
            rows stands beside it, if it is known.
        ax : matplotlib Axes, optional
            Where to draw; by default a new figure.

        Returns
        -------
        matplotlib Axes
            Where it was drawn.

        Raises
        ------
        MissingExtraError
            If matplotlib is not installed.
        ArgumentError, ArgumentTypeError
            If there is no such score, or `ax` is something else.
        """
        who = "CrossValidation.plot"
        names = {name: name for name in self.scores}
        chosen = self.scores[0] if score is None else one_of(score, names, f"{who}, score")
        with styled(who):
            axes = axes_for(ax, who, (5.6, 3.6))
            dress(axes)
            self._draw(axes, chosen)
        return axes

    def _draw(self, axes: Axes, chosen: str) -> None:
        numbers = np.arange(1, self.splits + 1)
        mean, error = self.mean(chosen), self.standard_error(chosen)
        axes.axhline(mean, color=BLUE)
        if np.isfinite(error):
            axes.axhspan(mean - error, mean + error, color=BLUE, alpha=0.15, linewidth=0.0)
        beside = chosen.replace("test_", "train_", 1)
        if beside != chosen and beside in self:
            axes.plot(numbers, self[beside], "s", color=GREY, label=beside)
        axes.plot(numbers, self[chosen], "o", color=BLUE, label=chosen)
        axes.set(xlabel="split", ylabel="score", xticks=numbers)
        axes.legend()
        title(axes, f"{chosen} {figure(mean)} ± {error:.2g}")

    def __str__(self) -> str:
        width = max(12, *(len(name) + 1 for name in self.scores))
        heads = ("mean", "std. error", "lowest", "highest")
        lines = [f"{f'{self.splits} splits':{width}}" + "".join(f"{head:>12}" for head in heads)]
        lines[0] = lines[0].replace(f"{heads[0]:>12}", f"{heads[0]:>8}", 1)
        for name in self.scores:
            values = self[name]
            found = (self.mean(name), self.standard_error(name), min(values), max(values))
            first, *others = (figure(value) for value in found)
            lines.append(f"{name:{width}}{first:>8}" + "".join(f"{cell:>12}" for cell in others))
        return "\n".join(lines)


class Ranking:
    """The settings that a search tried, the best first.

    Parameters
    ----------
    results : dict
        `cv_results_` of the search.
    score : str
        Which score ranks them, such as "r2".

    Attributes
    ----------
    settings : list of dict
        The best first; those that could not be fitted last.
    means, standard_errors : ndarray, shape (settings,)
        Of the scores over the splits.
    scores : ndarray, shape (settings, splits)
        All of them.
    """

    def __init__(self, results: Mapping[str, Any], score: str):
        order = np.argsort(results[f"rank_test_{score}"], kind="stable")
        splits = (name for name in results if name.startswith("split"))
        names = [name for name in splits if name.endswith(f"_test_{score}")]
        self.score = score
        self.settings: list[dict[str, Any]] = [results["params"][k] for k in order]
        self.scores: Array = np.column_stack([results[name] for name in names])[order]
        self.means: Array = results[f"mean_test_{score}"][order]
        self.standard_errors: Array = _standard_errors(self.scores)

    def table(self, most: int = 10) -> str:
        """Return the best settings as a table.

        Parameters
        ----------
        most : int, default 10
            How many.
        """
        shown = min(positive_integer(most, "Ranking.table, most"), len(self.settings))
        lines = [f"{'mean':>10} {'std. error':>11}  settings, over {self.scores.shape[1]} splits"]
        for k in range(shown):
            mean, error = figure(self.means[k]), figure(self.standard_errors[k])
            lines.append(f"{mean:>10} {error:>11}  {self._setting(k)}"[:_WIDTH])
        if shown < len(self.settings):
            lines.append(f"and {len(self.settings) - shown} more")
        return "\n".join(lines)

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the scores of the best settings: each split, the mean and its standard error.

        Parameters
        ----------
        ax : matplotlib Axes, optional
            Where to draw; by default a new figure.

        Returns
        -------
        matplotlib Axes
            Where it was drawn.

        Raises
        ------
        MissingExtraError
            If matplotlib is not installed.
        ArgumentTypeError
            If `ax` is something else.
        """
        who = "Ranking.plot"
        shown = np.flatnonzero(np.isfinite(self.means))[:_MOST_DRAWN]
        with styled(who):
            axes = axes_for(ax, who, (6.4, 1.4 + 0.3 * len(shown)))
            dress(axes)
            for place, k in enumerate(shown):
                scores = self.scores[k]
                axes.plot(scores, np.full(len(scores), place), "o", color=GREY, markersize=3.5)
            errors = np.nan_to_num(self.standard_errors[shown])
            style: dict[str, Any] = {"fmt": "o", "color": BLUE, "capsize": 3.0, "markersize": 5.5}
            axes.errorbar(self.means[shown], np.arange(len(shown)), xerr=errors, **style)
            axes.set_yticks(np.arange(len(shown)), [short(self._setting(k), 48) for k in shown])
            axes.invert_yaxis()
            axes.set_xlabel(f"test_{self.score}")
            title(axes, f"best {figure(self.means[0])} ± {self.standard_errors[0]:.2g}")
        return axes

    def _setting(self, k: int) -> str:
        """Return a setting as text; without names of steps, where it is clear whose it is."""
        names = list(self.settings[k])
        brief = [name.rpartition("__")[2] for name in names]
        shown = brief if len(set(brief)) == len(names) else names
        pairs = zip(shown, self.settings[k].values(), strict=True)
        return ", ".join(f"{name}={value!r}" for name, value in pairs)

    def __str__(self) -> str:
        return self.table()


def _standard_errors(scores: Array) -> Array:
    """Return those of means over the last axis; NaN of one value."""
    count = scores.shape[-1]
    if count < 2:
        return np.full(scores.shape[:-1], np.nan)
    with np.errstate(invalid="ignore"):
        return np.asarray(scores.std(axis=-1, ddof=1) / np.sqrt(count))
