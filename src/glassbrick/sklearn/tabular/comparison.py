"""Comparison: how good the networks are, next to what is simple."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass

from glassbrick.sklearn.tabular.baselines import Scores

__all__ = ["BaselineWarning", "Comparison", "figure", "lines_of_scores"]


_NOTHING = 1e-12  # as a score
_WIDTH = 79  # of a terminal
_TITLES = {"r2": "R²", "log_loss": "log loss"}


class BaselineWarning(UserWarning):
    """A simple model predicts as well as the network."""


@dataclass(frozen=True)
class Comparison:
    """Scores on rows that the models have not seen, of the networks and of simple models.

    The networks of an ensemble leave out other rows each. A row is predicted by the one that
    has not seen it; all of them together, as in `predict`, tend to be better.

    Attributes
    ----------
    scores : dict of str to dict
        Of the "network", the "linear" model, and what is most simple, the "mean" or the
        "majority", by the names of the scores.
    rows : int
        On how many rows.
    measure : str
        The score that decides: "r2", or "log_loss", of which lower is better.
    """

    scores: dict[str, Scores]
    rows: int
    measure: str

    @property
    def best_baseline(self) -> str:
        """Which simple model is best."""
        others = [name for name in self.scores if name != "network"]
        return max(others, key=self._merit)

    @property
    def network_is_best(self) -> bool:
        """Whether the network is better than all simple models."""
        return self._merit("network") > self._merit(self.best_baseline)

    @property
    def verdict(self) -> str:
        """What follows, as a sentence."""
        name, title = self.best_baseline, _TITLES[self.measure]
        other = "the linear model" if name == "linear" else f"the {name} of the training rows"
        network, simple = (self.scores[who][self.measure] for who in ("network", name))
        figures = f"{title} {network:.4g}, and {simple:.4g} of {other}"
        if self.network_is_best:
            return f"The network beats the simple models: {figures}."
        return (
            f"The network does not beat {other}: {figures}. Use that, or look for more rows, "
            "better columns or other settings."
        )

    def _merit(self, who: str) -> float:
        score = self.scores[who][self.measure]
        return score if self.measure == "r2" else -score

    def __str__(self) -> str:
        told = f"On {self.rows} rows not seen in training. {self.verdict}"
        return "\n".join([*lines_of_scores(self.scores), *textwrap.wrap(told, _WIDTH)])


def lines_of_scores(scores: dict[str, dict[str, float]]) -> list[str]:
    """Return a table, a line for each model, as text."""
    names = list(dict.fromkeys(name for found in scores.values() for name in found))
    width = max(12, *(len(who) + 1 for who in scores))
    titles = "".join(f"{_TITLES.get(name, name):>12}" for name in names)
    lines = [" " * width + titles]
    for who, found in scores.items():
        cells = (figure(found[name]) if name in found else "" for name in names)
        lines.append(f"{who:{width}}" + "".join(f"{cell:>12}" for cell in cells).rstrip())
    return lines


def figure(value: float) -> str:
    """Write a score in four digits; what only rounding keeps from 0 is 0."""
    return f"{0.0 if abs(value) < _NOTHING else value:.4g}"
