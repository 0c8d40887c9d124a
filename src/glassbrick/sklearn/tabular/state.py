"""What an estimator for tables learned, as a file holds it, and looked at when it comes back."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import numpy as np

from glassbrick.arrays import Array
from glassbrick.checks import complaint
from glassbrick.errors import DataError
from glassbrick.network import NeuralNetwork
from glassbrick.sklearn.fitted import history_from, require
from glassbrick.sklearn.tabular.comparison import Comparison
from glassbrick.tables import Features, target_of
from glassbrick.tables.encoders import DateEncoder, Encoder, NumberEncoder

if TYPE_CHECKING:
    from glassbrick.sklearn.tabular.estimator import TabularEstimator

__all__ = ["errors_from", "require_outputs", "restore_state", "state_of"]


def state_of(estimator: TabularEstimator) -> dict[str, Any]:
    """Return what was learned besides parameters of networks, as JSON."""
    return {
        "columns": estimator.features_.to_json(),
        "targets": [{"task": target.task, **target.to_json()} for target in estimator.targets_],
        "histories": [asdict(history) for history in estimator.histories_],
        "comparison": asdict(estimator.comparison_),
    }


def restore_state(
    estimator: TabularEstimator, networks: Sequence[NeuralNetwork], told: Mapping[str, Any]
) -> None:
    """Give back to an estimator what `state_of` told, and its networks.

    Raises
    ------
    FileError, DataError, KeyError, TypeError, ValueError
        If parts are missing, or do not fit each other.
    """
    who = type(estimator).__name__
    features = Features.from_json(told["columns"], who)
    _require_columns(features, estimator)
    targets = tuple(target_of(one, who) for one in require(told["targets"], "targets", list))
    tasks = {target.task for target in targets}
    if tasks != {estimator.task}:
        raise DataError(complaint("targets", f"some for {estimator.task}", f"{tasks}"))
    histories = [history_from(one) for one in require(told["histories"], "histories", list)]
    if not networks or len(histories) != len(networks):
        received = f"{len(networks)} and {len(histories)}"
        raise DataError(complaint("networks and histories", "equally many", received))
    estimator.features_, estimator.targets_ = features, targets
    estimator.histories_, estimator.networks_ = histories, list(networks)
    estimator.comparison_ = _comparison_from(told["comparison"])


def require_outputs(estimator: TabularEstimator, outputs: int) -> None:
    """Refuse networks that take other features, or say something else."""
    features = estimator.features_
    trial = np.zeros((2, len(features.names)))
    trial[1, : len(features.categories)] = np.array(features.categories, float) - 1.0
    trial[1, len(features.categories) :] = 0.5  # which is the number of no category
    for net in estimator.networks_:
        said = net.loss.interpret(net.predict(trial)).shape
        if said != (2, outputs):
            raise DataError(complaint("networks", f"{outputs} outputs a row", f"{said[1:]}"))


def errors_from(errors: Array, outputs: int) -> Array:
    """Return sizes of errors, which have to be numbers in ascending order."""
    are_errors = errors.dtype == np.float64 and errors.ndim == 2 and errors.shape[1] == outputs
    if not are_errors or not np.isfinite(errors).all():
        raise DataError(complaint("errors", f"{outputs} columns of numbers", f"{errors.shape}"))
    if (errors < 0.0).any() or (np.diff(errors, axis=0) < 0.0).any():
        raise DataError(complaint("errors", "sizes in ascending order", "others"))
    return errors


def _require_columns(features: Features, estimator: TabularEstimator) -> None:
    """Refuse columns that are not those of the table, or make nothing that can be used."""
    numbered = [f"x{number}" for number in range(estimator.n_features_in_)]
    there = set(getattr(estimator, "feature_names_in_", numbered))
    names = [encoder.name for encoder in features.encoders]
    if not names or len(set(names)) != len(names) or not set(names) <= there:
        raise DataError(complaint("columns", "some of the table, once each", f"{names}"[:60]))
    for encoder in features.encoders:
        for number in _numbers_of(encoder):
            if not math.isfinite(number):
                raise DataError(complaint(f'column "{encoder.name}"', "finite numbers", "others"))


def _numbers_of(encoder: Encoder) -> list[float]:
    if isinstance(encoder, DateEncoder):
        encoder = encoder.days
    return [encoder.median, encoder.scale] if isinstance(encoder, NumberEncoder) else []


def _comparison_from(told: Mapping[str, Any]) -> Comparison:
    comparison = Comparison(**told)
    require(comparison.rows, "rows", int)
    measure = require(comparison.measure, "measure", str)
    scores = require(comparison.scores, "scores", dict)
    for who in ("network", "linear"):
        require(scores[who][measure], measure, int, float)
    for one in scores.values():
        for score in require(one, "scores", dict).values():
            require(score, "a score", int, float)
    str(comparison)  # which finds all that it tells
    return comparison
