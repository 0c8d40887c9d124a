"""Clipping: by how much to shorten gradients that are too long."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from glassbrick.arrays import Array, as_number
from glassbrick.optimizers.groups import parts

__all__ = ["shortening"]


def shortening(grads: Sequence[Array], longest: float) -> float:
    r"""Return the factor :math:`c / \max(\|g\|, c)`, with which no norm exceeds `longest`.

    Parameters
    ----------
    grads : sequence of ndarray
        Whose Euclidean norm is that of all their numbers together.
    longest : float
        The norm :math:`c` that is allowed.
    """
    total = np.float64(0.0)
    for grad in grads:
        total = total + _sum_of_squares(grad.ravel())
    return as_number(longest / np.maximum(np.sqrt(total), longest))


def _sum_of_squares(flat: Array) -> np.float64:
    """Add up in float64, which squares of float32 do not overflow."""
    total = np.float64(0.0)
    for (part,) in parts(flat):
        wide = part.astype(np.float64, copy=False)
        total = total + np.dot(wide, wide)
    return total
