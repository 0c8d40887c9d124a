"""How many outputs a network needs, and the form in which `predict` returns them."""

from __future__ import annotations

from glassbrick.arrays import Array
from glassbrick.checks import complaint, describe
from glassbrick.errors import ArgumentError, ShapeError
from glassbrick.losses import Loss

__all__ = ["as_column", "outputs_needed"]

_MOST_OUTPUTS_A_COLUMN = 100


def outputs_needed(loss: Loss, y: Array, who: str) -> int:
    """Find out how many outputs a loss needs for targets: one for each column, or several.

    Parameters
    ----------
    loss : Loss
        Which is asked.
    y : ndarray, shape (rows, columns)
        The targets.
    who : str
        Who asks, for errors.

    Raises
    ------
    ArgumentError
        If the loss is none of numbers.
    DataError
        If it cannot take these targets.
    """
    for times in range(1, _MOST_OUTPUTS_A_COLUMN + 1):
        outputs: int = times * y.shape[1]
        try:
            loss.require_targets(y, outputs)
        except ShapeError:
            continue
        return outputs
    expected = f"a loss of numbers, for {y.shape[1]} columns"
    raise ArgumentError(complaint(who, expected, describe(loss)))


def as_column(prediction: Array) -> Array:
    """Return one column as an array of one axis, and several as they are."""
    if prediction.shape[1] == 1:
        return prediction.ravel()
    return prediction
