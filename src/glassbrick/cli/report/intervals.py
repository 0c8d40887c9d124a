"""How sure scores are: what they would be for other rows of the same kind."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from glassbrick.arrays import Array
from glassbrick.cli.trained import Trained
from glassbrick.tables import ClassTarget, as_kind

__all__ = ["Sureness", "sureness_of", "truth_of"]

_TIMES, _ENDS = 1000, (0.025, 0.975)
_MOST = 20_000_000  # rows that are drawn in all
_FEWEST = 20  # rows, of which something can be said
_LEAST = 1e-12  # that a probability is taken for, as in the scores


@dataclass(frozen=True)
class Sureness:
    """Between what scores lie with 95 %, as far as the choice of rows goes.

    Attributes
    ----------
    ends : dict of str to dict of str to tuple
        Lower and upper ends by model and score.
    ahead : dict of str to tuple
        By simple model, by how much the network is better: lower and upper end.
    """

    ends: dict[str, dict[str, tuple[float, float]]]
    ahead: dict[str, tuple[float, float]]


def sureness_of(trained: Trained) -> Sureness | None:
    """Draw rows again and again from those that were judged, and score the models on them.

    All models are scored on the same rows each time, so that differences between them are surer
    than either. None for fewer than 20 rows.

    Notes
    -----
    The percentile bootstrap; Efron and Tibshirani, An Introduction to the Bootstrap, 1993.
    """
    judged = trained.model.judged_
    rows = len(judged.rows)
    if rows < _FEWEST:
        return None
    truth = truth_of(trained)
    said = {"network": judged.said, **judged.simple}
    is_regression = trained.prepared.task == "regression"
    score = _number_scores if is_regression else _class_scores
    base = np.ones(rows) if judged.weights is None else np.asarray(judged.weights, float)
    random = np.random.default_rng(trained.plan.seed)
    times = int(np.clip(_MOST // rows, 50, _TIMES))
    with np.errstate(all="ignore"):
        counts = (
            np.bincount(random.integers(rows, size=rows), minlength=rows) for _ in range(times)
        )
        found = np.array([score(truth, list(said.values()), base * count) for count in counts])
    found = found[np.isfinite(found).all(axis=(1, 2))]
    if not len(found):
        return None
    names = ("r2", "rmse", "mae") if is_regression else ("accuracy", "log_loss")
    deciding = 0 if is_regression else 1
    sign = 1.0 if is_regression else -1.0
    ahead = sign * (found[:, :1, deciding] - found[:, 1:, deciding])
    return Sureness(
        {
            who: {name: _ends(found[:, place, n]) for n, name in enumerate(names)}
            for place, who in enumerate(said)
        },
        {who: _ends(ahead[:, place]) for place, who in enumerate(judged.simple)},
    )


def truth_of(trained: Trained) -> Array:
    """Return what is true of the rows that were judged: numbers, or numbers of classes."""
    prepared = trained.prepared
    column = prepared.training.column(prepared.target, "--report").at(trained.model.judged_.rows)
    if prepared.task == "regression":
        return as_kind(column, "number", "--report").values
    target: ClassTarget = trained.model.targets_[0]
    truth: Array = target.encode(as_kind(column, "category", "--report"), "--report")
    return truth[:, 0].astype(int)


def _number_scores(truth: Array, said: list[Array], weights: Array) -> list[list[float]]:
    total = weights.sum()
    spread = weights @ (truth - weights @ truth / total) ** 2
    scores = []
    for numbers in said:
        errors = truth - numbers[:, 0]
        squares = weights @ errors**2
        scores.append(
            [1.0 - squares / spread, np.sqrt(squares / total), weights @ np.abs(errors) / total]
        )
    return scores


def _class_scores(truth: Array, said: list[Array], weights: Array) -> list[list[float]]:
    total = weights.sum()
    scores = []
    for probabilities in said:
        right = probabilities.argmax(axis=1) == truth
        likely = np.clip(probabilities[np.arange(len(truth)), truth], _LEAST, 1.0)
        scores.append([weights @ right / total, -(weights @ np.log(likely)) / total])
    return scores


def _ends(values: Array) -> tuple[float, float]:
    low, high = np.quantile(values, _ENDS).tolist()
    return low, high
