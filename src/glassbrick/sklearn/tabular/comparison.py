"""Comparison: how good the networks are, next to what is simple."""

from __future__ import annotations

from dataclasses import dataclass

from glassbrick.sklearn.tabular.baselines import Scores

__all__ = ["BaselineWarning", "Comparison"]


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
        names = list(self.scores["network"])
        lines = ["".join([f"{'':12}", *(f"{name:>12}" for name in names)])]
        for who, scores in self.scores.items():
            lines.append("".join([f"{who:12}", *(f"{scores[name]:12.4g}" for name in names)]))
        return "\n".join([*lines, f"On {self.rows} rows not seen in training. {self.verdict}"])
