"""Comparison: how good the networks are, next to what is simple."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from glassbrick.sklearn.tabular.baselines import Scores

__all__ = ["BaselineWarning", "Comparison"]


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
        The score that decides: "rmse" or "log_loss". Lower is better.
    """

    scores: dict[str, Scores]
    rows: int
    measure: str

    @property
    def best_baseline(self) -> str:
        """Which simple model is best."""
        others = [name for name in self.scores if name != "network"]
        return min(others, key=lambda name: self.scores[name][self.measure])

    @property
    def network_is_best(self) -> bool:
        """Whether the network is better than all simple models."""
        best = self.scores[self.best_baseline][self.measure]
        return self.scores["network"][self.measure] < best

    @property
    def verdict(self) -> str:
        """What follows, as a sentence."""
        name, title = self.best_baseline, self.measure.replace("_", " ").replace("rmse", "RMSE")
        other = "the linear model" if name == "linear" else f"the {name} of the training rows"
        network, simple = (self.scores[who][self.measure] for who in ("network", name))
        figures = f"{title} {network:.4g}, and {simple:.4g} of {other}"
        if self.network_is_best:
            return f"The network beats the simple models: {figures}."
        return (
            f"The network does not beat {other}: {figures}. Use that, or look for more rows, "
            "better columns or other settings."
        )

    def __str__(self) -> str:
        names = list(self.scores["network"])
        lines = ["".join([f"{'':12}", *(f"{name:>12}" for name in names)])]
        for who, scores in self.scores.items():
            lines.append("".join([f"{who:12}", *(f"{scores[name]:12.4g}" for name in names)]))
        return "\n".join([*lines, f"On {self.rows} rows not seen in training. {self.verdict}"])

    def to_json(self) -> dict[str, Any]:
        """Return the arguments that this was made of."""
        return {"scores": self.scores, "rows": self.rows, "measure": self.measure}
